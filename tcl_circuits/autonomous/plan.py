"""From a task and a few numbers to a design: gain, threshold, clock - and what would go wrong in it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from tcl_circuits.autonomous.design import NODE_CAPACITANCE, Design, Detector
from tcl_circuits.autonomous.recipe import CircuitTask
from tcl_circuits.autonomous.schedule import Schedule
from tcl_circuits.autonomous.stability import Stability, free_voltages, gain_for, stability
from tcl_circuits.autonomous.timing import Timing
from tcl_circuits.checks import not_negative, positive
from tcl_circuits.circuit.autonomous_cell import AutonomousCell, sensed
from tcl_circuits.circuit.cells import SenseCell
from tcl_circuits.circuit.network import Network
from tcl_circuits.circuit.write_threshold import Threshold
from tcl_circuits.errors import InputError
from tcl_circuits.protocol import Polarity, Sawtooth
from tcl_circuits.training.pace import largest_contrast
from tcl_circuits.units import engineering

C, R = 3e-12, 1e6
"""Sense capacitance [F] and resistance [ohm]; tau_K = 3 us."""
_STATE_CAPACITANCE, _SLOPE = 10e-12, 20e-6
_LAG = 0.1e-12, 1e9
_FLOOR = 0.003
"""Least threshold of the peak detector, in units of that at the start."""
_MEMORY = 10.0
"""Its memory in cycles."""
_LOOK = 3e-6
"""Least time from the inputs' switch to the end of a look at a sample [s]."""
_SETTLED = 5.0
"""Time constants after which a switch of the inputs is over."""


@dataclass(frozen=True)
class Request:
    """What a user may choose of an autonomous run; None takes the task's own.

    Parameters
    ----------
    polarity : {"inverted", "standard"}
        Sawtooth.
    cycles : int, optional
        Learning cycles.
    gain : float, optional
        lambda_max of the untrained network; for the standard sawtooth .3 by default.
    threshold : float, optional
        Threshold in units of A_max tau_K/tau_s.
    kind : {"dead_zone", "hard", "soft", "vteam"}
        Threshold's shape.
    alpha : float
        Exponent of a vteam threshold.
    detector : bool
        Whether a peak detector of the output error sets the threshold.
    lag : bool
        Whether the conductance lags behind the state.
    tau_f, tau_s : float, optional
        Ramps [s]; tau_s follows from the task's ratio.
    gate_hold, settle, rest : float
        Clock, see :class:`~tcl_circuits.autonomous.timing.Timing` [s].
    look_every : int, optional
        Cycles between looks.
    seed : int
        Seed of the samples' order.
    """

    polarity: Polarity = "inverted"
    cycles: int | None = None
    gain: float | None = None
    threshold: float | None = None
    kind: Threshold = "dead_zone"
    alpha: float = 3.0
    detector: bool = False
    lag: bool = True
    tau_f: float = 1e-5
    tau_s: float | None = None
    gate_hold: float = 15e-6
    settle: float = 20e-6
    rest: float = 0.0
    look_every: int | None = None
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Plan:
    """A design with what is known of it before it runs.

    Parameters
    ----------
    design : Design
        The run.
    stability : Stability
        Its feedback on itself.
    amplitude : float
        A_max, the largest change of a signal by the nudge.
    """

    design: Design
    stability: Stability
    amplitude: float
    remarks: tuple[str, ...] = field(default=())


def plan(learned: CircuitTask, request: Request, force_unstable: bool = False) -> Plan:
    """Design a run.

    Parameters
    ----------
    learned : CircuitTask
        Task and recipe.
    request : Request
        What the user chose.
    force_unstable : bool
        Go on where the standard sawtooth would run away.

    Raises
    ------
    InputError
        If nothing could be learned, the gate is open when it must not be, or the network would run away.
    """
    task, recipe = learned.task, learned.recipe
    network, train = task.network, task.train
    tau_s = request.tau_s if request.tau_s is not None else recipe.ratio * request.tau_f
    timing = Timing(
        Sawtooth(request.tau_f, tau_s, request.polarity),
        settle=request.settle,
        hold=request.gate_hold,
        rest=request.rest,
    )
    _require_settled(network, timing)
    wanted = request.gain
    if wanted is None:
        wanted = recipe.gain if request.polarity == "inverted" else min(recipe.gain, 0.3)
    seen = SenseCell(sensed(recipe.signal))
    for samples in (train, task.test):
        if len(samples):
            task.present(samples, np.arange(len(samples)), seen, timing.saw).check(network)
    gain = gain_for(network, train.inputs, recipe.signal, positive("--gain", "lambda_max", wanted))
    found = stability(network, train.inputs, recipe.signal, gain, request.polarity, request.lag)
    found.require(force_unstable)
    amplitude = largest_contrast(network, seen, task.present(train, np.arange(len(train)), seen, timing.saw))
    factor = recipe.threshold if request.threshold is None else request.threshold
    not_negative("--threshold", "factor", factor)
    theta = factor * amplitude * R * C / tau_s * recipe.scale
    cell = AutonomousCell(
        transconductance=gain * _STATE_CAPACITANCE / (_SLOPE * R * C * recipe.scale),
        theta=theta,
        polarity=request.polarity,
        signal=recipe.signal,
        c=C,
        r=R,
        state_capacitance=_STATE_CAPACITANCE,
        lag_resistance=_LAG[1],
        lag_capacitance=_LAG[0] if request.lag else 0.0,
        slope=_SLOPE,
        bounds=network.bounds,
        scale=recipe.scale,
    )
    require_signal(cell, timing, amplitude)
    # With a power law it is the steepest slope that lambda_max is of.
    reach = _largest_output(cell.scale * amplitude, cell.tau, timing.saw.tau_f)
    cell = replace(cell, threshold=request.kind, alpha=request.alpha, reach=reach)
    schedule = Schedule.make(
        timing,
        len(train),
        len(task.test),
        recipe.cycles if request.cycles is None else request.cycles,
        request.seed,
        request.look_every or recipe.look_every,
        look_time=timing.switch + max(_LOOK, _SETTLED * _node_time(network)),
        wait=_SETTLED * cell.lag,
    )
    detector = _detector(learned, cell, timing) if request.detector else None
    design = Design(network, cell, task.nudge, schedule, train, task.test, detector)
    return Plan(design, found, amplitude, _remarks(found))


def _remarks(found: Stability) -> tuple[str, ...]:
    if found.may_run_away:
        return ("forced: the standard sawtooth may run away at this gain",)
    if found.exact > found.limit:
        return (f"lambda_max is above {found.limit:g}: updates will be bent by the network's own feedback",)
    return ()


def require_signal(cell: AutonomousCell, timing: Timing, amplitude: float) -> None:
    """Raise an InputError if no signal would pass the threshold, so that nothing would be learned.

    Parameters
    ----------
    cell : AutonomousCell
        The cell.
    timing : Timing
        Clock.
    amplitude : float
        Largest change of the signal by the nudge.
    """
    if amplitude == 0:
        raise InputError("no sample moves any edge: the outputs are at their targets already")
    tau_f = timing.saw.tau_f
    largest = _largest_output(cell.scale * amplitude, cell.tau, tau_f)
    if cell.theta < largest:
        return
    fastest = cell.scale * amplitude * (1 - np.exp(-1.0))
    highest = engineering(largest, "V")
    words = f"the threshold of {engineering(cell.theta, 'V')} is above any signal "
    if cell.theta < fastest:
        raise InputError(
            f"{words}of a fast ramp of {engineering(timing.saw.tau_f, 's')} (at most {highest}), so "
            "nothing would be learned: the nudge switches slower than the threshold asks for; "
            "shorten tau_f, lengthen tau_s, or lower the threshold"
        )
    raise InputError(f"{words}(at most {highest}), so nothing would be learned; lower the threshold")


def _largest_output(amplitude: float, tau: float, tau_f: float) -> float:
    """Sense output at the end of a fast ramp of the signal by `amplitude` [V]."""
    return amplitude * tau / tau_f * float(1 - np.exp(-tau_f / tau))


def _require_settled(network: Network, timing: Timing) -> None:
    """Raise an InputError if the inputs' change is still felt when the nudge begins."""
    both = ("sense branches", R * C), ("nodes", _node_time(network))
    what, slowest = max(both, key=lambda one: one[1])
    if timing.settle < _SETTLED * slowest:
        raise InputError(
            f"the samples switch slower than the gate opens: {engineering(timing.settle, 's')} is not long "
            f"enough for the {what} ({engineering(slowest, 's')}) to forget the inputs' change; settle for "
            f"{engineering(_SETTLED * slowest, 's')} or longer"
        )


def _node_time(network: Network) -> float:
    """Longest time constant of a free node [s]."""
    at_node = np.diag(network.laplacian(network.conductance))
    farads = network.node_capacitance or NODE_CAPACITANCE
    return float((farads / at_node[network.free]).max(initial=0.0))


def _detector(learned: CircuitTask, cell: AutonomousCell, timing: Timing) -> Detector:
    """Peak detector that starts at the cell's threshold with the largest error of the training samples."""
    task = learned.task
    y = task.outputs(free_voltages(task.network, task.train.inputs))
    error = float(np.abs(task.nudge.error(y, task.train.targets)).sum(axis=1).max())
    theta = positive("--detector", "threshold", cell.theta)
    return Detector(theta / error, _FLOOR * theta, theta, _MEMORY * timing.period)
