"""A single memristor under a voltage, in real ngspice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.memristors import Excitation, Memristor
from tcl_circuits.circuit.memristors.response import device_waveforms, first_state
from tcl_circuits.circuit.netlist import device_bench
from tcl_circuits.engines.pool import Job, Pool
from tcl_circuits.errors import EngineError, InputError
from tcl_circuits.units import spice_number

if TYPE_CHECKING:
    import xarray as xr

VECTORS = ("time", "v(drive)", "i(vmeter)", "v(state)")
"""What is read, as ngspice's ``print`` and ``.meas`` name it."""
_VECTORS = ("time", "drive", "vmeter#branch", "state")
_RELTOL = 1e-8
"""A state that runs away, as TEAM's does, multiplies errors: 1e-6 may leave 1 % of the current."""
_SLACK = 10.0
"""Tolerances by which a state may miss its bounds: ngspice's last Newton step is not exact."""
_STOPPED_EARLY = 1e-6
_TIME_LIMIT = 120.0
"""Longest wall-clock time for one run [s]."""


def device_options(model: Memristor, voltage: Excitation, reltol: float = _RELTOL) -> dict[str, float]:
    """Error control of ngspice, from the device's own current and state: a channel's are picoamperes."""
    volts = voltage(np.linspace(0, voltage.duration, 1001))
    largest = max(float(np.abs(model.current(np.array(bound), volts)).max()) for bound in model.bounds)
    return {
        "reltol": reltol,
        "abstol": max(reltol * largest, 1e-30),
        "vntol": reltol,
        "chgtol": reltol * model.time_scale,
        "trtol": 1.0,
    }


def device_analysis(voltage: Excitation) -> str:
    """Return the transient analysis of a device's bench, without the leading dot."""
    step = spice_number(voltage.longest_step)
    return f"tran {step} {spice_number(voltage.duration)} 0 {step}"


def device_deck(
    model: Memristor, voltage: Excitation, start: float | None = None, library: str | None = None
) -> str:
    """Netlist text of a device's bench, without options, analysis and end.

    Parameters
    ----------
    model, voltage, start
        As for :func:`simulate_device_ngspice`.
    library : str, optional
        File that holds the subcircuit; by default the text does.

    Raises
    ------
    InputError
        If the start lies out of bounds, or is given to a volatile model, which starts at rest.
    """
    values = {model.parameter: model.learned_default}
    if model.volatile and start is not None:
        raise InputError(f"{model.name}: in ngspice a volatile state starts at rest; leave start out")
    if not model.volatile:
        values = {model.parameter: float(model.scaled(first_state(model, voltage, start)))}
    return device_bench(model.subcircuit(), voltage.element("vdrive", "drive", "0"), values, library)


def simulate_device_ngspice(
    model: Memristor,
    voltage: Excitation,
    start: float | None = None,
    reltol: float = _RELTOL,
    pool: Pool | None = None,
) -> xr.Dataset:
    """Simulate a device's ``.subckt`` under a voltage in ngspice.

    Parameters
    ----------
    model, voltage, start
        As for :func:`tcl_circuits.circuit.memristors.simulate_device`.
    reltol : float
        ngspice's relative tolerance; the absolute ones follow from the device.
    pool : Pool, optional
        ngspice's process, for many runs; by default one is started and ended.

    Returns
    -------
    xarray.Dataset
        As :func:`simulate_device`, at ngspice's own times; ``voltage``, ``current`` and ``state`` are what
        ngspice computed.

    Raises
    ------
    InputError
        If a value can't be used.
    EngineMissing
        If libngspice is not installed.
    EngineError
        If ngspice reports a fault, stops early or returns what is not finite.
    """
    if not 1e-10 <= reltol <= 1e-2:
        raise InputError(f"simulate_device_ngspice: reltol = {reltol} must lie in 1e-10 .. 1e-2")
    deck = "\n".join([device_deck(model, voltage, start), ".options noinit", ".end", ""])
    # Gear: the trapezoidal rule rings where a state comes to rest at its bound.
    options = tuple(
        f"option {name}={value:g}" for name, value in device_options(model, voltage, reltol).items()
    )
    workers = Pool(1, _TIME_LIMIT) if pool is None else pool
    try:
        found = workers.run([Job(deck, options, (), device_analysis(voltage), _VECTORS)])[0]
    finally:
        if pool is None:
            workers.close()
    return _labelled(model, voltage, found, reltol)


def _labelled(model: Memristor, voltage: Excitation, found: FloatArray, reltol: float) -> xr.Dataset:
    time, volts, amperes, share = found
    if not np.all(np.isfinite(found)):
        raise EngineError(f"{model.name}: ngspice returned values that are not finite")
    if abs(time[-1] - voltage.duration) > _STOPPED_EARLY * voltage.duration or np.any(np.diff(time) <= 0):
        raise EngineError(
            f"{model.name}: ngspice stopped at {time[-1]:g} s instead of {voltage.duration:g} s"
        )
    if np.any(np.abs(share - 0.5) > 0.5 + _SLACK * reltol):
        raise EngineError(f"{model.name}: its state left its bounds in ngspice; give a smaller reltol")
    data = device_waveforms(model, time, volts, model.unscaled(np.clip(share, 0, 1)))
    data["current"] = ("time", amperes, data["current"].attrs)
    return data
