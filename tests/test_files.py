"""One way to read a file whole: bad ones are refused at once, with the remedy."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tcl_circuits.errors import InputError
from tcl_circuits.files import parse_json, read_bytes, read_json, read_text

REMEDY = "give another file"


def test_what_is_no_regular_file_is_refused_without_reading_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, fault in (
        (tmp_path / "pipe", "is a pipe or a device"),
        (Path("/dev/zero"), "is a pipe or a device"),
        (tmp_path, "is a directory"),
        (tmp_path / "nothing", "does not exist"),
        (Path("nul\0name"), ""),
        (tmp_path / ("n" * 300), ""),
    ):
        with pytest.raises(InputError, match=rf"(?s){fault}.*{REMEDY}"):
            read_bytes(path, REMEDY)


def test_files_beyond_the_bound_are_refused_by_their_size(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(InputError, match="bytes, more than"):
        read_bytes(tmp_path / "sparse", REMEDY)


def test_text_is_utf8_with_or_without_a_mark(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes("\ufeffhä".encode())
    assert read_text(path, REMEDY) == "hä"
    path.write_bytes("hä".encode("latin-1"))
    with pytest.raises(InputError, match="is not UTF-8"):
        read_text(path, REMEDY)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"a": 1, "b": {"c": 1, "c": 2}}', "'c' stands twice"),
        ("{" + "".join(f'"{k}": 1, ' for k in range(50_000)) + '"49999": 2}', "'49999' stands twice"),
        ("[" * 100_000, "nested too deeply"),
        ("[1,\n 2", "line 2, column 3: not JSON"),
        ("[" + "1" * 5000 + "]", "can't be read"),
    ],
)
def test_json_that_is_none_or_says_one_thing_twice_is_refused(text: str, fault: str) -> None:
    with pytest.raises(InputError, match=f"file.json.*{fault}.*{REMEDY}"):
        parse_json(text, "file.json", REMEDY)


def test_json_is_read(tmp_path: Path) -> None:
    path = tmp_path / "good.json"
    path.write_text('{"a": [1, {"a": null}]}')
    assert read_json(path, REMEDY) == {"a": [1, {"a": None}]}
