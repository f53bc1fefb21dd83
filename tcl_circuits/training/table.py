"""A user's own table as training data: a CSV file in, standardised training and test rows out.

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
from dataclasses import dataclass, replace
from itertools import compress, islice
from pathlib import Path
from textwrap import shorten
from typing import TextIO

import numpy as np
from sklearn.model_selection import train_test_split

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.errors import InputError

LARGEST = 1e150  # numbers beyond are placeholders, with squares that overflow; spreads below 1/LARGEST are 0
MIN_ROWS = 6
MIN_CLASS_ROWS = 3  # a third of the rows are test rows, and each part needs every class
MAX_CLASSES = 50
_MISSING = frozenset({"", "nan", "na", "n/a", "#n/a", "<na>", "null"})
_TEXT = "is not a number; write it as one, or delete the row"
_SHOWN = 10
_BLOCK_CELLS = 100_000


@dataclass(frozen=True, eq=False)
class Table:
    """Numeric features and the target of each row.

    Parameters
    ----------
    features : ndarray of shape (rows, n)
        Finite, in the units of the file; no column is constant.
    feature_names : tuple of str
        Names of the `n` columns.
    target : ndarray of shape (rows,)
        float64 values in the unit of the file (regression) or int64 indices into `classes`.
    classes : tuple of str or None
        Names of the classes, sorted; None for regression.
    target_name, source : str
        Name of the target column, path of the file.
    dropped : tuple of str
        Columns left out of the features because they hold one value in every row.
    """

    features: FloatArray
    feature_names: tuple[str, ...]
    target: FloatArray | IntArray
    classes: tuple[str, ...] | None
    target_name: str
    source: str
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Split:
    """Training and test rows, standardised by the training rows.

    Parameters
    ----------
    train_inputs, test_inputs : ndarray of shape (a, n) and (b, n)
        ``(features - mean) / scale``, dimensionless; outliers stay, however many sigma out.
    train_target, test_target : ndarray of shape (a,) and (b,)
        As in :class:`Table`.
    mean, scale : ndarray of shape (n,)
        Mean and standard deviation of the training rows, in the units of the features; the scale of a
        feature that is constant in them is 1.
    """

    train_inputs: FloatArray
    test_inputs: FloatArray
    train_target: FloatArray | IntArray
    test_target: FloatArray | IntArray
    mean: FloatArray
    scale: FloatArray


def read_table(path: str | Path, target: str) -> Table:
    """Read a CSV file of the format described at the top of this module.

    Parameters
    ----------
    path : str or Path
        The file.
    target : str
        The column to be learned: numbers mean regression (or :func:`as_classes`), text means classes. Every
        other column is a feature.

    Returns
    -------
    Table
        The rows, in the order of the file.

    Raises
    ------
    InputError
        If the file is no text or has a faulty header, if rows are ragged, if cells are empty, not numbers or
        not finite (listed together, with line, column, value and remedy), or if there is too little to learn.
    """
    names, values, texts = _columns(Path(path), target)
    column = names.index(target)
    features, others = np.delete(values, column, axis=1), [name for name in names if name != target]
    varies = np.ptp(features, axis=0) > 0 if len(features) else np.full(len(others), True)
    classes = tuple(sorted(set(texts)))
    index = {name: position for position, name in enumerate(classes)}
    table = Table(
        features=features[:, varies],
        feature_names=tuple(compress(others, varies.tolist())),
        target=np.array([index[text] for text in texts], dtype=np.int64)
        if classes
        else values[:, column].copy(),
        classes=classes or None,
        target_name=target,
        source=str(path),
        dropped=tuple(compress(others, (~varies).tolist())),
    )
    return _checked(table)


def as_classes(table: Table) -> Table:
    """Take each distinct value of a numeric target as a class, in ascending order.

    Raises
    ------
    InputError
        If there are more than 50 distinct values, only one, or one in fewer than three rows.
    """
    if table.classes is not None:
        return table
    values, indices = np.unique(table.target, return_inverse=True)
    names = tuple(str(int(v)) if v.is_integer() and abs(v) < 1e15 else repr(v) for v in values.tolist())
    return _checked(replace(table, target=indices.astype(np.int64), classes=names))


def split_table(table: Table, seed: int, test_fraction: float = 1 / 3) -> Split:
    """Divide the rows at random into training and test rows, stratified by class, and standardise them.

    Parameters
    ----------
    table : Table
        With features of shape (rows, n).
    seed : int
        0 to 2**32 - 1; the same seed gives the same split.
    test_fraction : float
        Share of the test rows, rounded up to whole rows.

    Raises
    ------
    InputError
        If the seed is out of range, if there is too little to learn from, or if the fraction leaves a part with fewer than two rows or lacking a class.
    """
    if not 0 <= seed < 2**32:
        raise InputError(f"seed {seed} is out of range; give a whole number from 0 to {2**32 - 1}")
    rows, classes = len(_checked(table).target), len(table.classes or ())
    tests = int(np.ceil(rows * test_fraction)) if 0 < test_fraction < 1 else 0
    if min(tests, rows - tests) >= max(2, classes):
        stratify = table.target if classes else None
        train, test = train_test_split(np.arange(rows), test_size=tests, random_state=seed, stratify=stratify)
        if all(len(np.unique(table.target[part])) >= classes for part in (train, test)):
            mean, scale = _scaling(table.features[train])
            inputs = (table.features - mean) / scale
            return Split(inputs[train], inputs[test], table.target[train], table.target[test], mean, scale)
    raise InputError(
        f"test fraction {test_fraction:g} of {rows} rows leaves too few test or training rows"
        f"{f' for {classes} classes' if classes else ''}; give one nearer to 1/2, or more rows"
    )


def _checked(table: Table) -> Table:
    """Return the table if there is enough to learn from."""
    classes, target = table.classes or (), table.target
    counts = np.bincount(target) if classes else ()
    few = [
        f"{name!r} ({count})" for name, count in zip(classes, counts, strict=True) if count < MIN_CLASS_ROWS
    ]
    if len(target) < MIN_ROWS:
        fault = f"{len(target)} rows below the header; give at least {MIN_ROWS}"
    elif not table.feature_names:
        fault = "every column but the target is constant; add columns that vary"
    elif target.min() == target.max():
        value = repr(classes[0]) if classes else f"{target[0]:g}"
        fault = f"{value} in every row of {table.target_name!r} leaves nothing to learn; add rows with others"
    elif len(classes) > MAX_CLASSES:
        remedy = "merge some, or train a regression on numbers"
        fault = f"{len(classes)} classes in column {table.target_name!r}, more than {MAX_CLASSES}; {remedy}"
    elif few:
        remedy = "add rows of these classes, or merge or delete them"
        fault = f"fewer than {MIN_CLASS_ROWS} rows of {table.target_name!r} = {', '.join(few)}; {remedy}"
    else:
        return table
    raise InputError(f"{table.source}: {fault}")


def _scaling(train: FloatArray) -> tuple[FloatArray, FloatArray]:
    constant = train.min(axis=0) == train.max(axis=0)
    mean = train.mean(axis=0)
    mean = np.where(constant, train[0], mean + (train - mean).mean(axis=0))
    spread = np.sqrt(np.square(train - mean).mean(axis=0))
    return mean, np.where(constant | (spread < 1 / LARGEST), 1.0, spread)


def _columns(file: Path, target: str) -> tuple[list[str], FloatArray, list[str]]:
    """Read names and numbers (rows, columns) of a file, and the cells (rows,) of a target if it is text."""
    if not file.is_file():
        fault = "is not a file" if file.exists() else "does not exist"
        raise InputError(f"{file} {fault}; give the path of a CSV file")
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
    if min(zeros) > 0 or max(zeros) < len(head) / 4:
        raise InputError(f"{file} is binary, not text; export the table as CSV (in Excel: 'CSV UTF-8')")
    return "utf-16-le" if zeros[1] else "utf-16-be"


def _parse(stream: TextIO, target: str, source: str) -> tuple[list[str], FloatArray, list[str]]:
    records = _records(stream, source)
    names = _header(records, target, source)
    column = names.index(target)
    blocks, texts, ragged = [np.empty((0, len(names)))], list[str](), False
    while some := list(islice(records, max(1, _BLOCK_CELLS // len(names)))):
        rows = [row for _, row in some if len(row) == len(names)]
        ragged |= len(rows) < len(some)
        blocks.append(_block(rows, len(names)))
        texts += [row[column].strip() for row in rows]
    values = np.concatenate(blocks)
    usable = np.abs(values) <= LARGEST
    is_text = [] if usable[:, column].all() else [_fault(text) == _TEXT for text in texts]
    class_column = target if 2 * sum(is_text) > len(texts) else ""
    if class_column:
        usable[:, column] = is_text
    if ragged or not usable.all():
        useless = set(compress(names, (~usable.any(axis=0)).tolist())) if len(texts) > 1 else set()
        found = _faults(islice(_records(stream, source), 1, None), names, class_column, useless)
        shown = list(islice(found, _SHOWN))
        more = [f"and {count} more"] if (count := sum(1 for _ in found)) else []
        raise InputError("\n  - ".join([f"{source} has faults:", *shown, *more]))
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
            if any(row) and (len(row) > 1 or row[0].strip()):
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
        near = "".join(f"did you mean {name!r}? " for name in difflib.get_close_matches(target, names, n=1))
        fault = f"no column {target!r}; {near}The columns are {shorten(', '.join(map(repr, names)), 1000)}"
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
