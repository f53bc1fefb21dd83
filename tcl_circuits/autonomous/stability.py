"""How strongly an autonomous network acts back on itself within a cycle, and what it can bear.

Conductances that move while the nudge is on change the drops that move them: a step obeys
``(1 -+ M) dG = -k ds`` with ``M = k diag(s'(dV)) R diag(dV)`` and the transfer resistance
``R = D L^-1 D^T`` between edges. The upper sign is the standard sawtooth's, which may run away once an
eigenvalue of M exceeds 1: from about 6 on always, between 1 and 6 by chance. The lower one is the inverted
sawtooth's, for which every M is stable. A lag between state and conductance that outlasts the fast ramp
takes M out of the update. All nonzero eigenvalues of M are those of ``L^-1 D^T diag(k s'(dV) dV) D``, of the
size of the nodes, and none exceeds ``k max(s'(dV) dV/G)``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.autonomous_cell import LearningSignal
from tcl_circuits.circuit.conduction import laplacian
from tcl_circuits.circuit.network import Network
from tcl_circuits.engines.operating import OperatingPoints
from tcl_circuits.errors import InputError
from tcl_circuits.protocol import Polarity

RUNAWAY = 1.0
"""lambda_max from which on the standard sawtooth may run away; from about 6 on it always does."""


@dataclass(frozen=True)
class Stability:
    """What a network's own feedback amounts to.

    Parameters
    ----------
    exact : float
        lambda_max(M), the largest over the samples.
    bound : float
        ``k max(s'(dV) dV/G)``, which it can't exceed.
    polarity : {"standard", "inverted"}
        The sawtooth.
    lagged : bool
        Whether the conductance lags behind the state by more than the fast ramp.
    """

    exact: float
    bound: float
    polarity: Polarity
    lagged: bool

    @property
    def limit(self) -> float:
        """lambda_max up to which updates follow the gradient (standard .3, inverted 1.5, with lag 4)."""
        if self.polarity == "standard":
            return 0.3
        return 4.0 if self.lagged else 1.5

    @property
    def may_run_away(self) -> bool:
        """Whether learning may diverge."""
        return self.polarity == "standard" and self.exact >= RUNAWAY

    def words(self) -> str:
        """One line for people: exact value, bound, limit."""
        kind = f"{self.polarity} sawtooth {'with' if self.lagged else 'without'} lag"
        return (
            f"lambda_max {self.exact:.3g} (at most {self.bound:.3g} by k max(dV^2/G)); "
            f"faithful up to {self.limit:g} for the {kind}"
        )

    def require(self, force: bool) -> None:
        """Raise an InputError if learning would run away, unless it is forced."""
        if self.may_run_away and not force:
            raise InputError(
                f"lambda_max = {self.exact:.3g}: with the standard sawtooth a network may run away from "
                f"{RUNAWAY:g} on; lower the gain (0.3 is faithful), use the inverted sawtooth, or "
                "--force-unstable"
            )


def feedback_weights(drops: FloatArray, signal: LearningSignal) -> FloatArray:
    """``s'(dV) dV`` of voltage drops: dV^2, abs(dV) or dV; of strain, whose sign varies, the size."""
    if signal in ("power", "product"):
        return drops * drops
    return drops if signal == "linear" else np.abs(drops)


def unit_feedback(network: Network, inputs: FloatArray, signal: LearningSignal) -> tuple[float, float]:
    """lambda_max and its bound for k = 1 S per unit of s, each the largest over the samples.

    Diodes count with their conductance in the free state, and can only lower it.

    Parameters
    ----------
    network : Network
        Conductances and structure.
    inputs : ndarray of shape (samples, inputs)
        Input voltages [V].
    signal : {"power", "abs", "linear"}
        Synaptic signal.
    """
    points = OperatingPoints(network)
    rest = points.free(inputs)
    weights = feedback_weights(network.drops(rest.voltages), signal)
    square = np.ix_(network.free, network.free)
    matrix = laplacian(network, network.conductance)
    conducting = np.zeros((len(inputs), network.node_count))
    if not points.linear:
        through = points.junctions.state(rest.junctions)[1]
        np.add.at(conducting.T, points.junctions.nodes, through.T)
    found = [
        _largest(laplacian(network, row)[square], (matrix + np.diag(diodes))[square])
        for row, diodes in zip(weights, conducting, strict=True)
    ]
    return max(found), float((weights / network.conductance).max())


def _largest(top: FloatArray, bottom: FloatArray) -> float:
    """Largest eigenvalue of ``bottom^-1 top``."""
    last = [top.shape[0] - 1] * 2
    return float(eigh(top, bottom, eigvals_only=True, subset_by_index=last)[0])


def free_voltages(network: Network, inputs: FloatArray) -> FloatArray:
    """Free voltages (samples, nodes) of inputs (samples, inputs) [V]."""
    return OperatingPoints(network).free(inputs).voltages


def gain_for(network: Network, inputs: FloatArray, signal: LearningSignal, wanted: float) -> float:
    """Gain k [S per unit of s] that makes lambda_max what is wanted."""
    unit, _ = unit_feedback(network, inputs, signal)
    if unit <= 0:
        raise InputError("no training sample puts a voltage over any edge; nothing can be learned")
    return wanted / unit


def stability(
    network: Network,
    inputs: FloatArray,
    signal: LearningSignal,
    gain: float,
    polarity: Polarity,
    lagged: bool,
) -> Stability:
    """Feedback of a network whose cells have the gain k, over its training samples.

    Parameters
    ----------
    network : Network
        Where training starts; the value drifts by less than a third while it learns.
    inputs : ndarray of shape (samples, inputs)
        Training inputs [V].
    signal, gain, polarity, lagged
        Of the cells; `gain` in S per unit of s.
    """
    exact, bound = unit_feedback(network, inputs, signal)
    return Stability(gain * exact, gain * bound, polarity, lagged)
