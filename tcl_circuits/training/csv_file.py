"""The text of a CSV file as numbers, or one refusal that lists its faults with line, column and remedy.

The file is UTF-8 or UTF-16 text, with or without a byte-order mark: a header row, then one row per example.
Cells are separated by commas, semicolons or tabs, whichever the first line has most of outside of quotes.
Numbers have a decimal point; a decimal comma is refused, as ``1,234`` may mean two things. Lines without
content are skipped.

The csv reader of the standard library is used, in blocks of rows: other than the parser of a data frame it
knows the line of a row, tells missing cells from empty ones, and lets every number be rounded exactly.
"""

from __future__ import annotations

import codecs
import csv
import difflib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from textwrap import shorten
from typing import TextIO

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.errors import InputError
from tcl_circuits.files import require_file

LARGEST = 1e150
"""Numbers beyond are placeholders, with squares that overflow."""
_MISSING = frozenset({"", "nan", "na", "n/a", "#n/a", "<na>", "null", "none", "missing", "?", "-", "--", "."})
_TEXT = "is not a number; write it as one, or delete the row"
_SHOWN = 10
_BLOCK_CELLS = 2000  # larger blocks are slower, as the garbage collector walks them
_BLOCK_ROWS = 50  # at least


def read_columns(file: Path, target: str) -> tuple[list[str], FloatArray, list[str]]:
    """Read a CSV file of the format described at the top of this module.

    Parameters
    ----------
    file : Path
        The file.
    target : str
        The one column that may hold text.

    Returns
    -------
    names : list of str
        Names of the columns.
    values : ndarray of shape (rows, columns)
        Numbers, finite; nan in the target column if that is text.
    texts : list of str
        Cells of the target column (rows,), empty if they are numbers.

    Raises
    ------
    InputError
        If the file is no text or has a faulty header, if rows are ragged, or if cells are empty, not numbers
        or not finite (listed together, with line, column, value and remedy).
    """
    require_file(file, "give the path of a CSV file")
    try:
        with file.open(encoding=_encoding(file), newline="") as stream:
            return _parse(stream, target, str(file))
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not {error.encoding} text ({error.reason}); save it as UTF-8") from error
    except OSError as error:
        raise InputError(f"{file} can't be read: {error.strerror}") from error


def _encoding(file: Path) -> str:
    with file.open("rb") as stream:
        head = stream.read(4096)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    zeros = head[::2].count(0), head[1::2].count(0)
    if max(zeros) == 0:
        return "utf-8-sig"
    if min(zeros) > 0 or max(zeros) < 3 / 8 * len(head):
        raise InputError(f"{file} is binary, not text; export the table as CSV (in Excel: 'CSV UTF-8')")
    return "utf-16-le" if zeros[1] else "utf-16-be"


def _parse(stream: TextIO, target: str, source: str) -> tuple[list[str], FloatArray, list[str]]:
    records = _records(stream, source)
    names = _header(records, target, source)
    column = names.index(target)
    blocks, texts, ragged = [np.empty((0, len(names)))], list[str](), False
    while taken := list(islice(records, max(_BLOCK_ROWS, _BLOCK_CELLS // len(names)))):
        rows = [row for _, row in taken if len(row) == len(names)]
        ragged |= len(rows) < len(taken)
        blocks.append(_block(rows, len(names)))
        texts += [row[column].strip() for row in rows]
    values = np.concatenate(blocks)
    usable = np.abs(values) <= LARGEST
    kinds = {} if usable[:, column].all() else {text: _fault(text) == _TEXT for text in set(texts)}
    is_text = [kinds[text] for text in texts] if kinds else []
    known = sum(text.lower() not in _MISSING for text in texts) if kinds else 0
    class_column = target if 2 * sum(is_text) > known else ""
    if class_column:
        usable[:, column] = is_text
    if ragged or not usable.all():
        useless = {name for j, name in enumerate(names) if len(texts) > 1 and not usable[:, j].any()}
        rows_below = islice(_records(stream, source), 1, None)
        raise _refusal(source, _faults(rows_below, names, class_column, useless))
    return names, values, texts if class_column else []


def _block(rows: Sequence[Sequence[str]], width: int) -> FloatArray:
    values = np.empty((len(rows), width))
    for column, cells in enumerate(zip(*rows, strict=True)):
        values[:, column] = _numbers(cells)
    return values


def _records(stream: TextIO, source: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows with content from the start of the file, each with the number of its first line."""
    stream.seek(0)
    first = re.sub('"[^"]*"', "", next(filter(str.strip, stream), ""))
    delimiter = max(",;\t", key=first.count)
    stream.seek(0)
    reader, line = csv.reader(stream, delimiter=delimiter, skipinitialspace=True, strict=True), 1
    try:
        for row in reader:
            if row and (row[0].strip() or any(row[1:])):
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        remedy = "close each quotation mark, and double those within a quoted cell"
        raise InputError(f"{source}, row {line}: {error}; {remedy}") from error


def _header(records: Iterator[tuple[int, list[str]]], target: str, source: str) -> list[str]:
    line, row = next(records, (1, []))
    names = [name.strip() for name in row]
    twice = [repr(name) for name, count in Counter(names).items() if count > 1]
    if not any(_fault(name) for name in names):
        fault = "no header; name the columns in the first row, and give the numbers in the rows below"
    elif "" in names:
        fault = f"column {names.index('') + 1} has no name; name it or delete the column"
    elif twice:
        fault = f"several columns are named {', '.join(twice)}; rename or delete them"
    elif target not in names:
        near = "".join(f" (did you mean {name!r}?)" for name in difflib.get_close_matches(target, names, n=1))
        fault = f"no column {target!r}{near}; the columns are {shorten(', '.join(map(repr, names)), 1000)}"
    elif len(names) == 1:
        fault = "no column but the target; add columns of numbers, separated by commas, semicolons or tabs"
    else:
        return names
    raise InputError(f"{source}, row {line}: {fault}")


def _number(text: str) -> float:
    """Return the value of a cell, nan if it is none; other than in ``float``, 1_000 is none."""
    try:
        return float(text) if text.strip().isascii() and "_" not in text else np.nan
    except ValueError:
        return np.nan


def _numbers(cells: Sequence[str]) -> FloatArray:
    text = "".join(cells)
    if text.isascii() and "_" not in text:
        with suppress(ValueError):
            return np.fromiter(map(float, cells), dtype=np.float64, count=len(cells))
    return np.fromiter(map(_number, cells), dtype=np.float64, count=len(cells))


def _fault(cell: str) -> str:
    """Say what keeps a cell from being a usable number, and the remedy; nothing for a number."""
    text = cell.strip()
    value = _number(text)
    if abs(value) <= LARGEST:
        return ""
    if text.lower() in _MISSING:
        return "is no value; fill the cell or delete the row"
    if not np.isnan(value):
        return f"is infinite or beyond {LARGEST:g}; correct it or delete the row"
    if "," in text and not np.isnan(_number(text.replace(",", ""))):
        return "has a comma; write a decimal point, and no separator of thousands"
    return _TEXT


def _faults(
    records: Iterator[tuple[int, list[str]]], names: list[str], class_column: str, useless: set[str]
) -> Iterator[str]:
    """Describe the faults in the order of the file, but all those of a useless column as one."""
    told = set[str]()
    for line, row in records:
        if len(row) != len(names):
            remedy = "complete the row, and quote cells that contain the delimiter"
            yield f"row {line}: {len(row)} cells where the header has {len(names)}; {remedy}"
            continue
        for name, cell in zip(names, row, strict=True):
            fault = _fault(cell)
            if name == class_column:
                fault = "" if fault == _TEXT else fault or "is a number among names; write it as 'class 1'"
            if name in useless:
                fault = "" if name in told else f"{fault} (no cell of this column is usable: delete it?)"
                told.add(name)
            if fault:
                shown = cell if len(cell) <= 40 else f"{cell[:40]}..."
                yield f"row {line}, column {name!r}: {shown!r} {fault}"


def _refusal(source: str, faults: Iterator[str]) -> InputError:
    shown = list(islice(faults, _SHOWN))
    rest = sum(1 for _ in faults)
    more = [f"and {rest} more"] if rest else []
    return InputError("\n  - ".join([f"{source} has faults:", *shown, *more]))
