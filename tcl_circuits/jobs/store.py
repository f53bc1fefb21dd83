"""Results on disk: a line each, appended as they come, so that a second run does only what is missing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any

from tcl_circuits.errors import InputError
from tcl_circuits.files import lock, parse_json, require_file, require_same_run, write_through

_VERSION = 2
_ANEW = "move the file away and start anew"


class Store:
    """Results of jobs in a file of JSON lines, each with its hash; the first line says what the jobs are.

    Use it in a ``with`` block, which holds the file against other runs.

    Parameters
    ----------
    path : Path
        The file; made if it is not there.
    description : mapping
        All that the results depend on, JSON. A file of another description is refused.
    sound : callable
        Whether a value may be a result of such a job; by default any may.

    Attributes
    ----------
    results : dict
        Results by key, in the order in which they came.

    Raises
    ------
    InputError
        On entering the block, if the file is no store, belongs to other jobs (what differs is named), is
        in use, or holds a line that was damaged or edited.
    """

    def __init__(
        self,
        path: Path,
        description: Mapping[str, Any],
        sound: Callable[[Any], bool] = lambda _: True,
    ) -> None:
        self._path, self._sound = path, sound
        self._description = json.loads(json.dumps(dict(description)))
        self.results: dict[str, Any] = {}
        self._file: FileIO | None = None

    def __enter__(self) -> Store:
        """Read what is there, and begin the file if there is none."""
        if self._path.exists():
            require_file(self._path, _ANEW)
        file = self._path.open("a+b", buffering=0)
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
        _append(self._file, _entry(key, result))
        self.results[key] = result

    def _begin(self, file: FileIO) -> None:
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
            key, result = entry.get("key"), entry.get("result")
            if not isinstance(key, str) or key in self.results or entry != _entry(key, result):
                raise self._damaged(number)
            if not self._sound(result):
                raise self._damaged(number)
            self.results[key] = result

    def _require(self, head: Mapping[str, Any]) -> None:
        """Raise an InputError that names all in which the file's jobs differ from these."""
        saved, version = head.get("description"), head.get("version")
        if not isinstance(saved, dict) or not isinstance(version, int):
            raise self._damaged(1)
        if version != _VERSION:
            raise InputError(f"{self._path} is of version {version}; this package reads {_VERSION}; {_ANEW}")
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
        remedy = "delete it, and its job is done again" if number > 1 else _ANEW
        return InputError(f"{self._path}: line {number} is damaged or was edited; {remedy}")


def _entry(key: Any, result: Any) -> dict[str, Any]:
    """What a line holds."""
    digest = hashlib.sha256(json.dumps([key, result]).encode()).hexdigest()
    return {"key": key, "result": result, "sha256": digest}


def _append(file: FileIO, content: Mapping[str, Any]) -> None:
    write_through(file, json.dumps(content).encode("utf-8") + b"\n")
