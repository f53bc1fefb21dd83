"""The table of expected figures, written and read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from tcl_circuits.errors import InputError
from tcl_circuits.handoff.benches import Bench

COLUMNS = ("testbench", "measure", "quantity", "of", "sample", "unit", "expected", "tolerance")
"""Columns of expected.csv."""

Rows: TypeAlias = Mapping[tuple[str, str], tuple[float, float]]
"""Expected value and tolerance, by test bench and measurement."""


def expected_csv(made: Iterable[Bench]) -> str:
    """The expected figures as a table; names in it are SPICE names."""
    stream = io.StringIO()
    table = csv.writer(stream, lineterminator="\n")
    table.writerow(COLUMNS)
    for bench in made:
        for one in bench.expected:
            row: Sequence[object] = (
                bench.name,
                one.name,
                one.what,
                one.of,
                one.sample,
                one.unit,
                f"{one.value:.9g}",
                f"{one.tolerance:g}",
            )
            table.writerow(row)
    return stream.getvalue()


def expected_rows(text: str) -> Rows:
    """Read the table.

    Raises
    ------
    InputError
        If it has other columns, or a value is no number.
    """
    table = csv.DictReader(io.StringIO(text))
    if tuple(table.fieldnames or ()) != COLUMNS:
        raise InputError(f"expected.csv has the columns {table.fieldnames}, not {', '.join(COLUMNS)}")
    found = {}
    for number, row in enumerate(table, 2):
        try:
            pair = (float(row["expected"]), float(row["tolerance"]))
        except (TypeError, ValueError):
            raise InputError(f"expected.csv, line {number}: expected and tolerance must be numbers") from None
        found[row["testbench"], row["measure"]] = pair
    return found
