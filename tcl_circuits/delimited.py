"""Text in rows and columns: how a file separates its cells, and what its numbers look like.

The file is UTF-8 or UTF-16 text, with or without a byte-order mark: a header row that names the columns, then
rows of cells. Cells are separated by commas, semicolons, tabs or bars, whichever the header has most of
outside of quotes, by blanks if it has none of these, or by what a line ``sep=;`` above it names. Lines
without content are skipped, and comments: lines that begin with ``#`` and a blank.

The csv reader of the standard library is used: other than the parser of a data frame it knows the line of a
row, tells missing cells from empty ones, and lets every number be rounded exactly.
"""

from __future__ import annotations

import codecs
import csv
import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate, islice
from pathlib import Path
from textwrap import shorten
from typing import TextIO

import numpy as np

from tcl_circuits.errors import InputError
from tcl_circuits.files import require_file

_DELIMITERS = ",;\t|"
_QUOTED = re.compile('"[^"]*"')
_BLANKS = re.compile('("[^"]*")|[ ]+')
_COMMENT = re.compile(r"\s*#(\s|#|$)")
_SEPARATOR = re.compile(r'\ufeff?"?sep=([^\w"\r\n])"?\s*', re.IGNORECASE)
_ARFF = re.compile(r"\s*@(relation|attribute)\b", re.IGNORECASE)
_CODE = re.compile(r"0\d+")
_COMMA = re.compile(r"[-+]?(\d*),(\d+)(?:e[-+]?\d+)?[a-zµμ]*", re.IGNORECASE)
_MARKED = re.compile(r"[-+]?[\d.,]*[.,][\d.,]*(?:e[-+]?\d+)?[a-zµμ]*", re.IGNORECASE)
_SEARCHED = 100  # lines in which a header, and its end, are looked for


@dataclass(frozen=True)
class Delimited:
    r"""A file of rows and columns, of which the header has been read.

    Parameters
    ----------
    path : Path
        The file.
    encoding, delimiter : str
        How its text is coded, and its cells are separated.
    line : int
        Line of the header, counted from 1.
    names : tuple of str
        Names of the columns: not empty, each once.

    Examples
    --------
    >>> from tempfile import NamedTemporaryFile
    >>> with NamedTemporaryFile("w", suffix=".csv") as file:
    ...     _ = file.write("edge;conductance\ne0;4.7u\n")
    ...     file.flush()
    ...     table = Delimited.read(Path(file.name), "give a table")
    ...     table.names, list(table.rows())
    (('edge', 'conductance'), [(2, ['e0', '4.7u'])])
    """

    path: Path
    encoding: str
    delimiter: str
    line: int
    names: tuple[str, ...]

    @classmethod
    def read(cls, path: Path, remedy: str) -> Delimited:
        """Read the header of a file.

        Parameters
        ----------
        path : Path
            The file.
        remedy : str
            What to do if there is no such file, as "give a CSV file".

        Raises
        ------
        InputError
            If the file is no text, or its header does not name every column, each by a name of its own.
        """
        require_file(path, remedy)
        with _reading(path, encoding := _encoding(path)) as stream:
            lines = list(islice(_content(stream), _SEARCHED))
        delimiter = ""
        if lines and (separator := _SEPARATOR.fullmatch(lines[0][1])):
            delimiter = separator[1]
            del lines[0]
        line = lines[0][0] if lines else 1
        texts = [text for _, text in lines]
        if any(map(_ARFF.match, texts)):
            raise InputError(
                f"{path} is an ARFF file; put the names of its attributes, separated by commas, in place of "
                "all lines down to @data"
            )
        bare = cls(path, encoding, delimiter or _delimiter(texts), line, ())
        found = cls(path, encoding, bare.delimiter, line, tuple(next(bare._records(), (1, []))[1]))
        return found._checked()

    def _checked(self) -> Delimited:
        names = [name.strip() for name in self.names]
        twice = [repr(name) for name, count in Counter(names).items() if count > 1 and name]
        if all(is_code(name) or not np.isnan(number(name)) for name in names):
            fault = "no header; name the columns in the first row, and give the numbers in the rows below"
        elif "" in names:
            fault = f"column {names.index('') + 1} has no name; name it or delete the column"
        elif twice:
            fault = f"several columns are named {', '.join(twice)}; rename or delete them"
        else:
            return Delimited(self.path, self.encoding, self.delimiter, self.line, tuple(names))
        raise self._fault(fault)

    def _fault(self, said: str) -> InputError:
        with _reading(self.path, self.encoding) as stream:
            above = next((k for k, text in enumerate(stream, 1) if _COMMENT.match(text)), self.line)
        comment = f" (row {above} begins with '#', which makes it a comment)" if above < self.line else ""
        return InputError(f"{self.path}, row {self.line}: {said}{comment}")

    def column(self, name: str) -> int:
        """Return which column has a name; capitals count only where names differ by nothing else.

        Raises
        ------
        InputError
            If there is none, with the name that may be meant and, if there is one, the row that has it.
        """
        if name in self.names:
            return self.names.index(name)
        alike = [k for k, other in enumerate(self.names) if other.casefold() == name.casefold()]
        if len(alike) == 1:
            return alike[0]
        with _reading(self.path, self.encoding) as stream:
            lines = islice(_content(stream), _SEARCHED)
            below = [line for line, text in lines if line > self.line and name in _cells(text)]
        if below:
            said = f", but row {below[0]} has it; delete the lines above that row, or begin them with '# '"
        else:
            near = difflib.get_close_matches(name, self.names, n=1)
            meant = f" (did you mean {near[0]!r}?)" if near else ""
            said = f"{meant}; the columns are {shorten(', '.join(map(repr, self.names)), 1000)}"
        raise self._fault(f"no column {name!r}{said}")

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the rows below the header that have content, each with the number of its first line."""
        return islice(self._records(), 1, None)

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        start = 0  # line in which the row under way began; 0 between rows
        blank = self.delimiter == " "

        def lines(stream: TextIO) -> Iterator[str]:
            nonlocal start
            for number, text in enumerate(stream, 1):
                if start == 0:
                    if number < self.line or _COMMENT.match(text):
                        continue
                    start = number
                yield _BLANKS.sub(lambda found: found[1] or " ", text.strip()) + "\n" if blank else text

        with _reading(self.path, self.encoding) as stream:
            try:
                for row in csv.reader(
                    lines(stream), delimiter=self.delimiter, skipinitialspace=not blank, strict=True
                ):
                    if row and (row[0].strip() or any(row[1:])):
                        yield start, row
                    start = 0
            except csv.Error as error:
                remedy = "close each quotation mark, and double those within a quoted cell"
                raise InputError(f"{self.path}, row {start}: {error}; {remedy}") from error


def number(text: str) -> float:
    """Return the value of a cell, nan if it is none.

    Other than in ``float``, ``1_000`` is none, and neither is ``007``, a code; the sign U+2212 is a minus.
    """
    plain = plain_number(text)
    try:
        return float(plain) if plain.strip().isascii() and "_" not in plain and not is_code(text) else np.nan
    except ValueError:
        return np.nan


def plain_number(text: str, mark: str = ".") -> str:
    """Return a number's text with a decimal point for the decimal `mark`, and a minus for the sign U+2212."""
    return text.replace(mark, ".").replace("\u2212", "-")


def is_code(text: str) -> bool:
    """Whether a cell is written in digits, but as a code is: ``00123`` is no number."""
    return _CODE.fullmatch(text.strip()) is not None


def has_comma(text: str) -> bool:
    """Whether a cell is a number but for a comma, which marks decimals or thousands."""
    text = text.strip()
    return "," in text and _MARKED.fullmatch(text) is not None


def commas_are_decimal(cells: Iterable[str]) -> bool:
    """Whether the commas in the numbers of a table can be nothing but decimal marks.

    One of them must stand where no comma of thousands can; no number may have a point or several commas.

    Examples
    --------
    >>> [commas_are_decimal(cells) for cells in (["1,5", "1,234"], ["1,234"], ["1,5", "0.2"])]
    [True, False, False]
    """
    sure = False
    for cell in map(str.strip, cells):
        if "," in cell and (parts := _COMMA.fullmatch(cell)):
            sure |= len(parts[2]) != 3 or parts[1] in ("", "0") or len(parts[1]) > 3
        elif _MARKED.fullmatch(cell):
            return False
    return sure


@contextmanager
def _reading(path: Path, encoding: str) -> Iterator[TextIO]:
    """Open a file of text; what is no text of that encoding, or can't be read, is an InputError."""
    try:
        with path.open(encoding=encoding, newline="") as stream:
            yield stream
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not {error.encoding} text ({error.reason}); save it as UTF-8") from error
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}") from error


def _encoding(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            head = stream.read(4096)
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}") from error
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    zeros = head[::2].count(0), head[1::2].count(0)
    if max(zeros) == 0:
        return "utf-8-sig"
    if min(zeros) > 0 or max(zeros) < 3 / 8 * len(head):
        raise InputError(f"{path} is binary, not text; export the table as CSV (in Excel: 'CSV UTF-8')")
    return "utf-16-le" if zeros[1] else "utf-16-be"


def _content(stream: TextIO) -> Iterator[tuple[int, str]]:
    """Yield the lines that are neither empty nor comments, with their numbers."""
    return (
        (line, text)
        for line, text in enumerate(stream, 1)
        if text.strip("\ufeff \t\r\n") and not _COMMENT.match(text)
    )


def _delimiter(lines: Sequence[str]) -> str:
    """Return what separates the cells of a header; the row below decides if two could."""
    quotes = accumulate(text.count('"') for text in lines)
    end = next((k for k, count in enumerate(quotes, 1) if count % 2 == 0), 1)
    header, below = (_QUOTED.sub("", "".join(part)) for part in (lines[:end], lines[end : end + 1]))
    return max(
        (mark for mark in _DELIMITERS if mark in header),
        key=lambda mark: (header.count(mark), below.count(mark) == header.count(mark)),
        default=" ",
    )


def _cells(text: str) -> list[str]:
    """Return the cells of a line by itself, taken as a header."""
    return [cell.strip(' "\r\n') for cell in text.split(_delimiter([text]))]
