"""Files: read whole within bounds, written whole or not at all; checkpoints of another run told."""

from __future__ import annotations

import fcntl
import json
import operator
import os
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import IO, Any, BinaryIO

from tcl_circuits.errors import InputError

LARGEST_FILE = 1 << 30
"""Bytes of the largest file that is read whole; no file of this package is near it."""
PART = ".part"
"""Ending of a file that is being written beside its place."""


def require_file(path: Path, remedy: str, most: float = LARGEST_FILE) -> None:
    """Raise an InputError unless `path` is a regular file of a size that can be read.

    Pipes and devices are refused at once: to read one may never end.

    Parameters
    ----------
    path : Path
        The file.
    remedy : str
        What to do about it, as "give a CSV file"; ends the message.
    most : float
        Most bytes that it may have.
    """
    try:
        fault = _fault(path, most)
    except (OSError, ValueError) as failure:  # ValueError: a NUL in the name
        fault = f"can't be read ({getattr(failure, 'strerror', None) or failure})"
    if fault:
        raise InputError(f"{path} {fault}; {remedy}")


def _fault(path: Path, most: float) -> str | None:
    if not path.is_file():
        if path.is_dir():
            return "is a directory"
        return "is a pipe or a device, not a file" if path.exists() else "does not exist"
    size = path.stat().st_size
    return f"has {size:,} bytes, more than {most:,}" if size > most else None


def read_bytes(path: Path, remedy: str, most: float = LARGEST_FILE) -> bytes:
    """Return what is in a regular file; every fault is an InputError (see :func:`require_file`)."""
    require_file(path, remedy, most)
    try:
        return path.read_bytes()
    except OSError as failure:
        raise InputError(f"{path} can't be read ({failure.strerror}); {remedy}") from None


def read_text(path: Path, remedy: str) -> str:
    """Return the text of a file in UTF-8, with or without a byte order mark; faults as :func:`read_bytes`."""
    try:
        return read_bytes(path, remedy).decode("utf-8-sig")
    except UnicodeDecodeError as failure:
        raise InputError(f"{path} is not UTF-8 text ({failure.reason}); {remedy}") from None


def parse_json(data: str | bytes, source: str, remedy: str) -> Any:
    """Parse JSON; a key that stands twice in an object is refused.

    Numbers may be NaN or infinite, also as ``1e999``: who takes one knows its name, and refuses it.

    Raises
    ------
    InputError
        If it is no JSON, with line and column, is nested too deeply, or says one thing twice.
    """
    try:
        return json.loads(data, object_pairs_hook=_unique_keys)
    except RecursionError:
        raise InputError(f"{source} is nested too deeply; {remedy}") from None
    except json.JSONDecodeError as error:
        place = f"{source}, line {error.lineno}, column {error.colno}"
        raise InputError(f"{place}: not JSON ({error.msg}); {remedy}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{source}, line {line}: not {error.encoding} text; save the file as UTF-8"
        ) from None
    except ValueError as error:  # a key that stands twice, an integer with thousands of digits
        raise InputError(f"{source} can't be read ({error}); {remedy}") from None


def read_json(path: Path, remedy: str) -> Any:
    """Return what a JSON file holds; faults as :func:`read_bytes` and :func:`parse_json`."""
    return parse_json(read_bytes(path, remedy), str(path), remedy)


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Object of JSON; a ValueError if a key stands in it twice, of which one would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        ((twice, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return found


@contextmanager
def aside(path: Path) -> Iterator[Path]:
    """Give the name of a file beside `path`, and move that file there once it is complete and on the disk.

    The name is one of its own, so that two writers don't meet; nothing is left there if writing fails.
    """
    beside = path.with_name(f".{secrets.token_hex(8)}{PART}")
    try:
        with _naming(path):
            yield beside
            with beside.open("r+b") as file:
                os.fsync(file.fileno())
            beside.replace(path)
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file beside `path`, and move it there once it is complete and on the disk."""
    with aside(path) as beside, beside.open("xb") as file:
        yield file


def write_through(file: FileIO, data: bytes) -> None:
    """Write to an unbuffered file, and see all of it to the disk; an OSError names the file."""
    rest = memoryview(data)
    with _naming(Path(file.name)):
        while rest:
            rest = rest[file.write(rest) :]
        os.fsync(file.fileno())


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Put a file's name on an OSError that has none, as that of a full disk."""
    try:
        yield
    except OSError as failure:
        failure.filename = failure.filename or str(path)
        raise


def lock(file: IO[Any], name: Path) -> None:
    """Hold an open file against other processes until it is closed, which the kernel sees to at a kill.

    Raises
    ------
    InputError
        If another process holds it.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InputError(
            f"{name} is in use by another run; wait for its end, or name another place"
        ) from None


@contextmanager
def reading_checkpoint(path: Path, resuming: str) -> Iterator[None]:
    """Turn what goes wrong while a checkpoint is read into one InputError.

    Parameters
    ----------
    path : Path
        The checkpoint.
    resuming : str
        What the user is to leave out to start anew: an option, or the word for it.
    """
    try:
        with reading(path, "can't be read as a checkpoint", f"start anew without {resuming}"):
            yield
    except FileNotFoundError:
        raise InputError(f"there is no checkpoint {path} to resume from; start without {resuming}") from None


@contextmanager
def reading(path: Path, fault: str, remedy: str) -> Iterator[None]:
    """Turn what goes wrong while a file is read into one InputError, unless it is missing.

    Parameters
    ----------
    path : Path
        The file.
    fault, remedy : str
        What the message says of it, and of what to do.
    """
    try:
        yield
    except (InputError, FileNotFoundError):
        raise
    except Exception as failure:  # zipfile and NumPy raise nearly anything at a damaged file
        reason = " ".join(str(failure).split())
        raise InputError(f"{path} {fault} ({reason}); {remedy}") from None


def require_same_run(
    path: Path,
    saved: Mapping[str, Any],
    wanted: Mapping[str, Any],
    same: Callable[[object, object], bool] = operator.eq,
    advice: str = "",
) -> None:
    """Raise an InputError that names every setting in which a file's run differs from the one wanted.

    Parameters
    ----------
    path : Path
        The file.
    saved, wanted : mapping
        Settings in the file, and those it must have.
    same : callable
        Whether two values of a setting are the same.
    advice : str
        What ends the message.
    """
    differing = [
        f"{name} was {saved.get(name)!r}, is {value!r}"
        for name, value in wanted.items()
        if not same(saved.get(name), value)
    ]
    if differing:
        raise InputError(f"{path} belongs to another run: {'; '.join(differing)}{advice}")
