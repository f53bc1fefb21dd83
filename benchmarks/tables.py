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
        heading, *lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells
        ]
        rule = "-" * max(len(heading), len(self.title))
        note = [self.note] if self.note else []
        return "\n".join(line.rstrip() for line in [self.title, rule, heading, rule, *lines, *note, ""])

    def record(self) -> dict[str, object]:
        """The table as plain data."""
        rows = [dict(zip(self.columns, row, strict=True)) for row in self.rows]
        return {"title": self.title, "note": self.note, "rows": rows}


def at_least(ratio: float, wanted: float | None) -> str:
    """A ratio, beside the one wanted of it if there is one."""
    return _judged(f"{ratio:.3g}x" if ratio < 1000 else f"{ratio:.0f}x", ratio, wanted, least=True)


def at_most(value: float, wanted: float | None, unit: str = "") -> str:
    """A value beside the largest one wanted."""
    return _judged(f"{value:.3g}{unit}", value, wanted, least=False)


def _judged(text: str, value: float, wanted: float | None, least: bool) -> str:
    if wanted is None:
        return text
    met = value >= wanted if least else value <= wanted
    return f"{text} ({'>=' if least else '<='} {wanted:g}{'' if met else ', missed'})"


def _printed(value: Value) -> str:
    if value is None:
        return "-"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
