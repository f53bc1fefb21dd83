"""Moments of a run that has been: what the circuit conducted then, and what it answers with that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.autonomous.recipe import CircuitTask
from tcl_circuits.autonomous.stability import free_voltages
from tcl_circuits.circuit.builders import signed_inputs
from tcl_circuits.circuit.network import Network
from tcl_circuits.circuit.nudge import SoftmaxNudge
from tcl_circuits.errors import InputError

_HURRY = 1.5
"""Moments lie at the power _HURRY of even shares of the run: most happens in the beginning."""
_GRID = 41


@dataclass(frozen=True, eq=False)
class Moments:
    """What a circuit conducted and answered at some moments of its run.

    Answers are at rest, solved from the conductances that were recorded; looks of the circuit itself agree
    with them.

    Parameters
    ----------
    network : Network
        The network before the run.
    name : str
        Of the task.
    time : ndarray of shape (moments,)
        Circuit time [s].
    cycle : ndarray of shape (moments,)
        Learning cycles done.
    conductance : ndarray of shape (moments, edges)
        Siemens.
    output : ndarray of shape (moments, samples, values)
        Answers [V], training samples first.
    target : ndarray of shape (samples, values)
        Their targets.
    train : int
        How many samples were learned from; the others were held out.
    loss, right : ndarray of shape (moments,)
        Mean loss of the samples learned from, and share of all samples that are right (NaN for regression).
    classes : tuple of str or None
        Names of the classes.
    probability : ndarray of shape (moments, samples, classes) or None
        What the answers stand for, for classes.
    plane : ndarray of shape (moments, n, n) or None
        Answer [V] over the square of two inputs from -1 to 1 V, rows along the second.
    """

    network: Network
    name: str
    time: FloatArray
    cycle: IntArray
    conductance: FloatArray
    output: FloatArray
    target: FloatArray
    train: int
    loss: FloatArray
    right: FloatArray
    classes: tuple[str, ...] | None = None
    probability: FloatArray | None = None
    plane: FloatArray | None = None


def moments(learned: CircuitTask, data: xr.Dataset, count: int = 32) -> Moments:
    """Moments of a run.

    Parameters
    ----------
    learned : CircuitTask
        What was learned.
    data : xarray.Dataset
        ``conductance`` (time, edge) and ``cycle`` (time), as a run leaves them.
    count : int
        How many, at most; first and last are always there.

    Raises
    ------
    InputError
        If the data hold no moment, or other edges than the task's network.
    """
    task = learned.task
    values = data["conductance"].to_numpy()
    if not values.shape[0] or count < 2:
        raise InputError("the run has not come to the end of its first period; there is nothing to show")
    if values.shape[1] != task.network.edge_count:
        raise InputError(f"the run has {values.shape[1]} edges, the task {task.network.edge_count}")
    last = values.shape[0] - 1
    shown = np.unique(np.rint(last * np.linspace(0, 1, count) ** _HURRY).astype(np.int64))
    conductance = np.clip(values[shown], *task.network.bounds)
    networks = [task.network.with_conductance(row) for row in conductance]
    inputs = np.vstack([task.train.inputs, task.test.inputs])
    target = np.vstack([task.train.targets, task.test.targets])
    output = np.array([task.outputs(free_voltages(network, inputs)) for network in networks])
    train = len(task.train)
    nudge = task.nudge
    return Moments(
        network=task.network,
        name=task.name,
        time=data["time"].to_numpy()[shown],
        cycle=data["cycle"].to_numpy()[shown],
        conductance=conductance,
        output=output,
        target=target,
        train=train,
        loss=np.array([task.loss(y[:train], target[:train]) for y in output]),
        right=np.array([learned.accuracy(y, target) for y in output]),
        classes=task.classes,
        probability=nudge.probabilities(output) if isinstance(nudge, SoftmaxNudge) else None,
        plane=_plane(learned, networks) if learned.by_sign else None,
    )


def _plane(learned: CircuitTask, networks: list[Network]) -> FloatArray | None:
    """Answers over the square of two inputs, of a task whose inputs are two features and their negatives."""
    axis = np.linspace(-1, 1, _GRID)
    features = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    inputs = signed_inputs(features)
    if inputs.shape[1] != learned.task.network.inputs.size or learned.task.train.targets.shape[1] != 1:
        return None
    answers = [learned.task.outputs(free_voltages(network, inputs)) for network in networks]
    return np.array(answers).reshape(-1, _GRID, _GRID)
