"""``tcl-circuits devices``: a memristor's hysteresis loop at three frequencies, in NumPy and in ngspice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tcl_circuits.circuit.memristors import (
    Memristor,
    Sine,
    measure_loop,
    named_memristor,
    simulate_device,
)
from tcl_circuits.circuit.netlist import subcircuit_text
from tcl_circuits.commands.output import claim, write_csv, write_text
from tcl_circuits.engines.device import simulate_device_ngspice
from tcl_circuits.engines.installation import find_library, why_no_library
from tcl_circuits.engines.pool import Pool
from tcl_circuits.figures.devices import LoopCurves, draw_loops
from tcl_circuits.figures.style import save

if TYPE_CHECKING:
    import xarray as xr

FACTORS = (1, 3, 10)
"""Frequencies in those of the model's standard test."""


@dataclass(frozen=True)
class LoopRow:
    """What a loop at one frequency came to; fields of ngspice are None where it is not installed.

    Parameters
    ----------
    frequency : float
        Hertz.
    lobes : float
        Area of both lobes [W].
    pinch : float
        Largest current at 0 V over the largest current.
    swing : float
        Share of its range over which the state moves.
    current_error, state_error : float or None
        Largest difference of ngspice from NumPy, of the largest current and of the state's range.
    """

    frequency: float
    lobes: float
    pinch: float
    swing: float
    current_error: float | None
    state_error: float | None


@dataclass(frozen=True)
class DeviceResult:
    """Directory, amplitude [V], a row a frequency, and remarks for the user."""

    out: Path
    amplitude: float
    rows: tuple[LoopRow, ...]
    remarks: tuple[str, ...]


def device_loops(name: str, out: Path | None = None, force: bool = False) -> DeviceResult:
    """Run a model's sine test, and leave loop.csv, loop.png and NAME.subckt.

    Raises
    ------
    InputError
        Before anything runs, if there is no such model or the directory can't be used.
    EngineError
        If ngspice fails.
    """
    model = named_memristor(name)
    with claim(out or Path("runs") / f"device-{name}", force) as place:
        present = find_library() is not None
        write_text(place / f"{name}.subckt", subcircuit_text(model.subcircuit()))
        curves, rows, tables = [], [], []
        pool = Pool(1, time_limit=120)
        try:
            for factor in FACTORS:
                sine = replace(model.test, frequency=factor * model.test.frequency)
                exact = simulate_device(model, sine)
                simulated = simulate_device_ngspice(model, sine, pool=pool) if present else None
                curves.append(LoopCurves(sine.frequency, exact, simulated))
                rows.append(_row(model, sine, exact, simulated))
                tables += [_table("numpy", sine, exact)]
                tables += [] if simulated is None else [_table("ngspice", sine, simulated)]
        finally:
            pool.close()
        write_csv(place / "loop.csv", pd.concat(tables))
        save(draw_loops(curves, model.title), place / "loop.png")
    remarks = () if present else (f"NumPy alone is used: {why_no_library()}",)
    return DeviceResult(place, model.test.amplitude, tuple(rows), remarks)


def agreement(model: Memristor, sine: Sine, simulated: xr.Dataset) -> tuple[float, float]:
    """Largest differences of ngspice from NumPy: of the largest current, and of the state's range."""
    time = simulated["time"].to_numpy()
    exact = simulate_device(model, sine, times=time)
    amperes, low_high = exact["current"].to_numpy(), model.bounds
    current = np.abs(simulated["current"].to_numpy() - amperes).max() / np.abs(amperes).max()
    state = np.abs(simulated["state"].to_numpy() - exact["state"].to_numpy()).max()
    return float(current), float(state / (low_high[1] - low_high[0]))


def _row(model: Memristor, sine: Sine, exact: xr.Dataset, simulated: xr.Dataset | None) -> LoopRow:
    loop, (low, high) = measure_loop(exact, sine), model.bounds
    lobes = abs(loop.positive_lobe) + abs(loop.negative_lobe)
    swing = float(np.ptp(exact["state"].to_numpy())) / (high - low)
    errors = (None, None) if simulated is None else agreement(model, sine, simulated)
    return LoopRow(sine.frequency, lobes, loop.pinch, swing, *errors)


def _table(engine: str, sine: Sine, data: xr.Dataset) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "engine": engine,
            "frequency_Hz": sine.frequency,
            "time_s": data["time"].to_numpy(),
            "voltage_V": data["voltage"].to_numpy(),
            "current_A": data["current"].to_numpy(),
            "state": data["state"].to_numpy(),
        }
    )
