"""Plain aligned tables, and the same as records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

Value: TypeAlias = str | int | float | None


@dataclass
class Table:
    """Rows of values under column names, with a title and a note."""

    title: str
    columns: Sequence[str]
    note: str = ""
    rows: list[list[Value]] = field(default_factory=list)

    def add(self, *values: Value) -> None:
        """Append a row."""
        if len(values) != len(self.columns):
            raise ValueError(f"{len(values)} values for {len(self.columns)} columns")
        self.rows.append(list(values))

    def text(self) -> str:
        """Aligned text."""
        cells = [list(self.columns), *([_printed(value) for value in row] for row in self.rows)]
        widths = [max(len(row[k]) for row in cells) for k in range(len(self.columns))]
        lines = ["  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in cells]
        rule = "-" * len(lines[0])
        return "\n".join([self.title, rule, lines[0], rule, *lines[1:], *([self.note] if self.note else []), ""])

    def record(self) -> dict[str, object]:
        """The table as plain data."""
        rows = [dict(zip(self.columns, row, strict=True)) for row in self.rows]
        return {"title": self.title, "note": self.note, "rows": rows}


def against(ratio: float, wanted: float | None) -> str:
    """A ratio beside the one wanted of it."""
    return times(ratio) if wanted is None else f"{times(ratio)} (>= {wanted:g}x)"


def times(ratio: float) -> str:
    """A ratio for people."""
    return f"{ratio:.3g}x" if ratio < 1000 else f"{ratio:.0f}x"


def _printed(value: Value) -> str:
    if value is None:
        return "-"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
