"""One synapse in one cycle of the sawtooth, looked at closely: its signal and its kernel output over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.ep.data import Digits
from tcl_circuits.ep.layers import Array
from tcl_circuits.ep.network import Network
from tcl_circuits.ep.ramp import Nudging
from tcl_circuits.ep.settings import Settings, spread
from tcl_circuits.kernels.periodic import PeriodicSignal

_POINTS = 1001


@dataclass(frozen=True, eq=False)
class SynapseCycle:
    """A synapse from an input node to one of the next layer, over a cycle.

    Parameters
    ----------
    source, target : int
        Its nodes.
    time : ndarray of shape (time,)
        Times from the start of the cycle, in the sawtooth's unit.
    signal : ndarray of shape (time,)
        Mean over the batch of the product of the two activations.
    u : ndarray of shape (time,)
        Kernel output (Eq. 3), causal and periodic.
    theta : float
        Threshold.
    """

    source: int
    target: int
    time: FloatArray
    signal: FloatArray
    u: FloatArray
    theta: float


def probe_synapse(network: Network, data: Digits, settings: Settings) -> SynapseCycle:
    """Show the first batch to a network, and look at the synapse nearest to the middle of the rule's band.

    The middle of the pass band is that contrast whose rise is as far above the threshold as its release is
    below. The signals are those of :meth:`~tcl_circuits.ep.ramp.Ramp.states`, linear between them.

    Parameters
    ----------
    network : Network
        Its state relaxes from zeros.
    data : Digits
        The first images of its training part are shown.
    settings : Settings
        Relaxation, nudge, sawtooth, kernel and threshold.
    """
    x = data.train_x[: settings.batch].astype(network.dtype)
    target = np.eye(data.classes, dtype=network.dtype)[data.train_y[: settings.batch]]
    free = network.settle(x, settings.free_iterations, settings.relaxation)
    nudging = Nudging(settings.relaxation, network.inner, network.fields(x), free, target, settings.factor)
    states = settings.ramp.states(nudging, settings.beta, settings.nudged_iterations)
    theta = spread(settings.weight_thresholds, len(network.weights), "weight_thresholds")[0]
    top = int(np.argmax(settings.ramp.levels))
    contrast = x.T @ (states[0][top] - states[0][0]) / len(x)
    source, node = _nearest(contrast, _middle(settings, theta))
    signal = (states[0][..., node] @ x[:, source]).astype(np.float64) / len(x)
    return _cycle(settings, signal[settings.ramp.path], (source, node), theta)


def _middle(settings: Settings, theta: float) -> float:
    """Contrast in the middle of the pass band of a ramp that is linear in time."""
    saw, kernel = settings.saw, settings.kernel
    fast = abs(kernel.first_moment) / saw.tau_f
    slow = abs(kernel.first_moment) / saw.tau_s
    return theta / float(np.sqrt(fast * slow))


def _nearest(contrast: Array, wanted: float) -> tuple[int, int]:
    """Synapse whose contrast comes nearest to a size."""
    size = np.abs(contrast.astype(np.float64))
    distance = np.abs(np.log(np.maximum(size, 1e-300) / max(wanted, 1e-300)))
    source, node = np.unravel_index(int(np.argmin(distance)), size.shape)
    return int(source), int(node)


def _cycle(settings: Settings, points: FloatArray, synapse: tuple[int, int], theta: float) -> SynapseCycle:
    """Signal and kernel output over a cycle, from the signal at the points of the ramp."""
    corner, period = settings.saw.breakpoints[0][1:]
    up, down = settings.ramp.corners
    times = np.concatenate([np.linspace(0, corner, up), np.linspace(corner, period, down)[1:]])
    # The last point is the first of the next cycle.
    output = settings.kernel.steady_response(PeriodicSignal(np.diff(times), points[:-1]))
    time = np.linspace(0, period, _POINTS)
    return SynapseCycle(*synapse, time, np.interp(time, times, points), output(np.mod(time, period)), theta)
