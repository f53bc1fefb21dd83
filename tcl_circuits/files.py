"""Files that are written whole or not at all, and checkpoints that can't be read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

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
