"""Measure README's claims on ten seeds: ``make claims``; a row of docs/claims.csv is not measured twice.

``--only NAME`` and ``--seeds 200,201`` choose; ``--table`` only writes README's table anew; ``--check``
says whether README agrees with docs/claims.csv. A seed that fails is told, and the next one begins; the
exit status is 1 then.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import subprocess
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from claimed import CLAIMS, SEEDS, Claim

from tcl_circuits import __version__
from tcl_circuits.files import read_text, replacing

ROOT = Path(__file__).parents[1]
ROWS, README = ROOT / "docs" / "claims.csv", ROOT / "README.md"
COLUMNS = ("claim", "seed", "value", "baseline", "measure", "version")
BEGIN, END = "<!-- claims: begin, written by make claims -->\n", "<!-- claims: end -->\n"

Row = dict[str, str]


def main() -> int:
    """Measure what is missing, row by row."""
    os.environ.setdefault("MPLBACKEND", "Agg")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=[claim.name for claim in CLAIMS])
    parser.add_argument("--seeds", default=",".join(map(str, SEEDS)))
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    rows = _read()
    if options.check:
        return 0 if with_table(_readme(), rows) == _readme() else _disagree()
    failed = 0
    for claim in () if options.table else CLAIMS:
        if options.only is None or claim.name in options.only:
            for seed in (int(word) for word in options.seeds.split(",")):
                try:
                    rows = _measured(claim, seed, rows)
                except Exception:
                    print(f"{claim.name}, seed {seed} failed:", file=sys.stderr)
                    traceback.print_exc()
                    failed += 1
    _write(README, with_table(_readme(), rows))
    return 1 if failed else 0


def _measured(claim: Claim, seed: int, rows: list[Row]) -> list[Row]:
    """The rows, with that of a seed; written at once."""
    same = [row for row in rows if row["claim"] == claim.name and row["seed"] == str(seed)]
    if any(row["version"].split("+")[0] == __version__ for row in same):
        return rows
    figure = claim.run(seed)
    baseline = "" if figure.baseline is None else f"{figure.baseline:.6g}"
    values = (claim.name, str(seed), f"{figure.value:.6g}", baseline, figure.measure, _version())
    # Another process may have measured other rows meanwhile.
    kept = [row for row in _read() if row not in same]
    found = [*kept, dict(zip(COLUMNS, values, strict=True))]
    order = [each.name for each in CLAIMS]
    found.sort(key=lambda row: (order.index(row["claim"]), int(row["seed"])))
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(found)
    _write(ROWS, text.getvalue())
    _write(README, with_table(_readme(), found))
    print(*values, flush=True)
    return found


def with_table(readme: str, rows: Sequence[Row]) -> str:
    """README with the table that the rows give."""
    head, rest = readme.split(BEGIN)
    return head + BEGIN + table(rows) + END + rest.split(END)[1]


def table(rows: Sequence[Row]) -> str:
    """The table: mean and worst of the seeds measured, and the mean of the baseline on the same splits."""
    lines = [
        "| | measure | seeds | mean | median | worst | beside it, mean |",
        "|---|---|---|---|---|---|---|",
    ]
    missing = []
    for claim in CLAIMS:
        mine = [row for row in rows if row["claim"] == claim.name]
        if len(mine) < len(SEEDS):
            missing.append(f"{claim.name} ({len(mine)})")
        if mine:
            lines.append(_line(claim, mine))
    text = "\n".join(lines) + "\n"
    if missing:
        text += "\nFewer than ten seeds so far, for want of computing time (`make claims` goes on): "
        text += ", ".join(missing) + ".\n"
    return text


def _line(claim: Claim, rows: Sequence[Row]) -> str:
    values = np.array([float(row["value"]) for row in rows])
    worst = values.min() if claim.least_is_worst else values.max()
    beside = [float(row["baseline"]) for row in rows if row["baseline"]]
    last = f"{_number(float(np.mean(beside)))} {claim.beside}" if beside else ""
    numbers = (_number(float(each)) for each in (values.mean(), np.median(values), worst))
    return f"| {claim.words} | {rows[0]['measure']} | {len(rows)} | {' | '.join(numbers)} | {last} |"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.3f}"


def _version() -> str:
    found = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return f"{__version__}+{found.stdout.strip()}" if found.returncode == 0 else __version__


def _readme() -> str:
    return read_text(README, "clone the repository anew")


def _read() -> list[Row]:
    if not ROWS.exists():
        return []
    return list(csv.DictReader(io.StringIO(read_text(ROWS, "restore it from git"))))


def _write(path: Path, text: str) -> None:
    with replacing(path) as file:
        file.write(text.encode())


def _disagree() -> int:
    print("README's table is not what docs/claims.csv gives: benchmarks/claims.py --table", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
