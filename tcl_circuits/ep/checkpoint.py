"""Where a training run of an EP network is, and its file: an npz without pickle, whole or not there."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.ep.layers import Array, State
from tcl_circuits.ep.network import Network
from tcl_circuits.errors import InputError
from tcl_circuits.files import reading_checkpoint, replacing, require_same_run

_VERSION = 1
COLUMNS = ("epoch", "train_error", "test_error", "cpu_s")
"""Columns of a history: epoch from 1, errors in percent, CPU time of the epoch [s]."""


@dataclass(frozen=True, eq=False)
class Course:
    """Everything that the next batch depends on, and what was recorded.

    Parameters
    ----------
    network : Network
        As trained so far.
    particles : list of ndarray of shape (images, nodes)
        Free states of all training images as they were last seen, without those of `seen`. They are
        written in place, which may be done again without harm.
    tested : tuple of ndarray of shape (test images, nodes)
        Free states of the test images after the last epoch.
    seen : (ndarray of shape (batch,), tuple of ndarray of shape (batch, nodes)), optional
        Images of the last batch and their free states, not yet among the particles.
    rows : ndarray of shape (epochs, 4)
        History with the columns :data:`COLUMNS`.
    epoch, batch : int
        Epochs done, and batches done in the epoch under way.
    wrong : int
        Images that were classified wrongly in that epoch, each before its batch's update.
    cpu : float
        CPU time of that epoch [s].
    """

    network: Network
    particles: Sequence[Array]
    tested: State
    seen: tuple[IntArray, State] | None = None
    rows: FloatArray = field(default_factory=lambda: np.zeros((0, len(COLUMNS))))
    epoch: int = 0
    batch: int = 0
    wrong: int = 0
    cpu: float = 0.0

    def take_in(self) -> None:
        """Write the free states last seen among the particles."""
        if self.seen is not None:
            images, state = self.seen
            for particle, layer in zip(self.particles, state, strict=True):
                particle[images] = layer


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
        course.take_in()
        arrays: dict[str, Any] = {
            "place": np.array([_VERSION, course.epoch, course.batch, course.wrong], dtype=np.int64),
            "cpu": np.array(course.cpu),
            "rows": course.rows,
            "settings": np.array(json.dumps(dict(self.settings), sort_keys=True)),
        }
        parts = (
            ("weights", course.network.weights),
            ("biases", course.network.biases),
            ("particles", course.particles),
            ("tested", course.tested),
        )
        for name, layers in parts:
            arrays |= {f"{name}_{n}": layer for n, layer in enumerate(layers, 1)}
        with replacing(path) as file:
            _write(file, arrays)

    @classmethod
    def load(cls, path: Path) -> Checkpoint:
        """Read the file.

        Raises
        ------
        InputError
            If it is missing, damaged, or of a newer version.
        """
        with reading_checkpoint(path, "resuming"):
            return _read(path)

    def require(self, settings: Mapping[str, Any], path: Path) -> None:
        """Raise an InputError that names every setting in which another run differs from this one."""
        advice = ". Resume with the settings it was made with, or start anew elsewhere"
        require_same_run(path, self.settings, settings, advice=advice)


def _write(file: BinaryIO, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write an npz; unlike NumPy's own, without a copy of what is written."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, array in arrays.items():
            whole = np.ascontiguousarray(array).reshape(array.shape)
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                header = np.lib.format.header_data_from_array_1_0(whole)
                np.lib.format.write_array_header_1_0(entry, header)
                entry.write(whole.reshape(-1).view(np.uint8).data)


def _read(path: Path) -> Checkpoint:
    """Read a checkpoint; what is no checkpoint raises an error of whatever kind."""
    with np.load(path, allow_pickle=False) as file:
        version, epoch, batch, wrong = (int(v) for v in file["place"])
        if version > _VERSION:
            raise InputError(f"{path} is of version {version}; this package reads {_VERSION}")
        weights, biases, particles, tested = (
            _layers(file, name) for name in ("weights", "biases", "particles", "tested")
        )
        rows = np.asarray(file["rows"], dtype=np.float64)
        course = Course(
            Network(tuple(weights), tuple(biases)),
            particles,
            tuple(tested),
            rows=rows,
            epoch=epoch,
            batch=batch,
            wrong=wrong,
            cpu=float(file["cpu"]),
        )
        settings = json.loads(str(file["settings"]))
    if rows.shape != (epoch, len(COLUMNS)) or batch < 0:
        raise ValueError(f"its history has {len(rows)} rows after {epoch} epochs")
    nodes = [bias.shape for bias in biases]
    if any([layer.shape[1:] for layer in layers] != nodes for layers in (particles, tested)):
        raise ValueError("its free states don't belong to its network")
    if not isinstance(settings, dict):
        raise ValueError("its settings are no names and values")
    return Checkpoint(course, settings)


def _layers(file: Mapping[str, Array], name: str) -> list[Array]:
    """Arrays of the layers after the input, in their order."""
    count = sum(key.startswith(f"{name}_") for key in file)
    return [file[f"{name}_{n}"] for n in range(1, count + 1)]
