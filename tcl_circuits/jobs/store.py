"""Results on disk: a line each, appended as they come, so that a second run does only what is missing."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from tcl_circuits.errors import InputError
from tcl_circuits.files import lock, parse_json, require_same_run

_VERSION = 1


class Store:
    """Results of jobs in a file of JSON lines; the first line says what the jobs are.

    Use it in a ``with`` block, which holds the file against other runs.

    Parameters
    ----------
    path : Path
        The file; made if it is not there.
    description : mapping
        All that the results depend on, JSON. A file of another description is refused.

    Attributes
    ----------
    results : dict
        Results by key, in the order in which they came.

    Raises
    ------
    InputError
        On entering the block, if the file is no store, belongs to other jobs (what differs is named), or
        is in use.
    """

    def __init__(self, path: Path, description: Mapping[str, Any]) -> None:
        self._path = path
        self._description = json.loads(json.dumps(dict(description)))
        self.results: dict[str, Any] = {}
        self._file: BinaryIO | None = None

    def __enter__(self) -> Store:
        """Read what is there, and begin the file if there is none."""
        file = self._path.open("a+b")
        try:
            self._begin(file)
        except BaseException:
            file.close()
            raise
        self._file = file
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def add(self, key: str, result: Any) -> None:
        """Append a result, and see it to the disk."""
        if self._file is None:
            raise InputError(f"{self._path}: a store takes results only in its `with` block")
        _append(self._file, {"key": key, "result": result})
        self.results[key] = result

    def _begin(self, file: BinaryIO) -> None:
        lock(file, self._path)
        file.seek(0)
        *lines, cut = file.read().split(b"\n")
        if cut:
            # The last line of a run that was killed while it wrote.
            file.truncate(file.tell() - len(cut))
        if not lines:
            _append(file, {"version": _VERSION, "description": self._description})
            return
        self._require(self._parsed(lines[0], 1))
        for number, line in enumerate(lines[1:], 2):
            entry = self._parsed(line, number)
            if not entry.keys() >= {"key", "result"}:
                raise self._damaged(number)
            self.results[str(entry["key"])] = entry["result"]

    def _require(self, head: Mapping[str, Any]) -> None:
        """Raise an InputError that names all in which the file's jobs differ from these."""
        saved, version = head.get("description"), head.get("version")
        if not isinstance(saved, dict) or not isinstance(version, int):
            raise self._damaged(1)
        if version > _VERSION:
            raise InputError(f"{self._path} is of version {version}; this package reads {_VERSION}")
        either = sorted(saved.keys() | self._description.keys())
        require_same_run(self._path, saved, {name: self._description.get(name) for name in either})

    def _parsed(self, line: bytes, number: int) -> dict[str, Any]:
        try:
            found = parse_json(line, "", "")
        except InputError:
            raise self._damaged(number) from None
        if not isinstance(found, dict):
            raise self._damaged(number)
        return found

    def _damaged(self, number: int) -> InputError:
        return InputError(f"{self._path}: line {number} is no result; move the file away and start anew")


def _append(file: BinaryIO, content: Mapping[str, Any]) -> None:
    file.write(json.dumps(content).encode("utf-8") + b"\n")
    file.flush()
    os.fsync(file.fileno())
