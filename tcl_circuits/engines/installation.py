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
    """Path or name of libngspice, or None; the variable NGSPICE_LIBRARY_PATH comes first."""
    chosen = os.environ.get("NGSPICE_LIBRARY_PATH")
    if chosen is not None:
        return chosen if Path(chosen).is_file() else None
    return next((name for name in _NAMES if _loads(name)), None)


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
        If it is not installed; the message says how to get it.
    """
    found = find_library()
    if found is None:
        chosen = os.environ.get("NGSPICE_LIBRARY_PATH")
        place = f" at NGSPICE_LIBRARY_PATH = {chosen}" if chosen is not None else ""
        raise EngineMissing(
            f"libngspice is not installed{place}; {advice()}, or use the exact engine (reference)"
        )
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
