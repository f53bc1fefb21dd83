"""How fast to learn: threshold amplitude, step gain, and the chirp that follows the loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.circuit.cells import SIGNALS, Cell
from tcl_circuits.circuit.drive import Drive
from tcl_circuits.circuit.network import Network
from tcl_circuits.engines.operating import OperatingPoints
from tcl_circuits.errors import InputError
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.rule import ideal_contrast
from tcl_circuits.training.rules import TemporalContrast, loss_gradient
from tcl_circuits.training.task import Recipe

_KERNEL_TIMES = 5.0


@dataclass(frozen=True)
class Pace:
    """Sawtooth and threshold of an epoch.

    Contrasts shrink with the square root of the loss, so that a fixed threshold ends learning early. A
    chirped run makes up for it: the sawtooth is shortened by the factor, but not below five kernel times
    of fast ramp; what is left of the factor lowers the threshold.

    Parameters
    ----------
    saw : Sawtooth
        The epoch's sawtooth.
    threshold : float
        Factor on the threshold.
    factor : float
        Their joint factor.
    """

    saw: Sawtooth
    threshold: float
    factor: float

    @classmethod
    def following(cls, saw: Sawtooth, factor: float, tau: float) -> Pace:
        """Pace for contrasts that have shrunk by `factor`, with sense branches of time constant `tau` [s]."""
        shortest = min(1.0, _KERNEL_TIMES * tau / saw.tau_f)
        shortened = max(factor, shortest)
        return cls(saw.chirp(shortened), factor / shortened, factor)


def exact_contrasts(network: Network, cell: Cell, drive: Drive) -> FloatArray:
    """Changes of the signals between the free and the fully nudged state, shape (samples, edges).

    Design values from the conductance network alone, for choosing thresholds and gains before a run.
    """
    if drive.nudge is None:
        raise InputError("a contrast needs a nudge with targets")
    points = OperatingPoints(network)
    rest = points.free(drive.inputs_at_start)
    nudged = points.nudged(rest, drive.nudge, drive.targets, np.ones(1))[:, 0]
    signal = SIGNALS[cell.signal]
    return ideal_contrast(signal(network.drops(nudged)), signal(network.drops(rest.voltages)))


def largest_contrast(network: Network, cell: Cell, drive: Drive) -> float:
    """A_max, the largest contrast over samples and edges, for the threshold theta = 2 A_max C/tau_s."""
    return float(np.abs(exact_contrasts(network, cell, drive)).max())


def design_rule(
    network: Network, cell: Cell, saw: Sawtooth, drive: Drive, threshold: float = 2.0
) -> TemporalContrast:
    """Temporal rule whose threshold suits a drive: theta = threshold A_max C/tau_s; none without a nudge.

    Parameters
    ----------
    network, cell, saw, drive
        What is trained, before training.
    threshold : float
        Threshold in units of A_max/tau_s: above 1 the slow ramp is dropped, up to tau_s/tau_f the fast one
        is kept (Eq. 12).
    """
    amplitude = 0.0 if drive.nudge is None else largest_contrast(network, cell, drive)
    return TemporalContrast(threshold * amplitude / saw.tau_s)


def design_threshold(
    network: Network, cell: Cell, saw: Sawtooth, drive: Drive, threshold: float = 2.0
) -> FloatArray:
    """Threshold theta of each edge [A], shape (edges,), that suits a drive; see :func:`design_rule`."""
    gate = design_rule(network, cell, saw, drive, threshold).gate(network, cell)
    return np.asarray(gate.theta)


def step_gain(
    network: Network, cell: Cell, drive: Drive, order: IntArray, recipe: Recipe, rule: str
) -> float:
    """Gain from a batch's direction to conductance, that makes the first epoch's steps the recipe's rate.

    Parameters
    ----------
    network, cell, drive
        The network before training and all training samples.
    order : ndarray of shape (samples,)
        Order of the samples in the first epoch.
    recipe : Recipe
        Batch size and rate.
    rule : str
        ``gradient`` scales gradients, any other rule contrasts.
    """
    parts = [order[k : k + recipe.batch] for k in range(0, order.size, recipe.batch)]
    if rule == "gradient":
        steps = np.array([loss_gradient(network, drive.part(part)) for part in parts])
    else:
        contrasts = exact_contrasts(network, cell, drive)
        steps = np.array([contrasts[part].mean(axis=0) for part in parts])
    size = float(np.sqrt(np.mean(steps**2)))
    if size == 0:
        raise InputError("no training sample moves any edge: the outputs are at their targets already")
    return recipe.rate / size
