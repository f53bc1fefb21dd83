"""What a run should be told before it wastes an hour: areas of kernels, idle thresholds, rising errors."""

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
_ALONG = 0.1
"""Cosine of update and contrast below which learning is slow at best."""
_MOST = 0.5
"""Share of the contrast beyond the pass band that counts as the cause of that."""
_RISE = 10.0
"""Rise of the training error that no run shows which learns [percent]."""


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
    """Remarks on thresholds that let nothing of a batch pass, or all of it, or so much that it cancels.

    Parameters
    ----------
    update : TemporalUpdate
        The rule.
    x : ndarray of shape (images, inputs)
        Input states.
    states : tuple of ndarray of shape (states, images, nodes)
        States of the layers after the input on the ramp.
    """
    remarks = []
    layers = [np.broadcast_to(x, (len(states[0]), *x.shape)), *states]
    added, _ = update(x, states)
    for n, (weights, biases) in enumerate(zip(update.weights, update.biases, strict=True), 1):
        below, above = (_most_active(layers[k]) for k in (n - 1, n))
        products = below.transpose(0, 2, 1) @ above / len(x)
        into, of = f"weights into layer {n}", f"biases of layer {n}"
        remarks += [
            _idle_remark(into, weights, products.reshape(len(products), -1))
            or _astray_remark(into, weights, _contrast(weights, layers[n - 1], layers[n]), added[n - 1]),
            _idle_remark(of, biases, above.mean(axis=1)),
        ]
    return [remark for remark in remarks if remark is not None]


def rise_remark(errors: FloatArray) -> str | None:
    """Remark on a training error that has risen; made once, when it has risen far enough.

    Parameters
    ----------
    errors : ndarray of shape (epochs,)
        Training errors so far [percent].
    """
    above_best = errors - np.minimum.accumulate(errors)
    if not errors.size or above_best[-1] <= _RISE or np.any(above_best[:-1] > _RISE):
        return None
    best = int(np.argmin(errors))
    return (
        f"the training error has risen from {errors[best]:.3g} % in epoch {best + 1} to {errors[-1]:.3g} % "
        f"in epoch {errors.size}: the run unlearns. Choose settings made for such images, or lower rates"
    )


def _contrast(rule: GatedSum, below: Array, above: Array) -> Array:
    """Change of the signals between two layers from the free to the fully nudged state."""
    top = 1 + int(np.argmax(np.cumsum(rule.cycle.linear)))
    free, nudged = (below[k].T @ above[k] for k in (0, top))
    change: Array = (nudged - free) / above.shape[1]
    return change


def _astray_remark(what: str, rule: GatedSum, contrast: Array, update: Array) -> str | None:
    """Remark on an update that does not go along the contrast, as most of it is beyond the pass band."""
    size, largest = np.abs(contrast), _pass_band_top(rule)
    beyond = float(size[size > largest].sum()) / max(float(size.sum()), 1e-300)
    norms = float(np.linalg.norm(contrast)) * float(np.linalg.norm(update))
    if beyond < _MOST or norms == 0:
        return None
    cosine = float(np.sum(contrast * update)) / norms
    if cosine >= _ALONG:
        return None
    return (
        f"the first batch's update of the {what} hardly follows their contrast (cosine {cosine:.2f}): "
        f"{100 * beyond:.0f} % of it is in contrasts above {largest:.2g}, where the threshold "
        f"{rule.theta:.3g} passes the slow ramp too, which cancels the fast one. Learning may be slow, or "
        "fail; choose more hidden nodes, a preset made for such images, a higher threshold or a longer tau_s"
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


def _idle_remark(what: str, rule: GatedSum, signals: FloatArray) -> str | None:
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
