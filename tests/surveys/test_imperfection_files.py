"""Imperfection files that can't be read are refused with one error."""

import os
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
