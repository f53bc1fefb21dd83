"""Files that are written whole or not at all, and checkpoints that can't be read or are another run's."""

from __future__ import annotations

import operator
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from tcl_circuits.errors import InputError


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file beside `path`, and move it there once it is complete and on the disk."""
    aside = path.with_name(path.name + ".part")
    with aside.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


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
        yield
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"there is no checkpoint {path} to resume from; start without {resuming}") from None
    except Exception as failure:  # zipfile and NumPy raise nearly anything at a damaged file
        reason = " ".join(str(failure).split())
        raise InputError(
            f"{path} can't be read as a checkpoint ({reason}); start anew without {resuming}"
        ) from None


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
