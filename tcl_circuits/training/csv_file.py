"""The columns of a table as numbers, or one refusal that lists its faults with line, column and remedy.

The file is one of :mod:`tcl_circuits.delimited`, one row per example. Numbers have a decimal point; decimal
commas are read where they can be nothing else, and refused where ``1,234`` may mean two things. A column of
``true`` and ``false`` is read as 1 and 0.

Rows are read in blocks, so that a table may be larger than what Python makes of its text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import compress, islice
from operator import itemgetter
from typing import TypeAlias

import numpy as np

from tcl_circuits.arrays import BoolArray, FloatArray
from tcl_circuits.delimited import Delimited, commas_are_decimal, has_comma, is_code, number, plain_number
from tcl_circuits.errors import InputError

LARGEST = 1e150
"""Numbers beyond are placeholders, with squares that overflow."""
CSV = "give the path of a CSV file"
"""Remedy where there is no such table."""
MISSING = ("refuse", "drop")
"""What can be done about a row without a value somewhere."""
_MISSING = frozenset({"", "nan", "na", "n/a", "#n/a", "<na>", "null", "none", "missing", "?", "-", "--", "."})
_TRUTH = {"true": 1.0, "false": 0.0}
_TEXT = "is not a number; write it as one, or delete the row"
_COMMA = "has a comma; write a decimal point, and no separator of thousands"
_CODE = "has a leading zero, as codes have; write it without, or leave the column out with --drop"
_LEADING_ZERO = re.compile(r"\n\s*0\d")
_SHOWN = 10
_BLOCK_CELLS = 2000  # larger blocks are slower, as the garbage collector walks them
_BLOCK_ROWS = 50  # at least

_Reader: TypeAlias = Callable[[Sequence[str]], FloatArray]


@dataclass(frozen=True)
class LeftOut:
    """Rows that were left out, as they lack a value.

    Parameters
    ----------
    rows, of : int
        How many, and of how many.
    columns : mapping
        In how many of them each column has none.
    """

    rows: int
    of: int
    columns: tuple[tuple[str, int], ...]

    def __str__(self) -> str:
        """What was left out and why, in words."""
        where = ", ".join(f"{name} ({count})" for name, count in self.columns)
        return f"{self.rows} of {self.of} rows left out: missing value in {where}"


@dataclass(frozen=True, eq=False)
class Columns:
    """Columns of a table.

    Parameters
    ----------
    names : tuple of str
        Their names, in the order of the file.
    target : int or None
        Which of them is to be learned, if one is.
    values : ndarray of shape (rows, columns)
        Numbers, finite; nan in the target column if that is text.
    texts : list of str
        Cells of the target column (rows,), empty if they are numbers.
    kept : ndarray of shape (rows of the file,)
        Which rows of the file these are.
    left_out : LeftOut or None
        Rows that are not among these.
    """

    names: tuple[str, ...]
    target: int | None
    values: FloatArray
    texts: list[str]
    kept: BoolArray
    left_out: LeftOut | None = None


def read_columns(
    table: Delimited,
    target: str | None,
    features: Collection[str] | None = None,
    drop: Collection[str] = (),
    missing: str = "refuse",
) -> Columns:
    """Read columns of a table as described at the top of this module.

    Parameters
    ----------
    table : Delimited
        The table.
    target : str or None
        The one column that may hold text, if there is one.
    features : collection of str, optional
        The other columns to read; by default all. What stands in those that are not read does not matter.
    drop : collection of str
        Columns not to read.
    missing : {"refuse", "drop"}
        What to do about rows in which a column that is read has no value.

    Raises
    ------
    InputError
        If there is no such column, if rows are ragged, or if cells are empty, not numbers or not finite
        (listed together, with line, column, value and remedy).
    """
    if missing not in MISSING:
        raise InputError(f"missing = {missing!r} is none of {', '.join(MISSING)}")
    return _Reading(table, *_chosen(table, target, features, drop), missing == "drop").columns()


def _chosen(
    table: Delimited, target: str | None, features: Collection[str] | None, drop: Collection[str]
) -> tuple[list[int], int | None]:
    """Positions of the columns to read, and which of these is the target."""
    if target is None:
        return [table.column(name) for name in features or table.names], None
    learned, dropped = table.column(target), {table.column(name) for name in drop}
    wanted = set(range(len(table.names))) if features is None else {table.column(name) for name in features}
    if learned in dropped or (features is not None and learned in wanted):
        raise InputError(f"{table.path}: {target!r} is the target; take it out of --features and --drop")
    twice = wanted & dropped
    if features is not None and twice:
        raise InputError(
            f"{table.path}: {table.names[min(twice)]!r} is in both --features and --drop; take it out of one"
        )
    used = sorted((wanted | {learned}) - dropped)
    if len(used) == 1:
        remedy = "add or leave columns of numbers, separated by commas, semicolons, tabs, bars or blanks"
        raise InputError(f"{table.path}, row {table.line}: no column but the target; {remedy}")
    return used, used.index(learned)


@dataclass(frozen=True)
class _Reading:
    """What is read of a table: columns `used`, the one at `target` among them the target."""

    table: Delimited
    used: list[int]
    target: int | None
    leaves_out: bool

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.table.names[k] for k in self.used)

    def columns(self) -> Columns:
        readers: list[_Reader] = [_numbers] * len(self.used)
        found, texts, ragged = self._parsed(readers)
        others = [j for j in range(len(self.used)) if j != self.target]
        if not _usable(found)[:, others].all() or any(map(has_comma, set(texts))):
            readers = self._readers(found)
            found, texts, ragged = self._parsed(readers)
        usable = _usable(found)
        numbers = self.target is None or usable[:, self.target].all()
        classes = None if numbers else _classes(texts)
        if classes is not None:
            usable[:, self.target] = [text in classes for text in texts]
        lacks = ~usable & self._lacking() if self.leaves_out and not usable.all() else np.zeros_like(usable)
        kept: BoolArray = np.logical_not(lacks.any(axis=1))
        if ragged or not usable[kept].all():
            useless = (
                set(compress(self.names, np.logical_not(usable.any(axis=0)).tolist()))
                if len(found) > 1
                else set()
            )
            raise _refusal(str(self.table.path), self._faults(readers, classes, useless))
        counts = zip(self.names, lacks.sum(axis=0).tolist(), strict=True)
        left_out = LeftOut(int(np.sum(~kept)), kept.size, tuple(pair for pair in counts if pair[1]))
        if left_out.rows == left_out.of > 0:
            raise InputError(f"{self.table.path}: {left_out}; fill them, or leave out columns with --drop")
        return Columns(
            self.names,
            self.target,
            found[kept],
            [] if classes is None else list(compress(texts, kept.tolist())),
            kept,
            left_out if left_out.rows else None,
        )

    def _blocks(self) -> Iterator[tuple[list[Sequence[str]], bool]]:
        """Yield the cells of each column by block, and whether the block has ragged rows."""
        width, rows = len(self.table.names), self.table.rows()
        while taken := list(islice(rows, max(_BLOCK_ROWS, _BLOCK_CELLS // width))):
            whole = [itemgetter(*self.used)(row) for _, row in taken if len(row) == width]
            yield list(zip(*whole, strict=True)) or [()] * len(self.used), len(whole) < len(taken)

    def _parsed(self, readers: Sequence[_Reader]) -> tuple[FloatArray, list[str], bool]:
        """Return numbers, nan where there are none; the target's texts; whether rows are ragged."""
        blocks, texts, any_ragged = [np.empty((0, len(self.used)))], list[str](), False
        for cells, ragged in self._blocks():
            columns = [read(column) for read, column in zip(readers, cells, strict=True)]
            blocks.append(np.stack(columns, axis=1))
            texts += [] if self.target is None else [text.strip() for text in cells[self.target]]
            any_ragged |= ragged
        return np.concatenate(blocks), texts, any_ragged

    def _readers(self, found: FloatArray) -> list[_Reader]:
        """Choose how to read each column, of which some hold what is no number by itself."""
        comma = commas_are_decimal(cell for cells, _ in self._blocks() for column in cells for cell in column)
        readers: list[_Reader] = [_decimals if comma else _numbers] * len(self.used)
        for j in np.flatnonzero(np.isnan(found).all(axis=0)).tolist():
            seen = {cell.strip().lower() for cells, _ in self._blocks() for cell in cells[j]} - _MISSING
            if j != self.target and seen and seen <= _TRUTH.keys():
                readers[j] = _truths
        return readers

    def _lacking(self) -> BoolArray:
        """Where cells have no value."""
        blocks = [
            [[cell.strip().lower() in _MISSING for cell in column] for column in cells]
            for cells, _ in self._blocks()
        ]
        return np.concatenate([np.array(block, dtype=bool) for block in blocks], axis=1).T

    def _faults(
        self, readers: Sequence[_Reader], classes: Collection[str] | None, useless: set[str]
    ) -> Iterator[str]:
        """Describe the faults in the order of the file, but all those of a useless column as one."""
        table, told = self.table, set[str]()
        for line, row in table.rows():
            if len(row) != len(table.names):
                remedy = f"complete the row, and quote cells that contain {table.delimiter!r}"
                yield f"row {line}: {len(row)} cells where the header has {len(table.names)}; {remedy}"
                continue
            for j, (k, name, read) in enumerate(zip(self.used, self.names, readers, strict=True)):
                fault = "" if _usable(read([row[k]])).all() else _fault(row[k])
                if classes is not None and j == self.target:
                    named = row[k].strip() in classes
                    fault = (
                        "" if named else _fault(row[k]) or "is a number among names; write it as 'class 1'"
                    )
                if self.leaves_out and row[k].strip().lower() in _MISSING:
                    fault = ""
                if name in useless and fault:
                    hint = "" if fault == _COMMA else f" (no cell of this column is usable: --drop {name!r}?)"
                    fault = "" if name in told else fault + hint
                    told.add(name)
                if fault:
                    shown = row[k] if len(row[k]) <= 40 else f"{row[k][:40]}..."
                    yield f"row {line}, column {name!r}: {shown!r} {fault}"


def _classes(texts: Sequence[str]) -> frozenset[str] | None:
    """Return which cells of a target name classes, nothing if the target is numbers."""
    known = [text for text in texts if text.lower() not in _MISSING]
    different = set(known)
    if any(map(is_code, different)) and all(text.isdigit() for text in different):
        return frozenset(different)
    named = frozenset(text for text in different if _fault(text) in (_TEXT, _CODE))
    return named if 2 * sum(text in named for text in known) > len(known) else None


def _usable(values: FloatArray) -> BoolArray:
    return np.asarray(np.abs(values) <= LARGEST)


def _numbers(cells: Sequence[str]) -> FloatArray:
    text = "\n".join(["", *cells])
    if text.isascii() and "_" not in text and not _LEADING_ZERO.search(text):
        with suppress(ValueError):
            return np.fromiter(map(float, cells), dtype=np.float64, count=len(cells))
    return np.fromiter(map(number, cells), dtype=np.float64, count=len(cells))


def _decimals(cells: Sequence[str]) -> FloatArray:
    return _numbers([plain_number(cell, ",") for cell in cells])


def _truths(cells: Sequence[str]) -> FloatArray:
    return np.array([_TRUTH.get(cell.strip().lower(), np.nan) for cell in cells])


def _fault(cell: str) -> str:
    """Say what keeps a cell from being a usable number, and the remedy; nothing for a number."""
    text = cell.strip()
    value = number(text)
    if abs(value) <= LARGEST:
        return ""
    if text.lower() in _MISSING:
        return "is no value; fill the cell, or leave such rows out with --missing drop"
    if not np.isnan(value):
        return f"is infinite or beyond {LARGEST:g}; correct it or delete the row"
    if is_code(text):
        return _CODE
    return _COMMA if has_comma(text) else _TEXT


def _refusal(source: str, faults: Iterator[str]) -> InputError:
    shown = list(islice(faults, _SHOWN))
    rest = sum(1 for _ in faults)
    more = [f"and {rest} more"] if rest else []
    return InputError("\n  - ".join([f"{source} has faults:", *shown, *more]))
