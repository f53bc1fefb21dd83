"""JSON read value by value: what is of a wrong kind is one error with file, place, value and remedy."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.errors import InputError, TclError, shown

_LARGEST = 1e30
"""Largest magnitude of a number; what is computed of them stays finite."""
_DEEPEST = 16


@dataclass(frozen=True)
class Entry:
    """A value of a JSON file with its place.

    Parameters
    ----------
    file : str
        The file, as messages name it.
    value : object
        What JSON gave.
    remedy : str
        What to do about a fault.
    place : str
        Where in the file, as ``training.nudge``; empty for the whole.
    """

    file: str
    value: Any
    remedy: str
    place: str = ""

    def fault(self, wanted: str) -> InputError:
        """Error that says what the value should be."""
        place = f"{self.place} = " if self.place else ""
        return InputError(f"{self.file}: {place}{shown(self.value)} is not {wanted}; {self.remedy}")

    def _inside(self, value: Any, key: str | int) -> Entry:
        place = f"{self.place}[{key}]" if isinstance(key, int) else f"{self.place}.{key}".lstrip(".")
        return replace(self, value=value, place=place)

    def has(self, key: str) -> bool:
        """Whether an object has a key."""
        return key in self.members()

    def members(self) -> dict[str, Any]:
        """The value, which must be an object."""
        if not isinstance(self.value, dict):
            raise self.fault("an object")
        return self.value

    def at(self, key: str) -> Entry:
        """The value of a key, which must be there."""
        found = self.members()
        if key not in found:
            within = f" in {self.place}" if self.place else ""
            raise InputError(f"{self.file}: there is no {key!r}{within}; {self.remedy}")
        return self._inside(found[key], key)

    def items(self) -> list[Entry]:
        """The values of a list."""
        if not isinstance(self.value, list):
            raise self.fault("a list")
        return [self._inside(one, k) for k, one in enumerate(self.value)]

    def text(self) -> str:
        """A text."""
        if not isinstance(self.value, str):
            raise self.fault("a text")
        return self.value

    def one_of(self, options: tuple[str, ...]) -> str:
        """One of some texts."""
        if not (isinstance(self.value, str) and self.value in options):
            raise self.fault(f"one of {', '.join(options)}")
        return self.value

    def whole(self, low: int = 0, high: int = 2**63 - 1) -> int:
        """A whole number within bounds."""
        if type(self.value) is not int or not low <= self.value <= high:
            raise self.fault(f"a whole number from {low} to {high}")
        return self.value

    def number(self, largest: float = _LARGEST) -> float:
        """A number of a magnitude that can be computed with."""
        if not isinstance(self.value, int | float) or isinstance(self.value, bool):
            raise self.fault("a number")
        if not abs(self.value) <= largest:
            raise self.fault(f"a number within +-{largest:g}")
        return float(self.value)

    def numbers(self, count: int | None = None) -> FloatArray:
        """A list of numbers, of a length if one is given."""
        found = np.array([one.number() for one in self.items()], dtype=float)
        if count not in (None, found.size):
            raise self.fault(f"a list of {count} numbers")
        return found

    def table(self, columns: int, rows: int | None = None) -> FloatArray:
        """A list of lists of `columns` numbers: `rows` of them, or one at least."""
        found = [one.numbers() for one in self.items()]
        if any(row.size != columns for row in found) or (not found if rows is None else len(found) != rows):
            count = "one or more rows" if rows is None else f"{rows} rows"
            raise self.fault(f"{count} of {columns} numbers each")
        return np.array(found).reshape(-1, columns)

    def one_or_each(self, count: int) -> float | FloatArray:
        """A number, or a list of `count`."""
        if not isinstance(self.value, list):
            return self.number()
        return self.numbers(count)

    def plain(self, depth: int = _DEEPEST) -> Entry:
        """The same, nested by no more than so many levels, of finite numbers."""
        if isinstance(self.value, dict | list):
            if depth == 0:
                raise self.fault(f"nested by {_DEEPEST} levels or less")
            inside = self.value.items() if isinstance(self.value, dict) else enumerate(self.value)
            for key, one in inside:
                self._inside(one, key).plain(depth - 1)
        elif isinstance(self.value, int | float) and not isinstance(self.value, bool):
            self.number(sys.float_info.max)
        return self

    @contextmanager
    def making(self) -> Iterator[None]:
        """Name the file in what is said of a value that does not fit the others."""
        try:
            yield
        except TclError as error:
            if str(error).startswith(self.file):
                raise
            raise InputError(f"{self.file}: {error}; {self.remedy}") from None
