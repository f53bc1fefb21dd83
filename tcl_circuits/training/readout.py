"""From waveforms to contrasts: what each edge's kernel output amounts to over a cycle."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.cells import SIGNALS, Cell
from tcl_circuits.circuit.network import Network
from tcl_circuits.engines.base import Transient
from tcl_circuits.engines.diode_currents import diode_currents
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.rule import Gate, HardThreshold, ideal_contrast, update_integral


def charges(transient: Transient, gate: Gate) -> FloatArray:
    """Thresholded charge of each edge over the cycle, from the sawtooth's start on, shape (edges,) [A s]."""
    within = transient.time >= 0
    return update_integral(transient.time[within], transient.u[:, within], gate)


def temporal_contrast(
    network: Network, cell: Cell, saw: Sawtooth, transients: Sequence[Transient], gate: Gate
) -> FloatArray:
    """Contrast that the thresholded kernel output stands for: its charge over C, with the polarity's sign.

    C is the mean of the sense capacitances: what an edge learns is its charge, whatever its own C.

    Returns
    -------
    ndarray of shape (samples, edges)
        Estimate of ``s_nudged - s_free``, in the signal's unit.
    """
    per_farad = saw.sign / cell.capacitance(network.conductance).mean()
    return np.array([charges(transient, gate) * per_farad for transient in transients])


def edge_updates(waves: xr.Dataset, theta: float | FloatArray = 0.0) -> xr.Dataset:
    """What each edge learns from one simulated cycle.

    Parameters
    ----------
    waves : xarray.Dataset
        As :func:`tcl_circuits.simulate` returns it.
    theta : float or ndarray of shape (edges,)
        Threshold of the kernel outputs [A]; :func:`design_threshold` suggests one.

    Returns
    -------
    xarray.Dataset
        By edge: ``charge``, the integral of g(u) [A s]; ``contrast``, the s_nudged - s_free that it stands
        for, in the signal's unit; ``update`` = -contrast, the direction in which the conductance moves.
    """
    transient = Transient(waves["time"].to_numpy(), waves["voltage"].to_numpy(), waves["u"].to_numpy())
    charge = charges(transient, HardThreshold(theta))
    sign = 1 if waves.attrs["polarity"] == "standard" else -1
    contrast = sign * charge / float(waves["capacitance"].mean())
    unit = waves["signal"].attrs["units"]
    return xr.Dataset(
        {
            "charge": (("edge",), charge, {"units": "A s"}),
            "contrast": (("edge",), contrast, {"units": unit}),
            "update": (("edge",), 0.0 - contrast, {"units": unit}),
        },
        coords={name: waves.coords[name] for name in ("edge", "first", "second", "conductance")},
    )


def remembered_contrast(
    network: Network, cell: Cell, saw: Sawtooth, transients: Sequence[Transient]
) -> FloatArray:
    """Contrast from an explicit memory of the free and the fully nudged state, shape (samples, edges)."""
    signal = SIGNALS[cell.signal]
    peak = float(saw.breakpoints[0][1])
    rows = []
    for transient in transients:
        free, nudged = (network.drops(_voltages_at(transient, moment)) for moment in (0.0, peak))
        rows.append(ideal_contrast(signal(nudged), signal(free)))
    return np.array(rows)


def _voltages_at(transient: Transient, moment: float) -> FloatArray:
    """Node voltages at a time; corners are points of every engine's time axis, to rounding."""
    return transient.voltage[:, int(np.argmin(np.abs(transient.time - moment)))]


def energy(network: Network, cell: Cell, transient: Transient) -> float:
    """Energy dissipated in conductances, diodes and sense resistances over the simulated span [J]."""
    conductance = network.conductance
    sense = transient.u**2 * cell.resistance(conductance)[:, None]
    power = sense.sum(axis=0)
    if cell.conducts_dc:
        drops = network.drops(transient.voltage.T)
        power = power + (drops**2) @ conductance
    if network.parts:
        _, across, currents = diode_currents(network, transient.voltage.T)
        power = power + np.sum(across * currents, axis=1)
    return float(np.trapezoid(power, transient.time))
