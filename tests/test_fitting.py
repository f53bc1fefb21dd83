"""Checkpoints come back to the last bit, or are refused in one line; nothing in them is executed."""

from __future__ import annotations

import io
import os
import pickle
import random
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from tcl_circuits import Sawtooth, SenseCell
from tcl_circuits import Trainer as NetworkTrainer
from tcl_circuits.engines import Reference
from tcl_circuits.ep import Network
from tcl_circuits.ep import Trainer as EpTrainer
from tcl_circuits.ep.course import Course as EpCourse
from tcl_circuits.ep.data import digits_8x8
from tcl_circuits.errors import InputError, TclError
from tcl_circuits.fitting import Checkpoint, write_arrays
from tcl_circuits.layered.course import Course as LayeredCourse
from tcl_circuits.layered.trainer import Trainer as LayeredTrainer
from tcl_circuits.training.course import Course as NetworkCourse
from tcl_circuits.training.tasks import load

EPOCHS = 2


class Kind(NamedTuple):
    """A trainer: the kind of its courses, and how it fits with a checkpoint."""

    course: type[Any]
    fit: Callable[..., Any]


def fit_network(path: Path, progress: Any = None, resume: bool = False) -> Any:
    task = load("regression", seed=1)
    trainer = NetworkTrainer(task.network, SenseCell(), Sawtooth(1e-5, 1e-3), Reference(), seed=1)
    return trainer.fit(task, EPOCHS, checkpoint=path, resume=resume, progress=progress)


def fit_layered(path: Path, progress: Any = None, resume: bool = False) -> Any:
    data = digits_8x8().first(60, 20)
    return LayeredTrainer(data, 4, compiled=False).fit(EPOCHS, path, resume, progress)


def fit_ep(path: Path, progress: Any = None, resume: bool = False) -> Any:
    data = digits_8x8().first(60, 20)
    trainer = EpTrainer(Network.create((64, 8, 10)), settings="digits", compiled=False)
    return trainer.fit(data, EPOCHS, path, resume, progress)


KINDS = {
    "train": Kind(NetworkCourse, fit_network),
    "layered": Kind(LayeredCourse, fit_layered),
    "ep": Kind(EpCourse, fit_ep),
}


@pytest.fixture(params=KINDS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@cache
def saved(name: str) -> bytes:
    """A checkpoint in the middle of the second epoch."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "c.npz"

        def stop(at: Any) -> None:
            if at.epoch > 1:
                raise MemoryError

        with pytest.raises(MemoryError):
            KINDS[name].fit(path, stop)
        return path.read_bytes()


def arrays_of(name: str) -> dict[str, Any]:
    """What that checkpoint holds, without its hash."""
    with np.load(io.BytesIO(saved(name))) as file:
        return {key: file[key] for key in file.files if key != "sha256"}


def sealed(arrays: dict[str, Any]) -> bytes:
    """A file of these arrays with the right hash."""
    stream = io.BytesIO()
    write_arrays(stream, arrays)
    return stream.getvalue()


@pytest.fixture
def path(tmp_path: Path, name: str) -> Path:
    """A good checkpoint."""
    path = tmp_path / "checkpoint.npz"
    path.write_bytes(saved(name))
    return path


def refusal(name: str, path: Path) -> str:
    """What a resumed run says before anything runs."""

    def ran(_: Any) -> None:
        raise AssertionError("it was taken")

    with pytest.raises(InputError) as caught:
        KINDS[name].fit(path, ran, resume=True)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    assert "start" in message
    return message


def test_what_was_reached_is_on_the_disk_whatever_ends_the_run(name: str, tmp_path: Path) -> None:
    path = tmp_path / "c.npz"
    path.write_bytes(saved(name))
    course = Checkpoint.load(path, KINDS[name].course).course
    assert (course.epoch, course.batch) == (1, 1)


def test_everything_returns_to_the_last_bit(name: str, path: Path, tmp_path: Path) -> None:
    back = Checkpoint.load(path, KINDS[name].course)
    back.save(tmp_path / "again.npz")
    with np.load(path) as one, np.load(tmp_path / "again.npz") as other:
        assert one.files == other.files
        for key in one.files:
            assert one[key].tobytes() == other[key].tobytes()
    assert sorted(found.name for found in tmp_path.iterdir()) == ["again.npz", "checkpoint.npz"]


def test_a_resumed_run_is_the_whole_run(name: str, path: Path, tmp_path: Path) -> None:
    KINDS[name].fit(path, resume=True)
    KINDS[name].fit(tmp_path / "whole.npz")
    with np.load(path) as one, np.load(tmp_path / "whole.npz") as other:
        for key in set(one.files) - {"cpu", "rows", "sha256"}:
            assert one[key].tobytes() == other[key].tobytes(), key
        columns = 3 if name == "ep" else None  # the last one of ep is CPU time
        assert one["rows"][:, :columns].tobytes() == other["rows"][:, :columns].tobytes()


def test_a_disk_that_fills_keeps_the_checkpoint_of_before(
    name: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved_before = Checkpoint.load(path, KINDS[name].course)

    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tcl_circuits.files.os.fsync", fail)
    with pytest.raises(OSError, match="No space"):
        saved_before.save(path)
    assert path.read_bytes() == saved(name)
    assert [found.name for found in path.parent.iterdir()] == ["checkpoint.npz"]


FAULTS: dict[str, dict[str, Callable[[Any], Any]]] = {
    "any": {
        "place": lambda place: place * 0 + [1, 10**9],
        "place of no batch left": lambda place: place * 0 + [1, 20],
        "place before the start": lambda place: place * 0 + [-1, 0],
        "place as numbers": lambda place: place.astype(float),
        "place of three": lambda place: np.append(place, 0),
        "place in an epoch without a row": lambda place: np.add(place, [1, 0]),
        "rows of three columns": lambda rows: rows[:, :3],
        "rows of twelve columns": lambda rows: np.hstack([rows, rows]),
        "rows of NaN": lambda rows: rows * np.nan,
        "rows below 0": lambda rows: rows - 5,
        "rows of infinity": lambda rows: rows + np.inf,
        "rows of other epochs": lambda rows: rows + np.eye(1, rows.shape[1]),
        "rows missing": lambda rows: None,
        "settings as a list": lambda _: np.array("[1]"),
        "settings cut": lambda _: np.array("{"),
        "settings nested": lambda _: np.array("[" * 100_000),
        "settings of nothing": lambda _: np.array("{}"),
        "version": lambda _: np.array(99),
    },
    "train": {
        "cycles": lambda cycles: cycles * 0 - 7,
        "energy": lambda energy: energy * np.nan,
        "circuit_time": lambda time: -time,
        "conductance": lambda g: g * np.nan,
        "conductance below 0": lambda g: -g,
        "conductance as a column": lambda g: g[:, None],
        "conductance as words": lambda g: np.array(["much"] * g.size),
        "conductance as complex numbers": lambda g: g * 1j,
        "first_update": lambda u: u[1:],
        "first_gradient": lambda u: u * np.inf,
    },
    "layered": {
        "conductance_0": lambda g: g * np.nan,
        "conductance_1 too large": lambda g: g + 1,
        "conductance_2 missing": lambda _: None,
        "conductance_0 of another precision": lambda g: g.astype(np.float16),
        "amplitudes": lambda a: -a,
        "amplitudes of three layers": lambda a: np.hstack([a, a[:, :1]]),
        "squares": lambda s: s * np.nan,
        "agreement": lambda a: a * np.inf,
        "first": lambda f: f * np.nan,
        "sums": lambda s: s + 1e9,
        "sums of NaN": lambda s: s * np.nan,
        "cycles": lambda cycles: cycles * 0 - 7,
    },
    "ep": {
        "particles_0": lambda x: x * np.nan,
        "particles_1 too large": lambda x: x + 1e9,
        "particles_0 of fewer images": lambda x: x[1:],
        "tested_0": lambda x: x - 5,
        "weights_0": lambda w: w * np.inf,
        "weights_1 turned": lambda w: w.T,
        "biases_0": lambda b: b[1:],
        "wrong": lambda n: n * 0 - 5,
        "wrong of 1e9": lambda n: n * 0 + 10**9,
        "cpu": lambda c: c * np.nan,
    },
}


@pytest.mark.parametrize(
    ("kind", "fault"), [(kind, f) for kind in KINDS for f in FAULTS["any"] | FAULTS[kind]]
)
def test_numbers_that_no_run_reaches_are_refused_even_with_the_right_hash(
    kind: str, fault: str, tmp_path: Path
) -> None:
    arrays, path = arrays_of(kind), tmp_path / "c.npz"
    array = fault.split()[0]
    found = (FAULTS["any"] | FAULTS[kind])[fault](arrays.pop(array))
    path.write_bytes(sealed(arrays if found is None else {**arrays, array: found}))
    assert fault == "version" or "can't be read as a checkpoint" in refusal(kind, path)


def test_a_file_that_was_edited_is_refused_by_its_hash(name: str, path: Path) -> None:
    arrays = arrays_of(name)
    with np.load(io.BytesIO(saved(name))) as file:
        digest = file["sha256"]
    rows = arrays["rows"].copy()
    rows[0, 1] *= 0.5
    with path.open("wb") as file:
        np.savez(file, **{**arrays, "rows": rows, "sha256": digest})
    assert "its hash is another" in refusal(name, path)
    with path.open("wb") as file:
        np.savez_compressed(file, **{**arrays, "sha256": digest})
    assert "compressed" in refusal(name, path)


def test_an_older_version_is_named(name: str, path: Path) -> None:
    arrays = arrays_of(name)
    del arrays["version"]
    with path.open("wb") as file:
        np.savez(file, **arrays)
    assert "is of version 1; this package reads 2" in refusal(name, path)


def test_a_newer_version_is_named(name: str, path: Path) -> None:
    path.write_bytes(sealed({**arrays_of(name), "version": np.array(99)}))
    assert "is of version 99; this package reads 2" in refusal(name, path)


def test_what_is_no_file(name: str, tmp_path: Path) -> None:
    assert "there is no checkpoint" in refusal(name, tmp_path / "nothing.npz")
    assert "is a directory" in refusal(name, tmp_path)
    os.mkfifo(tmp_path / "pipe")
    assert "is a pipe" in refusal(name, tmp_path / "pipe")


class Trap:
    """What a pickle would execute."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("pwned",)


def test_nothing_pickled_is_loaded(name: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    trap, stream = np.array([Trap()], dtype=object), io.BytesIO()
    np.save(stream, trap, allow_pickle=True)
    archive = io.BytesIO()
    np.savez(archive, **{**arrays_of(name), "rows": trap})
    for data in (pickle.dumps({"rows": Trap()}), stream.getvalue(), archive.getvalue()):
        path.write_bytes(data)
        refusal(name, path)
        assert not (path.parent / "pwned").exists()


def spoiled(name: str, rng: random.Random) -> bytes:
    """The checkpoint with bytes changed, cut or added, or an array changed under the right hash."""
    whole = bytearray(saved(name))
    how = rng.randrange(5)
    if how == 0:
        return bytes(whole[: rng.randrange(len(whole))])
    if how == 1:
        for _ in range(rng.choice([1, 10, 100])):
            whole[rng.randrange(len(whole))] = rng.randrange(256)
        return bytes(whole)
    if how == 2:
        place = rng.randrange(len(whole))
        return bytes(whole[:place]) + rng.randbytes(rng.randrange(1, 300)) + bytes(whole[place:])
    if how == 3:
        return rng.randbytes(rng.randrange(1, 300))
    arrays = arrays_of(name)
    key = rng.choice(sorted(arrays))
    array = arrays[key]
    if array.dtype.kind == "U":
        text = list(str(array))
        text[rng.randrange(len(text))] = chr(rng.randrange(32, 127))
        arrays[key] = np.array("".join(text))
    elif rng.random() < 0.5 and array.size:
        changed = array.copy().reshape(-1)
        value = rng.choice([0, -1, 1, 10**9, -(2**31), np.nan, np.inf, 1e300, 5e-324])
        with suppress(ValueError, OverflowError), np.errstate(all="ignore"):
            changed[rng.randrange(changed.size)] = value
        arrays[key] = changed.reshape(array.shape)
    else:
        wrong = [
            array[None],
            array.reshape(-1)[:-1],
            array.astype(">f8"),
            array.astype(bool),
            array.astype("U"),
        ]
        arrays[key] = rng.choice(wrong)
    return sealed(arrays)


@pytest.mark.parametrize("cases", [40, pytest.param(1000, marks=pytest.mark.slow)])
def test_fuzzed_checkpoints_are_refused_or_do_no_harm(name: str, path: Path, cases: int) -> None:
    """No error but one of this package, from loading to the end of the run."""
    rng = random.Random(0)
    for _ in range(cases):
        path.write_bytes(spoiled(name, rng))
        with suppress(TclError), np.errstate(all="ignore"):
            KINDS[name].fit(path, resume=True)


def test_settings_of_another_machine_are_the_same_up_to_rounding(name: str, path: Path) -> None:
    kept = Checkpoint.load(path, KINDS[name].course)
    number = next(key for key, value in kept.settings.items() if isinstance(value, float) and value)
    kept.require({**kept.settings, number: np.nextafter(kept.settings[number], 1).item()}, path)
    with pytest.raises(InputError, match=f"{number} was"):
        kept.require({**kept.settings, number: kept.settings[number] * 1.01}, path)
    with pytest.raises(InputError) as caught:
        kept.require({**kept.settings, "seed": 77, "rule": "none", "new": 1}, path)
    for part in ("seed was", "is 77", "rule was", "new was None, is 1"):
        assert part in str(caught.value)


def test_an_array_that_stands_twice_does_not_slip_past_the_hash(name: str, path: Path) -> None:
    stream = io.BytesIO()
    np.save(stream, np.zeros((2, 2)))
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("rows.npy", stream.getvalue())
    refusal(name, path)


def test_cosine() -> None:
    one = np.array([1.0, 2.0])
    course = NetworkCourse(one, np.zeros((1, 6)), one, 3 * one)
    assert course.cosine == pytest.approx(1)
    assert NetworkCourse(one, np.zeros((1, 6)), 0 * one, one).cosine is None
