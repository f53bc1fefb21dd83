"""Whether ngspice and libngspice are installed, and how they are had."""

from __future__ import annotations

import ctypes
import os
import shutil
from pathlib import Path

from tcl_circuits.errors import EngineMissing

_INSTALLERS = {
    "apt-get": "apt-get install ngspice libngspice0",
    "dnf": "dnf install ngspice libngspice",
    "yum": "yum install ngspice libngspice",
    "pacman": "pacman -S ngspice",
    "zypper": "zypper install ngspice libngspice0",
    "apk": "apk add ngspice ngspice-libs",
    "brew": "brew install ngspice libngspice",
}
_VARIABLE = "NGSPICE_LIBRARY_PATH"
_NAMES = (
    "libngspice.so.0",
    "libngspice.so",
    "libngspice.dylib",
    "/opt/homebrew/lib/libngspice.dylib",
    "/usr/local/lib/libngspice.dylib",
)


def advice() -> str:
    """How to get ngspice on this system, in one sentence."""
    for program, command in _INSTALLERS.items():
        if shutil.which(program):
            return f"install it with `{command}`"
    return "install ngspice and its shared library libngspice with your system's package manager"


def find_library() -> str | None:
    """Path or name of libngspice, or None; the variable NGSPICE_LIBRARY_PATH comes first.

    The variable holds the path of a file, or a name that the dynamic loader knows.
    """
    chosen = os.environ.get(_VARIABLE)
    if chosen is None:
        return next((name for name in _NAMES if _loads(name)), None)
    if Path(chosen).is_file():
        return str(Path(chosen).absolute())
    return chosen if chosen and os.sep not in chosen and _loads(chosen) else None


def why_no_library() -> str:
    """Why :func:`find_library` finds none, and the remedy, in one sentence."""
    chosen = os.environ.get(_VARIABLE)
    if chosen is None:
        return f"libngspice is not installed; {advice()}"
    if not chosen:
        fault = "is empty"
    elif Path(chosen).is_dir():
        fault = "is a directory, not a library"
    elif os.sep in chosen:
        fault = "is not a file"
    else:
        fault = "is neither a file nor a library that the system knows"
    return (
        f"{_VARIABLE} = {chosen!r} {fault}; unset it to have libngspice looked for, "
        "or set it to the library's path"
    )


def _loads(name: str) -> bool:
    """Whether the dynamic loader finds a library.

    Not by ctypes.util.find_library, which may run ``ld -o /dev/null``: as root that destroys the device.
    """
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def library_path() -> str:
    """Path or name of libngspice.

    Raises
    ------
    EngineMissing
        If there is none; the message says how to get it.
    """
    found = find_library()
    if found is None:
        raise EngineMissing(why_no_library())
    return found


def ngspice_program() -> str:
    """Path of the program ngspice.

    Raises
    ------
    EngineMissing
        If it is not installed.
    """
    program = shutil.which("ngspice")
    if program is None:
        raise EngineMissing(f"the program ngspice is not installed; {advice()}")
    return program
