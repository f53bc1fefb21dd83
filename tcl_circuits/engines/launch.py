"""How every ngspice begins: in a directory of its own, deaf to what the user has set for other work.

ngspice carries out a start-up file of the working directory, else of the home: it changes results and can
run a shell. It also reads variables (``SPICE_ASCIIRAWFILE``, ``NGSPICE_MEAS_PRECISION``) that change what it
writes, and looks for the home of a user id that may have none, which ends it. None of this is met in a
directory that holds a start-up file of ours.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tcl_circuits.errors import EngineError
from tcl_circuits.threads import ONE_THREAD

START_UP = {".spiceinit": "set num_threads=1\n"}
"""Files of the directory in which ngspice begins. One thread: by default two of them wait for each other."""
_OF_NGSPICE = ("SPICE_", "NGSPICE_")


def clean_environment(**ours: str) -> dict[str, str]:
    """Return the user's environment without ngspice's variables, with `ours` added, for one thread."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OF_NGSPICE)}
    return {**kept, "LC_ALL": "C", **ONE_THREAD, **ours}


@contextmanager
def private_directory() -> Iterator[Path]:
    """Directory to begin in, which holds nothing but the start-up file; it goes with the block.

    Raises
    ------
    EngineError
        If there is nowhere to make it.
    """
    try:
        made = tempfile.TemporaryDirectory(prefix="tcl-", ignore_cleanup_errors=True)
    except OSError as fault:
        raise EngineError(
            f"ngspice needs a temporary directory to begin in: {fault.strerror or fault}; "
            "set TMPDIR to a directory that can be written"
        ) from None
    with made as name:
        place = Path(name)
        for file, content in START_UP.items():
            (place / file).write_text(content, encoding="ascii")
        yield place
