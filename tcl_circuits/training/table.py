"""A user's own table as training data: a file in, standardised training and test rows out."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import compress
from pathlib import Path

import numpy as np

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.delimited import Delimited
from tcl_circuits.errors import InputError, Remark
from tcl_circuits.training.csv_file import CSV, LARGEST, LeftOut, read_columns

MIN_ROWS = 6
MIN_CLASS_ROWS = 3  # a third of the rows are test rows, and each part needs every class
MAX_CLASSES = 50
FEW = 10
"""Most whole numbers of a target that may be meant as classes."""


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
    left_out : LeftOut or None
        Rows left out because they lack a value.
    """

    features: FloatArray
    feature_names: tuple[str, ...]
    target: FloatArray | IntArray
    classes: tuple[str, ...] | None
    target_name: str
    source: str
    dropped: tuple[str, ...] = ()
    left_out: LeftOut | None = None


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
    train_rows, test_rows : ndarray of shape (a,) and (b,)
        Places of the rows in the table.
    """

    train_inputs: FloatArray
    test_inputs: FloatArray
    train_target: FloatArray | IntArray
    test_target: FloatArray | IntArray
    mean: FloatArray
    scale: FloatArray
    train_rows: IntArray
    test_rows: IntArray


def read_table(
    path: str | Path,
    target: str,
    features: Collection[str] | None = None,
    drop: Collection[str] = (),
    missing: str = "refuse",
) -> Table:
    r"""Read a file of the format described in :mod:`tcl_circuits.training.csv_file`.

    Parameters
    ----------
    path : str or Path
        The file.
    target : str
        The column to be learned: numbers mean regression (or :func:`as_classes`), text means classes.
    features : collection of str, optional
        The columns to learn it from; by default all others.
    drop : collection of str
        Columns to leave out.
    missing : {"refuse", "drop"}
        What to do about rows without a value in a column that is read.

    Returns
    -------
    Table
        The rows, in the order of the file.

    Raises
    ------
    InputError
        If the file is no text or has a faulty header, if rows are ragged, if cells are empty, not numbers or
        not finite (listed together, with line, column, value and remedy), or if there is too little to learn.

    Warns
    -----
    Remark
        If rows or constant columns are left out, or a column may number the rows.

    Examples
    --------
    >>> from tempfile import NamedTemporaryFile
    >>> with NamedTemporaryFile("w", suffix=".csv") as file:
    ...     _ = file.write("id,x,y\na,0,1.5\nb,3,2\nc,1,3\nd,2,4\ne,0,0\nf,5,1\n")
    ...     file.flush()
    ...     read_table(file.name, "y", drop=["id"]).feature_names
    ('x',)
    """
    found = read_columns(Delimited.read(Path(path), CSV), target, features, drop, missing)
    assert found.target is not None
    values = np.delete(found.values, found.target, axis=1)
    others = found.names[: found.target] + found.names[found.target + 1 :]
    varies = np.ptp(values, axis=0) > 0 if len(values) else np.full(len(others), True)
    classes = tuple(sorted(set(found.texts)))
    index = {name: position for position, name in enumerate(classes)}
    table = Table(
        features=values[:, varies],
        feature_names=tuple(compress(others, varies.tolist())),
        target=np.array([index[text] for text in found.texts], dtype=np.int64)
        if classes
        else found.values[:, found.target].copy(),
        classes=classes or None,
        target_name=found.names[found.target],
        source=str(path),
        dropped=tuple(compress(others, (~varies).tolist())),
        left_out=found.left_out,
    )
    for remark in _remarks(_checked(table)):
        warnings.warn(f"{path}: {remark}", Remark, stacklevel=2)
    return table


def _remarks(table: Table) -> Iterator[str]:
    if table.left_out is not None:
        yield str(table.left_out)
    if table.dropped:
        yield f"one value in every row of {', '.join(map(repr, table.dropped))}, which is left out"
    for name, values in zip(table.feature_names, table.features.T, strict=True):
        if _whole(values) and np.unique(values).size == values.size:
            yield f"another whole number in each row of {name!r}; if it numbers them, --drop {name!r}"


def _whole(values: FloatArray | IntArray) -> bool:
    return bool(np.all(values == np.rint(values)))


def as_classes(table: Table) -> Table:
    """Take each distinct value of a numeric target as a class, in ascending order.

    Raises
    ------
    InputError
        If there are more than 50 distinct values, only one, or one in fewer than three rows.

    Warns
    -----
    Remark
        If the values look like measurements.
    """
    if table.classes is not None:
        return table
    values, indices = np.unique(table.target.astype(np.float64), return_inverse=True)
    names = tuple(str(int(v)) if v.is_integer() and abs(v) < 1e15 else repr(v) for v in values.tolist())
    classified = _checked(replace(table, target=indices.astype(np.int64), classes=names))
    if not may_be_classes(table.target):
        warnings.warn(
            f"{table.source}: {table.target_name!r} holds {values.size} numbers, which are "
            "taken as classes; without --classes they are learned as values",
            Remark,
            stacklevel=2,
        )
    return classified


def may_be_classes(target: FloatArray | IntArray) -> bool:
    """Whether the numbers of a target are few and whole, as those of classes are."""
    return _whole(target) and np.unique(target).size <= min(FEW, len(target) // MIN_CLASS_ROWS)


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
        If the seed is out of range, if there is too little to learn from, or if the fraction
        leaves a part with fewer than two rows or lacking a class.
    """
    from sklearn.model_selection import train_test_split  # a second to import: only where rows are split

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
            targets = table.target[train], table.target[test]
            return Split(inputs[train], inputs[test], *targets, mean, scale, train, test)
    raise InputError(
        f"test fraction {test_fraction:g} of {rows} rows leaves too few test or training rows"
        f"{f' for {classes} classes' if classes else ''}; give one nearer to 1/2, or more rows"
    )


def unsplit(table: Table) -> Split:
    """Every row as a training row and as a test row, standardised."""
    mean, scale = _scaling(table.features)
    inputs, rows = (table.features - mean) / scale, np.arange(len(table.target))
    return Split(inputs, inputs, table.target, table.target, mean, scale, rows, rows)


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
