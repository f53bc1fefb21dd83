"""The ngspice worker with a clock on every call into libngspice.

Takes the worker's argument, and in TCL_NATIVE_RECORD a file for two numbers, written after each request: the
seconds in the library, less those of its call-backs into Python, and the seconds that the clocks took.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Callable
from typing import Any

from PySpice.Spice.NgSpice.Shared import NgSpiceShared

from tcl_circuits.engines import ngspice_worker

_clock = time.process_time


_TRIALS = 5000


class Stopwatch:
    """Seconds inside the library, and those of reading the clock."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._calls = 0
        self._cost = self._calibrated()
        self.seconds, self._calls = 0.0, 0

    @property
    def record(self) -> bytes:
        """Both."""
        return struct.pack("dd", self.seconds, self._calls * self._cost)

    def _calibrated(self) -> float:
        """Seconds that a clock adds to a call outside the time it takes for the call's own."""
        call = self._timed(lambda: None, 1.0)
        start = _clock()
        for _ in range(_TRIALS):
            call()
        return (_clock() - start - self.seconds) / _TRIALS

    def adding(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """The call, its time added."""
        return self._timed(call, 1.0)

    def taking(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """The call, its time taken away: a call-back that runs within a call."""
        return self._timed(call, -1.0)

    def _timed(self, call: Callable[..., Any], sign: float) -> Callable[..., Any]:
        def timed(*arguments: Any) -> Any:
            start = _clock()
            try:
                return call(*arguments)
            finally:
                self.seconds += sign * (_clock() - start)
                self._calls += 1

        return timed


class TimedLibrary:
    """libngspice with every function timed."""

    def __init__(self, library: Any, watch: Stopwatch) -> None:
        self._library, self._watch = library, watch

    def __getattr__(self, name: str) -> Any:
        timed = self._watch.adding(getattr(self._library, name))
        setattr(self, name, timed)
        return timed


def main() -> None:
    """Put the clocks in place and serve as the worker does."""
    watch = Stopwatch()
    file = os.open(os.environ["TCL_NATIVE_RECORD"], os.O_WRONLY)
    for name in ("_send_char", "_send_stat"):
        setattr(NgSpiceShared, name, staticmethod(watch.taking(getattr(NgSpiceShared, name))))
    plain_init = ngspice_worker.Simulator.__init__
    plain_answer = ngspice_worker.answer

    def timed_init(self: ngspice_worker.Simulator) -> None:
        plain_init(self)
        self._lib = self._spice._ngspice_shared = TimedLibrary(self._lib, watch)

    def recording_answer(simulator: ngspice_worker.Simulator, request: dict[str, Any]) -> tuple[str, Any]:
        result = plain_answer(simulator, request)
        os.pwrite(file, watch.record, 0)
        return result

    ngspice_worker.Simulator.__init__ = timed_init  # type: ignore[method-assign]
    ngspice_worker.answer = recording_answer
    ngspice_worker.main()


if __name__ == "__main__":
    main()
