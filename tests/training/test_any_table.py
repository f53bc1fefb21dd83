"""Whatever a table's file holds, it is read or refused: seeded mutations of good ones."""

from __future__ import annotations

import random
import warnings
from pathlib import Path

import numpy as np
import pytest

from tcl_circuits.errors import InputError
from tcl_circuits.training.table import as_classes, read_table
from tcl_circuits.training.table_task import from_table

CELLS = (
    *(
        "",
        "?",
        "nan",
        "inf",
        "1e999",
        "-1e-320",
        "007",
        "1,5",
        "1,234",
        "1.234,5",
        "true",
        "−3",
        '"',
        '"a',
        "\0",
    ),
    *(
        "\ufeff",
        "# x",
        "sep=;",
        "é",
        "\u2028",
        "１",
        "1_000",
        "9" * 400,
        "z" * 200_000,
        "\r",
        "\n",
        " ",
        "\t",
        "|",
    ),
)
BYTES = b',;\t|"\n\r 0123456789.-+eE#abz\x00\xff\xe9\xc3'
FIRST = ("", "", "", "sep=;\n", "# c\n", "\ufeff", "Title\n\n", "@relation t\n")


def rows(rng: random.Random) -> list[list[str]]:
    """A good table of two numbers and a class, some of whose cells are then others."""
    table = [["x", "y", "kind"]]
    table += [[f"{rng.gauss(0, 3):.2f}", str(k * k % 7), rng.choice("ab")] for k in range(30)]
    for _ in range(rng.choice((0, 1, 1, 2, 3))):
        row = table[rng.randrange(len(table))]
        what = rng.choice(("cell", "cell", "cell", "short", "long", "column"))
        if what == "short":
            row.pop()
        elif what == "long":
            row.append(rng.choice(CELLS))
        elif what == "cell":
            row[0] = rng.choice(CELLS)
        else:
            cell = rng.choice(CELLS)
            table[1:] = [[cell, *one[1:]] for one in table[1:]]
    return table


def content(rng: random.Random) -> bytes:
    """The bytes of such a table, some of which are then others."""
    text = rng.choice(("\n", "\r\n", "\r")).join(map(rng.choice(",;\t| ").join, rows(rng)))
    found = bytearray((rng.choice(FIRST) + text).encode(rng.choice(("utf-8", "utf-8", "utf-16"))))
    for _ in range(rng.choice((0, 0, 1, 3))):
        place = rng.randrange(len(found))
        found[place : place + rng.randrange(4)] = bytes(rng.choices(BYTES, k=rng.randrange(4)))
    return bytes(found)


@pytest.mark.parametrize("seed", range(8))
def test_it_is_read_or_refused(tmp_path: Path, seed: int) -> None:
    rng, path, read = random.Random(seed), tmp_path / "data.csv", 0
    for _ in range(40):
        path.write_bytes(content(rng))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                table = read_table(path, "kind", missing=rng.choice(("refuse", "drop")))
                task = from_table(as_classes(table))
            except InputError:
                continue
        read += 1
        assert np.isfinite(task.train.inputs).all()
        assert len(table.target) + (table.left_out.rows if table.left_out else 0) <= 32
    assert read > 0
