"""Where a training run of a layered circuit is, and its file: an npz without pickle, whole or not there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.errors import InputError
from tcl_circuits.files import reading_checkpoint, replacing, require_same_run
from tcl_circuits.layered.circuit import Array

_VERSION = 1
COLUMNS = ("epoch", "loss", "accuracy", "test_loss", "test_accuracy", "chirp")
"""Those of other training runs; `chirp` is the inputs' largest contrast in units of the first batch's."""


@dataclass(frozen=True, eq=False)
class Course:
    """Everything that the next batch depends on, and what was recorded.

    Parameters
    ----------
    conductances : tuple of ndarray
        Of the circuit as trained so far.
    amplitudes : ndarray of shape (batches, layers)
        Largest contrasts of recent batches, the last one last [V^2].
    squares : ndarray of shape (layers,)
        Sum over the first batches of the layers' mean square directions [V^4].
    agreement : ndarray of shape (3,)
        Sums over the same batches of products: directions with gradients, of each with itself.
    first : float
        Largest contrast at the inputs in the first batch [V^2].
    rows : ndarray of shape (epochs + 1, columns)
        History from the untrained circuit on, with the columns :data:`COLUMNS`.
    epoch, batch : int
        Epochs done, and batches done in the epoch under way.
    sums : ndarray of shape (2,)
        Loss and right answers of that epoch's images, each before its batch's update.
    cycles : int
        Sawtooth cycles so far: an image each.
    cpu : float
        CPU time of training and testing [s].
    """

    conductances: tuple[Array, ...]
    amplitudes: FloatArray
    squares: FloatArray
    agreement: FloatArray = field(default_factory=lambda: np.zeros(3))
    first: float = float("nan")
    rows: FloatArray = field(default_factory=lambda: np.zeros((0, len(COLUMNS))))
    epoch: int = 0
    batch: int = 0
    sums: FloatArray = field(default_factory=lambda: np.zeros(2))
    cycles: int = 0
    cpu: float = 0.0

    @property
    def cosine(self) -> float | None:
        """Cosine of the first batches' summed direction with the exact gradient; None before it is known."""
        product, one, other = self.agreement.tolist()
        return product / float(np.sqrt(one * other)) if one * other > 0 else None


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A course with the settings of its run, which a resumed run must share.

    Parameters
    ----------
    course : Course
        Where the run is.
    settings : mapping
        Names and values, JSON.
    """

    course: Course
    settings: Mapping[str, Any]

    def save(self, path: Path) -> None:
        """Write the file beside its place, then move it there."""
        course = self.course
        arrays = {f"conductance_{n}": array for n, array in enumerate(course.conductances)}
        with replacing(path) as file:
            np.savez(
                file,
                place=np.array([_VERSION, course.epoch, course.batch, course.cycles], dtype=np.int64),
                amplitudes=course.amplitudes,
                squares=course.squares,
                agreement=course.agreement,
                rows=course.rows,
                sums=course.sums,
                numbers=np.array([course.first, course.cpu]),
                settings=np.array(json.dumps(dict(self.settings), sort_keys=True)),
                **arrays,  # type: ignore[arg-type]
            )

    @classmethod
    def load(cls, path: Path) -> Checkpoint:
        """Read the file.

        Raises
        ------
        InputError
            If it is missing, damaged, or of a newer version.
        """
        with reading_checkpoint(path, "--resume"):
            return _read(path)

    def require(self, settings: Mapping[str, Any], path: Path) -> None:
        """Raise an InputError that names every setting in which another run differs from this one."""
        advice = ". Resume with the settings it was made with, or start anew elsewhere"
        require_same_run(path, self.settings, settings, advice=advice)


def _read(path: Path) -> Checkpoint:
    """Read a checkpoint; what is no checkpoint raises an error of whatever kind."""
    with np.load(path, allow_pickle=False) as file:
        version, epoch, batch, cycles = (int(v) for v in file["place"])
        if version > _VERSION:
            raise InputError(f"{path} is of version {version}; this package reads {_VERSION}")
        count = sum(name.startswith("conductance_") for name in file)
        first, cpu = (float(v) for v in file["numbers"])
        course = Course(
            conductances=tuple(file[f"conductance_{n}"] for n in range(count)),
            amplitudes=np.asarray(file["amplitudes"], dtype=np.float64),
            squares=np.asarray(file["squares"], dtype=np.float64),
            agreement=np.asarray(file["agreement"], dtype=np.float64),
            first=first,
            rows=np.asarray(file["rows"], dtype=np.float64),
            epoch=epoch,
            batch=batch,
            sums=np.asarray(file["sums"], dtype=np.float64),
            cycles=cycles,
            cpu=cpu,
        )
        settings = json.loads(str(file["settings"]))
    if course.rows.shape != (epoch + 1, len(COLUMNS)) or batch < 0:
        raise ValueError(f"its history has {len(course.rows)} rows after {epoch} epochs")
    if not all(np.all(np.isfinite(array) & (array > 0)) for array in course.conductances):
        raise ValueError("it holds conductances that are none")
    if not isinstance(settings, dict):
        raise ValueError("its settings are no names and values")
    return Checkpoint(course, settings)
