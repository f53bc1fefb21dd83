"""One long transient in a process of its own, its time points read while they are computed.

ngspice writes its binary raw file into a pipe: nothing is lost if it stops early, nothing has to be kept
that is not wanted, and a full disk is met here, where it can be told, and not in the simulator, which would
go on without a word. The engine of single cycles (:mod:`tcl_circuits.engines.ngspice`) holds libngspice
instead: it alters one small circuit thousands of times, and its results are there only when a run is over.
"""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.engines.installation import ngspice_program
from tcl_circuits.engines.launch import clean_environment, private_directory
from tcl_circuits.errors import EngineError, EngineTimeout

_CHUNK = 1 << 20
_POLL = 0.2
_TOLD_EVERY = 0.5
LARGEST = 1e6
"""Voltage beyond which a network has run away [V]."""
_LONGEST_HEAD = 1 << 22
_FAULT = re.compile(
    r"too small|singular|error|fatal|unable|can't|cannot|unknown|undefined|no such|aborted|illegal|nan",
    re.IGNORECASE,
)
_HARMLESS = re.compile(r"^(?:Note:|Warning:|Reference value|No\. of|Circuit:|Doing analysis|Using )|^\s*$")
_MOST_TOLD = 6


def ngspice_version() -> str | None:
    """What the program calls itself, as ``ngspice-39``; None if it does not say."""
    with private_directory() as place:
        asked = subprocess.run(
            [ngspice_program(), "--version"],
            cwd=place,
            env=clean_environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    found = re.search(r"ngspice-[\w.+-]+", asked.stdout)
    return None if found is None else found.group()


def stream(
    text: str, names: Sequence[str], stop: float, time_limit: float | None = None
) -> Iterator[FloatArray]:
    """Run a netlist, and yield its time points as they come.

    Parameters
    ----------
    text : str
        Netlist with one transient.
    names : sequence of str
        Vectors to return; the first is ``time``.
    stop : float
        Where the transient ends [s].
    time_limit : float, optional
        Longest wall-clock time [s].

    Yields
    ------
    ndarray of shape (points, names)
        Time points in order.

    Raises
    ------
    EngineError
        If ngspice reports a fault, returns what is not finite, or stops before the end; all that it reached
        has been yielded before.
    EngineTimeout
        If it runs too long.
    """
    program = ngspice_program()
    limit = None if time_limit is None else time.monotonic() + time_limit
    with private_directory() as place:
        (place / "run.cir").write_text(text, encoding="ascii")
        os.mkfifo(place / "run.raw")
        with _process(program, place) as process:
            last = 0.0
            for rows in _rows(process, place / "run.raw", names, limit):
                sound = _sound(rows)
                if sound:
                    last = float(rows[sound - 1, 0])
                    yield rows[:sound]
                if sound < len(rows):
                    raise EngineError(f"ngspice's voltages are beyond {LARGEST:g} V after {last:.6g} s")
            process.wait()
            _require_whole(place, process.returncode, last, stop)


def _sound(rows: FloatArray) -> int:
    """How many rows there are before the first that holds what no circuit has."""
    # Not "larger than": NaN is not sound either.
    wrong = np.flatnonzero(~(np.abs(rows).max(axis=1) <= LARGEST))
    return int(wrong[0]) if wrong.size else len(rows)


@contextmanager
def _process(program: str, place: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Ngspice at work; it ends with the block."""
    with (place / "said").open("wb") as said:
        process = subprocess.Popen(
            [program, "-b", "-r", "run.raw", "run.cir"],
            cwd=place,
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            # A Ctrl-C at the terminal is for the host, which ends ngspice itself.
            start_new_session=True,
        )
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGKILL)
            process.wait()


def _rows(
    process: subprocess.Popen[bytes], pipe: Path, names: Sequence[str], limit: float | None
) -> Iterator[FloatArray]:
    """Rows of the raw file in chunks, its columns in the order of the names."""
    buffer, size = bytearray(), 0
    told = time.monotonic()
    for data in _bytes(process, pipe, limit):
        buffer += data
        if data and len(buffer) < _CHUNK and time.monotonic() < told + _TOLD_EVERY:
            continue
        told = time.monotonic()
        if not size:
            head, mark, rest = bytes(buffer).partition(b"Binary:\n")
            if not mark:
                if len(buffer) > _LONGEST_HEAD:
                    raise EngineError("ngspice's raw file has no binary part")
                continue
            wanted, size = _columns(head.decode("ascii", "replace"), names)
            buffer = bytearray(rest)
        width = 8 * size
        whole = len(buffer) // width * width
        if whole:
            rows = np.frombuffer(bytes(buffer[:whole])).reshape(-1, size)
            del buffer[:whole]
            yield rows[:, wanted]


def _columns(head: str, names: Sequence[str]) -> tuple[list[int], int]:
    """Columns of the raw file that hold the names, and how many it has."""
    if "Flags: real" not in head:
        raise EngineError("ngspice's raw file does not hold real numbers")
    listed = re.findall(r"^\s+(\d+)\s+(\S+)\s+\S+", head.partition("Variables:\n")[2], re.MULTILINE)
    place = {name.lower(): int(k) for k, name in listed}
    missing = [name for name in names if name not in place]
    if missing:
        raise EngineError(f"vector {missing[0]!r} is missing from ngspice's results")
    return [place[name] for name in names], len(place)


def _bytes(process: subprocess.Popen[bytes], pipe: Path, limit: float | None) -> Iterator[bytes]:
    """What ngspice writes, until it ends; nothing, as the last item."""
    handle = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with suppress(OSError):
            fcntl.fcntl(handle, fcntl.F_SETPIPE_SZ, _CHUNK)
    try:
        while True:
            if limit is not None and time.monotonic() > limit:
                raise EngineTimeout("the run was stopped at its time limit")
            ready, _, _ = select.select([handle], [], [], _POLL)
            data = _read(handle) if ready else b""
            if data:
                yield data
            elif process.poll() is not None:
                data = _read(handle)
                yield data
                if not data:
                    return
            elif ready:
                time.sleep(0.01)  # nobody has opened the other end yet
    finally:
        os.close(handle)


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, _CHUNK)
    except BlockingIOError:
        return b""


def _require_whole(place: Path, code: int, last: float, stop: float) -> None:
    """Raise an EngineError with ngspice's own words unless the transient reached its end."""
    if last >= stop * (1 - 1e-6):
        return
    lines = (place / "said").read_text(errors="replace").splitlines()
    told = [line.strip() for line in lines if _FAULT.search(line) and not _HARMLESS.match(line)]
    words = "; ".join(dict.fromkeys(told[:_MOST_TOLD])) or f"exit code {code}, no message"
    raise EngineError(f"ngspice stopped at {last:.6g} s instead of {stop:.6g} s: {words}")
