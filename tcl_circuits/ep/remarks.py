"""What a run should be told before it wastes an hour: kernels with an area, idle thresholds."""

from __future__ import annotations

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.ep.cycle import CycleMap
from tcl_circuits.ep.gating import GatedSum
from tcl_circuits.ep.layers import Array, State
from tcl_circuits.ep.update import TemporalUpdate

_AREA = 1e-4
"""Area of a kernel, as a share of its size, that learning bears."""
_NODES = 64
"""Nodes of a layer, the most active ones, whose synapses are looked at."""
_ALL = 0.99
"""Share of the kernel outputs that counts as all of them."""
_BEYOND = 0.8
"""Share of the contrast beyond the pass band that learning bears."""


def area_remark(cycle: CycleMap) -> str | None:
    """Remark on a kernel whose area is not 0; None for a fine one."""
    if cycle.area <= _AREA:
        return None
    return (
        f"the kernel's area is {100 * cycle.area:.3g} % of its size, more than {100 * _AREA:g} %: constant "
        "signals will change the weights as contrasts should (Eq. 13), and the error will stay high or grow. "
        "Use a kernel of area 0, such as kernels.sine(), or one sampled finely enough, or method='exact'"
    )


def threshold_remarks(update: TemporalUpdate, x: Array, states: State) -> list[str]:
    """Remarks on thresholds that let nothing of a batch pass, or all of it, or most on the way down as well.

    Parameters
    ----------
    update : TemporalUpdate
        The rule.
    x : ndarray of shape (images, inputs)
        Input states.
    states : tuple of ndarray of shape (states, images, nodes)
        States of the layers after the input on the ramp.
    """
    beyond = _beyond_remark(update.weights[0], x, states[0])
    remarks = [] if beyond is None else [beyond]
    layers = [np.broadcast_to(x, (len(states[0]), *x.shape)), *states]
    for n, (weights, biases) in enumerate(zip(update.weights, update.biases, strict=True), 1):
        below, above = (_most_active(layers[k]) for k in (n - 1, n))
        products = below.transpose(0, 2, 1) @ above / len(x)
        for what, rule, signals in (
            (f"weights into layer {n}", weights, products.reshape(len(products), -1)),
            (f"biases of layer {n}", biases, above.mean(axis=1)),
        ):
            remark = _remark(what, rule, signals)
            if remark is not None:
                remarks.append(remark)
    return remarks


def _beyond_remark(rule: GatedSum, x: Array, above: Array) -> str | None:
    """Remark on weights from the input most of whose contrast is so large that the slow ramp passes too."""
    top = 1 + int(np.argmax(np.cumsum(rule.cycle.linear)))
    size, largest = np.abs(x.T @ (above[top] - above[0])) / len(x), _pass_band_top(rule)
    beyond = float(size[size > largest].sum() / size.sum()) if size.any() and rule.theta > 0 else 0.0
    if beyond < _BEYOND:
        return None
    return (
        f"{100 * beyond:.0f} % of the contrast of the weights into layer 1 is in synapses beyond "
        f"{largest:.2g}, the largest that the threshold {rule.theta:.3g} can tell from its release: these "
        "may hardly learn. Choose a higher threshold, a longer tau_s, or more nodes"
    )


def _pass_band_top(rule: GatedSum) -> float:
    """Contrast of a linear ramp from which on its slow part passes the threshold as well."""
    ramp = rule.cycle.steps @ rule.cycle.linear
    slow = np.abs(ramp[ramp * np.sign(rule.cycle.weights) < 0]).max(initial=0.0)
    return rule.theta / slow if slow > 0 else float("inf")


def _most_active(layer: Array) -> FloatArray:
    """States of the nodes that are most active on the whole."""
    order = np.argsort(layer.sum(axis=(0, 1)))[::-1]
    return layer[:, :, order[:_NODES]].astype(np.float64)


def _remark(what: str, rule: GatedSum, signals: FloatArray) -> str | None:
    """Remark on one threshold, for signals of shape (states, synapses)."""
    u = np.abs(rule.cycle.steps @ np.diff(signals, axis=0) + rule.cycle.base[:, None] * signals[0])
    largest = float(u.max(initial=0.0))
    if largest == 0:
        return None
    heard = u > 1e-9 * largest
    passed = float(np.count_nonzero(heard & (u >= rule.theta)) / np.count_nonzero(heard))
    head = f"the threshold {rule.theta:.3g} of the {what} lets"
    if passed == 0:
        return (
            f"{head} nothing of the first batch pass: they do not learn. Their kernel outputs reach "
            f"{largest:.3g}; choose a threshold well below that"
        )
    if passed >= _ALL:
        return (
            f"{head} everything of the first batch pass, the slow ramp too: its update cancels that of the "
            f"fast ramp. Their kernel outputs reach {largest:.3g}; choose a threshold between that and "
            f"{largest / 10:.2g}"
        )
    return None
