"""Checkpoints come back to the last bit, or are refused in one line; nothing in them is executed."""

from __future__ import annotations

import io
import json
import os
import pickle
import random
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from tcl_circuits.training.checkpoint import Checkpoint, State, advance

from tcl_circuits.errors import InputError

SETTINGS = {"task": "iris", "seed": 1, "rule": "tcl", "gain": 0.1 + 0.2, "chirp": True}


def made() -> State:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(3, 6))
    rows[:, 2] = np.nan
    return State(
        conductance=rng.uniform(1e-6, 1e-4, 60),
        rows=rows,
        first_update=rng.normal(size=60),
        first_gradient=rng.normal(size=60),
        epoch=2,
        batch=7,
        cycles=1234,
        circuit_time=0.1 + 0.2,
        energy=1e-300,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A good checkpoint."""
    path = tmp_path / "checkpoint.npz"
    Checkpoint(made(), SETTINGS).save(path)
    return path


def content(**changes: Any) -> bytes:
    """An npz as `save` writes it, with some arrays replaced or, if None, left out."""
    state = made()
    arrays: dict[str, Any] = {
        "conductance": state.conductance,
        "rows": state.rows,
        "first_update": state.first_update,
        "first_gradient": state.first_gradient,
        "place": np.array([1, 2, 7, 1234]),
        "sums": np.array([0.3, 1e-300]),
        "settings": np.array(json.dumps(SETTINGS)),
    }
    stream = io.BytesIO()
    np.savez(stream, **{name: value for name, value in (arrays | changes).items() if value is not None})
    return stream.getvalue()


def array_file(array: object) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.asarray(array), allow_pickle=True)
    return stream.getvalue()


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        Checkpoint.load(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    assert "start" in message
    return message


class Trap:
    """What a pickle would execute."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("pwned",)


def same(one: State, other: State) -> None:
    for item in fields(State):
        a, b = getattr(one, item.name), getattr(other, item.name)
        assert_array_equal(a, b)
        assert np.asarray(a).tobytes() == np.asarray(b).tobytes()


def test_everything_returns_to_the_last_bit(path: Path) -> None:
    back = Checkpoint.load(path)
    same(back.state, made())
    assert back.settings == SETTINGS
    back.require(SETTINGS, path)


def test_a_file_is_replaced_whole(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: Any, **arrays: Any) -> None:
        arguments[0].write(b"half of a")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(OSError, match="No space"):
        Checkpoint(advance(made(), epoch=3), SETTINGS).save(path)
    monkeypatch.undo()
    same(Checkpoint.load(path).state, made())
    Checkpoint(made(), SETTINGS).save(path)
    assert [found.name for found in path.parent.iterdir()] == ["checkpoint.npz"]


def test_a_missing_file(tmp_path: Path) -> None:
    assert "there is no checkpoint" in refusal(tmp_path / "checkpoint.npz")


def test_a_directory(tmp_path: Path) -> None:
    assert "can't be read" in refusal(tmp_path)


def test_a_truncated_file(path: Path) -> None:
    whole = path.read_bytes()
    for size in range(0, len(whole), 23):
        path.write_bytes(whole[:size])
        refusal(path)


def test_a_damaged_file_is_refused_or_does_no_harm(path: Path) -> None:
    whole = path.read_bytes()
    rng = random.Random(0)
    for place in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        with suppress(InputError):
            back = Checkpoint.load(path)
            same(back.state, made())
            assert back.settings == SETTINGS


def test_noise(path: Path) -> None:
    rng = random.Random(1)
    for _ in range(100):
        path.write_bytes(rng.randbytes(rng.randrange(1, 300)))
        refusal(path)


@pytest.mark.parametrize(
    "data",
    [
        pickle.dumps({"conductance": Trap()}),
        array_file(np.array([Trap()], dtype=object)),
        content(conductance=np.array([Trap()], dtype=object)),
        content(settings=np.array(Trap(), dtype=object)),
    ],
    ids=["pickle", "npy of objects", "npz with objects", "settings as an object"],
)
def test_nothing_pickled_is_loaded(path: Path, data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    path.write_bytes(data)
    refusal(path)
    assert not (path.parent / "pwned").exists()


@pytest.mark.parametrize(
    "data",
    [
        array_file(np.ones(3)),
        *(content(**{name: None}) for name in ("conductance", "rows", "place", "sums", "settings")),
        content(conductance=np.full(60, np.nan)),
        content(conductance=-np.ones(60)),
        content(conductance=np.ones((60, 1))),
        content(conductance=np.array(["much"] * 60)),
        content(first_update=np.ones(59)),
        content(rows=np.ones((2, 6))),
        content(rows=np.ones(3)),
        content(place=np.array(3)),
        content(place=np.array([1, -2, 0, 0])),
        content(place=np.array([1, 2, -1, 0])),
        content(sums=np.array(1.0)),
        content(settings=np.array("[1]")),
        content(settings=np.array("{")),
    ],
)
def test_what_is_no_checkpoint(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    assert "can't be read as a checkpoint" in refusal(path)


def test_a_newer_version(path: Path) -> None:
    path.write_bytes(content(place=np.array([99, 2, 7, 1234])))
    with pytest.raises(InputError, match="is of version 99; this package reads 1"):
        Checkpoint.load(path)


class TestSettings:
    def test_every_difference_is_named(self, path: Path) -> None:
        other = {**SETTINGS, "seed": 2, "rule": "contrast", "batch": 4}
        with pytest.raises(InputError) as caught:
            Checkpoint.load(path).require(other, path)
        message = str(caught.value)
        for part in ("seed was 1, is 2", "rule was 'tcl', is 'contrast'", "batch was None, is 4"):
            assert part in message
        assert "task" not in message

    def test_rounding_of_another_machine_is_no_difference(self, path: Path) -> None:
        saved = Checkpoint.load(path)
        saved.require({**SETTINGS, "gain": np.nextafter(0.3, 1)}, path)
        with pytest.raises(InputError, match=r"gain was 0\.3"):
            saved.require({**SETTINGS, "gain": 0.3001}, path)


def test_cosine() -> None:
    state = made()
    assert advance(state, first_gradient=3 * state.first_update).cosine == pytest.approx(1)
    assert advance(state, first_update=np.zeros(60)).cosine is None
