"""Whether a nudge's force in NumPy, which the exact engine takes, is that of its elements in a netlist."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.elements import BehaviouralCurrent, VoltageSource
from tcl_circuits.circuit.expressions import function_of
from tcl_circuits.circuit.nudge import Nudge
from tcl_circuits.errors import InputError

_BETAS = (1.0, 0.5, 0.0)
_TOLERANCE = 1e-9
"""Of the largest force: rounding of the numbers in the text is far below it."""

_agreed: WeakKeyDictionary[Nudge, bool] = WeakKeyDictionary()


def require_agreement(nudge: Nudge, target: FloatArray) -> bool:
    """Compare a nudge's force with the currents of its elements at a few outputs and three betas.

    Parameters
    ----------
    nudge : Nudge
        Nudge.
    target : ndarray of shape (values,)
        A target that it accepts.

    Returns
    -------
    bool
        Whether the comparison could be made: elements other than behavioural currents and constant
        voltages, and expressions that the package can't evaluate, are ngspice's alone.

    Raises
    ------
    InputError
        If the two differ, with the place and both values.
    """
    try:
        found = _agreed.get(nudge)
    except TypeError:
        return _compare(nudge, target)
    if found is None:
        found = _agreed[nudge] = _compare(nudge, target)
    return found


def _compare(nudge: Nudge, target: FloatArray) -> bool:
    outputs = nudge.outputs
    nodes = 1 + max(*outputs.plus, *(outputs.minus or (0,)))
    names = tuple(f"y{k}" for k in range(nodes))
    reads = outputs.matrix(nodes)
    # Points of a lattice without symmetry, within +-1 V.
    points = np.sin(np.outer(np.arange(1.0, 6.0), 1.0 + np.arange(nodes)) * np.sqrt(2.0))
    for volts in points:
        y = reads @ volts
        force = nudge.force(y, target)
        held = target if nudge.closed_loop else force
        for beta in _BETAS:
            try:
                flows = _flows(nudge, names, volts, held, beta)
            except _NotEvaluated:
                return False
            wanted = beta * force @ reads
            off = np.abs(flows - wanted)
            if not off.max() <= _TOLERANCE * max(float(np.abs(force).max()), 1e-30):
                k = int(np.argmax(off))
                raise InputError(
                    f"{type(nudge).__name__}: its elements push {flows[k]:.6g} A into output node {k}, its "
                    f"force {wanted[k]:.6g} A, at y = {np.round(y, 4).tolist()} V, target = "
                    f"{target.tolist()}, beta = {beta:g}; whoever changes one changes the other as well"
                )
    return True


class _NotEvaluated(Exception):
    """An element or expression that only ngspice can evaluate."""


def _flows(
    nudge: Nudge, names: tuple[str, ...], volts: FloatArray, held: FloatArray, beta: float
) -> FloatArray:
    """Current of the elements into each output node [A], at node voltages and held targets or currents."""
    elements = nudge.elements(names, held)
    known = dict(zip(names, volts.tolist(), strict=True)) | {"beta": beta}
    known |= {each.a: each.volts for each in elements if isinstance(each, VoltageSource) and each.b == "0"}
    flows = np.zeros(len(names))
    for each in elements:
        match each:
            case VoltageSource(b="0"):
                pass
            case BehaviouralCurrent(a=a, b=b, expression=expression):
                try:
                    current = float(function_of(expression)(known))
                except (InputError, KeyError):
                    raise _NotEvaluated from None
                for node, sign in ((a, -1.0), (b, 1.0)):
                    if node in names:
                        flows[names.index(node)] += sign * current
            case _:
                raise _NotEvaluated
    return flows
