"""Imperfection files that can't be read are refused with one error."""

import os
import random
from contextlib import suppress
from pathlib import Path

import pytest

from tcl_circuits.errors import InputError
from tcl_circuits.surveys.imperfections import Imperfections


def test_deep_nesting_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "deep.toml"
    path.write_text("a = " + "[" * 2000 + "]" * 2000)
    with pytest.raises(InputError, match="nested too deeply"):
        Imperfections.read(path)


def test_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "pipe.toml"
    os.mkfifo(path)
    with pytest.raises(InputError, match="is a pipe"):
        Imperfections.read(path)


@pytest.mark.parametrize("name", ["leak", "levels", "conductance_spread", "memory_bits"])
@pytest.mark.parametrize("number", ["9" * 400, "0x" + "F" * 9000])
def test_numbers_beyond_floats_are_refused(tmp_path: Path, name: str, number: str) -> None:
    path = tmp_path / "large.toml"
    path.write_text(f"{name} = {number}")
    with pytest.raises(InputError, match=f"{name} = .*must be") as caught:
        Imperfections.read(path)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("seed", range(5))
def test_any_file_is_read_or_refused(tmp_path: Path, seed: int) -> None:
    rng, path = random.Random(seed), tmp_path / "parts.toml"
    values = (
        "1e400",
        "-1",
        "nan",
        "true",
        '"x"',
        "[1]",
        "{a=1}",
        "1979-05-27",
        "0x1F",
        "0.5",
        "[[[",
        "'''",
        "",
    )
    whole = Imperfections.real().toml().splitlines()
    for _ in range(60):
        lines = list(whole)
        for place in rng.choices(range(len(lines)), k=rng.randrange(4)):
            name = lines[place].split("=")[0]
            lines[place] = f"{rng.choice(('', '[a]', 'a.b=1', name))} = {rng.choice(values)}"
        found = bytearray("\n".join(lines).encode())
        for _ in range(rng.randrange(3)):
            found[rng.randrange(len(found))] = rng.randrange(256)
        path.write_bytes(found)
        with suppress(InputError):
            assert Imperfections.read(path).levels >= 0
