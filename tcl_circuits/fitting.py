"""One loop for all that trains, and its checkpoints: npz files without pickle, whole or not there."""

from __future__ import annotations

import hashlib
import json
import math
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Generic, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from tcl_circuits.errors import InputError
from tcl_circuits.files import reading_checkpoint, replacing, require_file, require_same_run

VERSION = 2
_RESUMING = "--resume"


@dataclass(frozen=True, eq=False)
class Form:
    """What an array of a checkpoint must be like.

    Parameters
    ----------
    shape : tuple of int
        Its shape.
    least, most : array_like
        Bounds of its numbers, which are finite in any case; broadcast against it.
    dtype : dtype
        Its precision.
    unknown : array_like of bool
        Where a number may be NaN.
    """

    shape: tuple[int, ...] = ()
    least: ArrayLike = -np.inf
    most: ArrayLike = np.inf
    dtype: DTypeLike = np.float64
    unknown: ArrayLike = False

    @classmethod
    def count(cls, most: float = np.inf) -> Form:
        """Form of a whole number from 0 on."""
        return cls((), 0, most, np.int64)

    @classmethod
    def history(cls, first: int, epochs: int, columns: Iterable[tuple[float, float, bool]]) -> Form:
        """Form of a table with a row for each epoch from `first` on, its number in front.

        Parameters
        ----------
        first, epochs : int
            The first epoch and the last one.
        columns : iterable of (float, float, bool)
            Of each column after the epoch's: bounds, and whether a number may be unknown.
        """
        low, high, unknown = zip((np.nan, np.nan, False), *columns, strict=True)
        numbers = np.arange(first, epochs + 1, dtype=np.float64)
        least, most = (np.tile(bound, (numbers.size, 1)) for bound in (low, high))
        least[:, 0] = most[:, 0] = numbers
        return cls(least.shape, least, most, unknown=np.array(unknown))

    def fault(self, array: NDArray[Any]) -> str | None:
        """What makes an array another than this; None if nothing does."""
        if array.shape != self.shape or array.dtype != np.dtype(self.dtype):
            return f"has the shape {array.shape} of {array.dtype}, not {self.shape} of {np.dtype(self.dtype)}"
        good = np.isfinite(array) & (array >= self.least) & (array <= self.most)
        good |= np.isnan(array) & np.asarray(self.unknown)
        if good.all():
            return None
        place = tuple(int(k) for k in np.argwhere(~good)[0])
        least, most = (
            float(np.broadcast_to(np.asarray(bound), array.shape)[place]) for bound in (self.least, self.most)
        )
        at = f" at {place}" if place else ""
        return f"is {array[place]!s}{at}, which is not a number from {least:g} to {most:g}"


class Course(Protocol):
    """Everything that the next batch depends on, and what was recorded: a value, one for each batch."""

    @property
    def epoch(self) -> int:
        """Epochs done."""
        ...

    @property
    def batch(self) -> int:
        """Batches done in the epoch under way."""
        ...

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it as arrays, but epoch and batch."""
        ...

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]], epoch: int, batch: int) -> Self:
        """Course of such arrays."""
        ...

    @classmethod
    def forms(cls, settings: Mapping[str, Any], epoch: int, batch: int) -> dict[str, Form]:
        """What the arrays must be like there in a run of these settings."""
        ...

    @classmethod
    def batches(cls, settings: Mapping[str, Any]) -> int:
        """Batches in an epoch of such a run."""
        ...


C = TypeVar("C", bound=Course)
P = TypeVar("P", covariant=True)


class Run(Protocol[C, P]):
    """One call of a trainer's fit: what stays the same from batch to batch."""

    def settings(self) -> dict[str, Any]:
        """Everything that its course depends on, as JSON: what a resumed run must share."""
        ...

    def start(self) -> C:
        """Course before the first batch."""
        ...

    def courses(self, course: C) -> Iterator[C]:
        """Courses after each batch that is left to do."""
        ...

    def progress(self, course: C) -> P:
        """What is told of a course."""
        ...


@dataclass(frozen=True, eq=False)
class Checkpoint(Generic[C]):
    """A course with the settings of its run, which a resumed run must share.

    Parameters
    ----------
    course : Course
        Where the run is.
    settings : mapping
        Names and values, JSON.
    """

    course: C
    settings: Mapping[str, Any]

    def save(self, path: Path) -> None:
        """Write the file beside its place, then move it there."""
        course = self.course
        arrays = {
            **course.arrays(),
            "version": np.array(VERSION),
            "place": np.array([course.epoch, course.batch], dtype=np.int64),
            "settings": np.array(json.dumps(dict(self.settings), sort_keys=True)),
        }
        with replacing(path) as file:
            write_arrays(file, arrays)

    @classmethod
    def load(cls, path: Path, kind: type[C]) -> Checkpoint[C]:
        """Read the file of a kind of course.

        Raises
        ------
        InputError
            If it is missing, damaged, edited, or of another version.
        """
        with reading_checkpoint(path, _RESUMING):
            arrays = read_arrays(path, f"start anew without {_RESUMING}")
            settings = json.loads(str(arrays.pop("settings")))
            if not isinstance(settings, dict):
                raise ValueError("its settings are not names and values")
            place = arrays.pop("place")
            bounds = np.array([2**31, kind.batches(settings) - 1])
            require_forms({"place": Form((2,), 0, bounds, np.int64)}, {"place": place})
            epoch, batch = place.tolist()
            require_forms(kind.forms(settings, epoch, batch), arrays)
            return cls(kind.of(arrays, epoch, batch), settings)

    def require(self, settings: Mapping[str, Any], path: Path) -> None:
        """Raise an InputError that names every setting in which another run differs from this one."""
        advice = ". Resume with the settings it was made with, or start anew elsewhere"
        require_same_run(path, self.settings, settings, _same, advice)


def fit(
    run: Run[C, P],
    kind: type[C],
    follow: Callable[[C], None],
    checkpoint: Path | None = None,
    resume: bool = False,
    progress: Callable[[P], None] | None = None,
) -> C:
    """Go through the batches of a run that are left to do, and return the course at the end.

    Parameters
    ----------
    run : Run
        What is to be done.
    kind : type
        The kind of its courses.
    follow : callable
        Given each course reached, the first one included.
    checkpoint : Path, optional
        File to keep the course in before the first batch, after each epoch, and when the run ends early for
        whatever reason.
    resume : bool
        Go on from the checkpoint; the result is that of a run never interrupted.
    progress : callable, optional
        Told after each batch.

    Raises
    ------
    InputError
        If the checkpoint is missing, damaged, or of another run.
    """
    settings = run.settings()
    if resume:
        if checkpoint is None:
            raise InputError("to resume, name the checkpoint")
        saved = Checkpoint.load(checkpoint, kind)
        saved.require(settings, checkpoint)
        course = saved.course
    else:
        course = run.start()

    def keep() -> None:
        if checkpoint is not None:
            Checkpoint(course, settings).save(checkpoint)

    if not resume:
        keep()
    follow(course)
    try:
        for course in run.courses(course):  # noqa: B020  one course follows from the other
            follow(course)
            if progress is not None:
                progress(run.progress(course))
            if course.batch == 0:
                keep()
    except BaseException:
        keep()
        raise
    return course


def layers(arrays: Mapping[str, NDArray[Any]], name: str) -> tuple[NDArray[Any], ...]:
    """Arrays ``name_0``, ``name_1``, ... in their order."""
    count = sum(key.startswith(f"{name}_") for key in arrays)
    return tuple(arrays[f"{name}_{n}"] for n in range(count))


def numbered(name: str, items: Iterable[Any]) -> dict[str, Any]:
    """Items as ``name_0``, ``name_1``, ...; the other way of :func:`layers`."""
    return {f"{name}_{n}": item for n, item in enumerate(items)}


def write_arrays(file: BinaryIO, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write an npz with a hash of all that is in it; unlike NumPy's own, without a copy of an array."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, array in (*arrays.items(), ("sha256", np.array(_digest(arrays)))):
            whole = np.ascontiguousarray(array).reshape(array.shape)
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                header = np.lib.format.header_data_from_array_1_0(whole)
                np.lib.format.write_array_header_1_0(entry, header)
                entry.write(_bytes(whole))


def read_arrays(path: Path, remedy: str) -> dict[str, NDArray[Any]]:
    """Arrays of such an npz; what is none raises an error of whatever kind."""
    if path.exists():
        require_file(path, remedy, math.inf)
    with np.load(path, allow_pickle=False) as file:
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in file.zip.infolist()):
            raise ValueError("its arrays are compressed")
        arrays = {name: file[name] for name in file.files}
    version = 1
    with suppress(KeyError):
        version = int(arrays.pop("version"))
    if version != VERSION:
        raise InputError(f"{path} is of version {version}; this package reads {VERSION}; {remedy}")
    if str(arrays.pop("sha256")) != _digest({**arrays, "version": np.array(version)}):
        raise ValueError("it is damaged or was edited: its hash is another")
    return arrays


def _digest(arrays: Mapping[str, NDArray[Any]]) -> str:
    found = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name]).reshape(arrays[name].shape)
        found.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        found.update(_bytes(array))
    return found.hexdigest()


def _bytes(array: NDArray[Any]) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def require_forms(forms: Mapping[str, Form], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Raise a ValueError unless the arrays are those named, each of its form."""
    if forms.keys() != arrays.keys():
        raise ValueError(f"it holds {', '.join(sorted(arrays))}, and not {', '.join(sorted(forms))}")
    for name, form in forms.items():
        fault = form.fault(arrays[name])
        if fault is not None:
            raise ValueError(f"its {name} {fault}")


def _same(saved: object, value: object) -> bool:
    """Whether a setting is the same; numbers up to rounding, which differs from machine to machine."""
    if isinstance(saved, float) and isinstance(value, float):
        return math.isclose(saved, value, rel_tol=1e-9)
    return saved == value
