"""Benchmarks of engines and theory, side by side in one run: ``python benchmarks/run.py``.

One BLAS thread; CPU time of all processes involved; contestants take turns. Nothing is written unless asked.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import scipy
from autonomous import autonomous
from circuits import SIZES
from cycle import cycle
from ep import ep
from iris import iris
from ladder import ladder
from memory import memory
from reference import reference
from tables import Table
from update_curve import update_curve
from workers import workers

from tcl_circuits import TclError, __version__

Case = Callable[[Sequence[str], bool], list[Table]]

THREADS = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")

CASES: dict[str, tuple[Case, str]] = {
    "cycle": (cycle, "S,M,X"),
    "reference": (reference, "S,M,X,L"),
    "iris": (lambda _, quick: iris(quick), ""),
    "memory": (lambda _, quick: memory(quick), ""),
    "workers": (workers, "S,M"),
    "update_curve": (lambda _, quick: update_curve(quick), ""),
    "ladder": (ladder, ""),
    "ep": (lambda _, quick: ep(quick), ""),
    "autonomous": (autonomous, ""),
}
"""Cases by name, each with the sizes it runs unless told otherwise; those without have one of their own."""


def main() -> int:
    """Run the cases asked for and print their tables."""
    options = _options()
    if not THREADS.items() <= os.environ.items():
        # BLAS reads these when NumPy is loaded: begin anew with them.
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **THREADS})
    print(_about(), "\n", sep="", flush=True)
    records = []
    for name in options.only or CASES:
        case, usual = CASES[name]
        sizes = options.size or [size for size in usual.split(",") if not (options.quick and size in "XL")]
        start = time.monotonic()
        try:
            tables = case(sizes, options.quick)
        except TclError as fault:
            print(f"{name}: {fault}", file=sys.stderr)
            return 2
        for table in tables:
            print(table.text(), flush=True)
        records += [{"case": name, **table.record()} for table in tables]
        spent, load = time.monotonic() - start, os.getloadavg()[0]
        print(f"[{name}: {spent:.0f} s, load average {load:.1f}]\n", flush=True)
    if options.json is not None:
        options.json.write_text(json.dumps({"about": _about(), "tables": records}, indent=1) + "\n")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--size", type=_sizes, help=f"some of {','.join(SIZES)}")
    parser.add_argument("--only", action="append", choices=list(CASES), help="run this case; may be repeated")
    parser.add_argument("--quick", action="store_true", help="few repeats, sizes S and M")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the tables to a file as well")
    return parser.parse_args()


def _sizes(text: str) -> list[str]:
    sizes = [size.strip().upper() for size in text.split(",") if size.strip()]
    unknown = [size for size in sizes if size not in SIZES]
    if unknown or not sizes:
        raise argparse.ArgumentTypeError(f"sizes are {','.join(SIZES)}, not {text!r}")
    return sizes


def _about() -> str:
    """What ran, and where."""
    return (
        f"tcl_circuits {__version__}, Python {platform.python_version()}, NumPy {np.__version__}, "
        f"SciPy {scipy.__version__}, {os.cpu_count()} CPUs ({platform.machine()}), "
        f"load average {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    sys.exit(main())
