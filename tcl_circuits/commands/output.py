"""Output directories: claimed before anything runs, so that nothing computed is lost for want of a place."""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tcl_circuits.errors import InputError
from tcl_circuits.files import PART, aside, lock, replacing

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

_NEEDED_BYTES = 20_000_000
_LOCK = ".in-use"


@contextmanager
def claim(
    out: Path, force: bool = False, resume: bool = False, needed: int = _NEEDED_BYTES
) -> Iterator[Path]:
    """Make the output directory, see that it can be written, and hold it against other runs in here.

    Parameters
    ----------
    out : Path
        The directory.
    force : bool
        Write into a directory that holds files already.
    resume : bool
        Expect files of an earlier run.
    needed : int
        Bytes that must be free on the disk.

    Raises
    ------
    InputError
        If it is a file, can't be written, lies on a full disk, is in use by another run, or holds files and
        neither `force` nor `resume` is given.
    """
    with ExitStack() as stack:
        try:
            if out.exists() and not out.is_dir():
                raise InputError(f"--out {out} is a file; name a directory")
            if resume and not out.exists():
                raise InputError(
                    f"--out {out} does not exist, so there is nothing to resume; name its directory"
                )
            stack.callback(_drop_empty, [path for path in (out, *out.parents) if not path.exists()])
            out.mkdir(parents=True, exist_ok=True)
            stack.enter_context(_held(out))
            for left in out.glob(f".*{PART}"):  # of runs that were killed as they wrote
                left.unlink()
            if any(path.name != _LOCK for path in out.iterdir()) and not (force or resume):
                raise InputError(
                    f"--out {out} holds files already; name another directory, or use --force or --resume"
                )
            _try_writing(out / f".write-test{PART}")
            free = shutil.disk_usage(out).free
        except OSError as failure:
            raise InputError(
                f"--out {out} can't be written ({failure.strerror}); name another directory"
            ) from None
        if free < needed:
            raise InputError(
                f"--out {out}: {free / 1e6:.1f} MB are free on its disk; a run needs {needed / 1e6:.0f} MB"
            )
        yield out


@contextmanager
def _held(out: Path) -> Iterator[None]:
    """Hold a directory by a file in it, which is gone afterwards but for a kill."""
    path = out / _LOCK
    while True:
        with path.open("ab") as file:
            lock(file, Path(f"--out {out}"))
            try:
                current = path.stat().st_ino == os.fstat(file.fileno()).st_ino
            except FileNotFoundError:
                current = False
            if current:
                try:
                    yield
                finally:
                    with suppress(OSError):
                        path.unlink()
                return
        # The run before removed the file between the two steps: hold the new one.


def _drop_empty(made: list[Path]) -> None:
    """Remove directories that were made in vain, the innermost first."""
    with suppress(OSError):
        for path in made:
            path.rmdir()


def _try_writing(probe: Path) -> None:
    """Write a file to the disk and remove it."""
    try:
        with probe.open("wb") as file:
            file.write(b"\0" * 65536)
            file.flush()
            os.fsync(file.fileno())
    finally:
        probe.unlink(missing_ok=True)


@contextmanager
def resumable(checkpoint: Path, how: str = "go on with --resume") -> Iterator[None]:
    """Add to what ends a run early that what was reached is kept, if something was written in here.

    Parameters
    ----------
    checkpoint : Path
        Where the run in here keeps its state.
    how : str
        What the user does to go on.

    Raises
    ------
    KeyboardInterrupt, OSError
        As they come; with a line for the user where a checkpoint is kept.
    """
    before = _version(checkpoint)
    try:
        yield
    except KeyboardInterrupt:
        if _version(checkpoint) in (None, before):
            raise
        raise KeyboardInterrupt(f"what was reached is kept: {how}") from None
    except OSError as failure:
        if _version(checkpoint) not in (None, before):
            failure.add_note(f"what {checkpoint.name} holds is kept: {how}")
        raise


def _version(path: Path) -> tuple[int, int] | None:
    """What tells a file from one written in its place; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def number(value: float) -> float | None:
    """A number for JSON, which knows no NaN and no infinity: None for these."""
    return float(value) if math.isfinite(value) else None


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON whole or not at all."""
    write_text(path, json.dumps(content, indent=2, allow_nan=False) + "\n")


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a table whole or not at all, without its index."""
    write_text(path, table.to_csv(index=False))


def write_netcdf(path: Path, data: xr.Dataset) -> None:
    """Write a data set whole or not at all."""
    with aside(path) as beside:
        data.to_netcdf(beside)


def write_text(path: Path, text: str) -> None:
    """Write text in UTF-8 whole or not at all, with nothing left beside it."""
    with replacing(path) as file:
        file.write(text.encode("utf-8"))


def claim_file(path: Path, force: bool, example: str) -> None:
    """See that a single file may be written.

    Parameters
    ----------
    path : Path
        The file.
    force : bool
        Take the place of a file that is there.
    example : str
        Name of a file, for one who named a directory.

    Raises
    ------
    InputError
        If it is a directory, or is there already and `force` is not given.
    """
    if path.is_dir():
        raise InputError(f"--out {path} is a directory; name a file such as {path / example}")
    if path.exists() and not force:
        raise InputError(f"{path} is there already; name another file, or use --force")


def write_file(path: Path, text: str) -> None:
    """Write the single file that a user asked for, whole or not at all.

    Raises
    ------
    InputError
        If it can't be written.
    """
    try:
        write_text(path, text)
    except OSError as failure:
        raise InputError(f"{path} can't be written ({failure.strerror}); name another file") from None
