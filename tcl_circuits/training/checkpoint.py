"""The state of a training run, and its file: an npz without pickle, written whole or not at all."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.errors import InputError
from tcl_circuits.files import reading_checkpoint, replacing, require_same_run

_VERSION = 1


@dataclass(frozen=True, eq=False)
class State:
    """Everything that the next batch of a training run depends on, and what was recorded.

    Parameters
    ----------
    epoch, batch : int
        Epochs done, and batches done in the epoch under way.
    conductance : ndarray of shape (edges,)
        Conductances [S].
    rows : ndarray of shape (epochs + 1, columns)
        History so far, from the untrained network on.
    first_update, first_gradient : ndarray of shape (edges,)
        Sums over the first epoch of the rule's directions and of the exact gradients.
    cycles : int
        Sawtooth cycles simulated.
    circuit_time : float
        Their time in the circuit [s].
    energy : float
        Energy dissipated in them [J].
    """

    conductance: FloatArray
    rows: FloatArray
    first_update: FloatArray
    first_gradient: FloatArray
    epoch: int = 0
    batch: int = 0
    cycles: int = 0
    circuit_time: float = 0.0
    energy: float = 0.0

    @property
    def cosine(self) -> float | None:
        """Cosine of the first epoch's summed update with the exact gradient; None before it is known."""
        norms = float(np.linalg.norm(self.first_update) * np.linalg.norm(self.first_gradient))
        return float(self.first_update @ self.first_gradient) / norms if norms > 0 else None


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A state with the settings of its run, which a resumed run must share.

    Parameters
    ----------
    state : State
        Where the run is.
    settings : mapping
        Names and values, JSON.
    """

    state: State
    settings: Mapping[str, Any] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Write the file beside its place, then move it there."""
        state = self.state
        with replacing(path) as file:
            np.savez(
                file,
                conductance=state.conductance,
                rows=state.rows,
                first_update=state.first_update,
                first_gradient=state.first_gradient,
                place=np.array([_VERSION, state.epoch, state.batch, state.cycles], dtype=np.int64),
                sums=np.array([state.circuit_time, state.energy]),
                settings=np.array(json.dumps(dict(self.settings), sort_keys=True)),
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
        require_same_run(path, self.settings, settings, _same)


def _same(saved: object, value: object) -> bool:
    """Whether a setting is the same; numbers up to rounding, which differs from machine to machine."""
    if isinstance(saved, float) and isinstance(value, float):
        return math.isclose(saved, value, rel_tol=1e-9)
    return saved == value


def _read(path: Path) -> Checkpoint:
    """Read a checkpoint; what is no checkpoint raises an error of whatever kind."""
    with np.load(path, allow_pickle=False) as file:
        version, epoch, batch, cycles = (int(v) for v in file["place"])
        if version > _VERSION:
            raise InputError(f"{path} is of version {version}; this package reads {_VERSION}")
        circuit_time, energy = (float(v) for v in file["sums"])
        state = State(
            conductance=np.asarray(file["conductance"], dtype=np.float64),
            rows=np.asarray(file["rows"], dtype=np.float64),
            first_update=np.asarray(file["first_update"], dtype=np.float64),
            first_gradient=np.asarray(file["first_gradient"], dtype=np.float64),
            epoch=epoch,
            batch=batch,
            cycles=cycles,
            circuit_time=circuit_time,
            energy=energy,
        )
        settings = json.loads(str(file["settings"]))
    fault = _fault(state, settings)
    if fault is not None:
        raise ValueError(fault)
    return Checkpoint(state, settings)


def _fault(state: State, settings: object) -> str | None:
    """What makes a state that was read none that was saved."""
    if state.conductance.ndim != 1 or state.rows.ndim != 2:
        return "its arrays have wrong shapes"
    if not state.conductance.shape == state.first_update.shape == state.first_gradient.shape:
        return "its arrays belong to different numbers of edges"
    if state.rows.shape[0] != state.epoch + 1 or state.batch < 0:
        return f"its history has {state.rows.shape[0]} rows after {state.epoch} epochs"
    if not np.all(np.isfinite(state.conductance) & (state.conductance > 0)):
        return "it holds conductances that are none"
    return None if isinstance(settings, dict) else "its settings are no names and values"


def advance(state: State, **changes: Any) -> State:
    """Return the state with some fields replaced."""
    return replace(state, **changes)
