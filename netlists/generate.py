"""Write the netlists of this directory and their README.md; the same bytes every time.

``make netlists`` runs it. ``--out DIR`` writes elsewhere; ``--check`` writes nothing, and exits 1 if a file
in DIR differs from what would be written.

Circuits come from the package (:mod:`tcl_circuits.circuit.netlist`). What is added here: a header, comments,
and for each number that a reader should see a ``.meas`` line and above it ``* expect NAME = VALUE +-
TOLERANCE UNIT``. Expected values come from Eq. 25 (:mod:`tcl_circuits.kernels`) and from the exact engine,
never from ngspice.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import device_bench
import kernel_bench
from bench import Bench
from divider_bench import voltage_divider
from iris_bench import iris_cycle, iris_inference, trained_iris

HERE = Path(__file__).resolve().parent

README = """\
# Netlists

Written by `make netlists` (`generate.py`), the same bytes every time; change the generator, not the files.
`generate.py --check` says whether they are as it writes them. Each runs by itself, without Python:

    ngspice -b kernel_series.cir

ngspice prints the measured values; each file names at its end what to expect (`* expect NAME = VALUE +-
TOLERANCE UNIT`), from Eq. 25 of the paper and from the exact engine, not from ngspice. The tests run all of
them. Node names are those of the graph with `n_` before them, and `_p` and `_n` for `+` and `-` at their end;
`u3` is where the kernel output of edge 3 is read: the current through the resistor behind it.

`memristors.lib` holds the memristor models, each a `.subckt` with its equations, source and parameters; the
`device_*.cir` are their sine tests.

Each netlist may be used without restriction (CC0); the generator is part of tcl_circuits (GPL).

"""


def benches() -> list[Bench | device_bench.DeviceBench]:
    """All netlists, in the README's order."""
    task, network = trained_iris()
    return [
        kernel_bench.series(),
        kernel_bench.sense(),
        voltage_divider(),
        iris_cycle(task, network),
        iris_inference(task, network),
        *device_bench.device_benches(),
    ]


def files() -> dict[str, str]:
    """File names and what stands in them."""
    found = benches()
    written = {bench.name: bench.text() for bench in found}
    written[device_bench.LIBRARY] = device_bench.library()
    written["README.md"] = README + "\n".join(bench.section() for bench in found)
    return written


def main() -> int:
    """Write the files, or compare them with those that are there."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, default=HERE, help="directory of the files (default: this one)")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file differs")
    arguments = parser.parse_args()
    stale = []
    for name, text in files().items():
        path: Path = arguments.out / name
        if arguments.check:
            if not path.exists() or path.read_bytes() != text.encode():
                stale.append(name)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
    if stale:
        print(f"not as generate.py writes them: {', '.join(stale)}; run `make netlists`", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
