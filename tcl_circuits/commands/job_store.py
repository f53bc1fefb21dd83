"""Where a study of many runs keeps the runs that are done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tcl_circuits.commands.output import claim
from tcl_circuits.errors import InputError

STORE = "runs.jsonl"
"""File of finished runs in a study's directory."""


@contextmanager
def claim_store(out: Path, force: bool, resume: bool) -> Iterator[Path]:
    """Claim a study's directory in here, and give the place of its store.

    Parameters
    ----------
    out : Path
        The directory.
    force : bool
        Start anew in a directory that holds files; a store in it is removed.
    resume : bool
        Go on with the store in it.

    Raises
    ------
    InputError
        As :func:`claim`; or if there is nothing to resume.
    """
    with claim(out, force, resume):
        store = out / STORE
        if resume and not store.exists():
            raise InputError(f"there is no {store} to resume from; start without --resume")
        if not resume:
            store.unlink(missing_ok=True)
        yield store
