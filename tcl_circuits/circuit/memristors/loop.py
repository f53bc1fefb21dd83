"""What a loop of current over voltage says: the three fingerprints of a memristor.

Adhikari, Sah, Kim, Chua, IEEE Trans. Circuits Syst. I 60, 3008 (2013): under a periodic voltage of both signs
the loop is pinched at the origin; beyond some frequency its lobes shrink as the frequency rises; and it
becomes a single-valued line as the frequency grows without bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tcl_circuits.circuit.memristors.excitation import Sine
from tcl_circuits.errors import InputError

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Loop:
    """Measures of the last period of a sine test.

    Parameters
    ----------
    pinch : float
        Largest current at 0 V, as a share of the largest current.
    positive_lobe, negative_lobe : float
        Area enclosed at positive and at negative voltages [W], the circuit integral of i dv; its sign is
        positive where the way back has more current than the way out.
    fullness : float
        Both areas' magnitudes over four times the product of largest voltage and current: 0 for a line, 1/4
        for switching between an open circuit and a resistance at the crests.
    """

    pinch: float
    positive_lobe: float
    negative_lobe: float
    fullness: float


def measure_loop(data: xr.Dataset, sine: Sine) -> Loop:
    """Measure the last period.

    Parameters
    ----------
    data : xarray.Dataset
        Waveforms of :func:`simulate_device`, or ngspice's.
    sine : Sine
        Its voltage.

    Raises
    ------
    InputError
        If the data end before the sine does.
    """
    time = data["time"].to_numpy()
    volts, amperes = data["voltage"].to_numpy(), data["current"].to_numpy()
    if time[-1] < sine.duration * (1 - 1e-6):
        raise InputError(f"measure_loop: the data end at {time[-1]:g} s, the sine at {sine.duration:g} s")
    zeros = sine.duration - np.array([1.0, 0.5, 0.0]) / sine.frequency
    fine = np.union1d(time[time > zeros[0]], zeros)
    v, i = np.interp(fine, time, volts), np.interp(fine, time, amperes)
    middle = int(np.searchsorted(fine, zeros[1]))
    largest = float(np.abs(i).max())
    # i dv out of and back to 0 V: the way back, with dv < 0, counts against the way out.
    lobes = [-float(np.trapezoid(i[part], v[part])) for part in (slice(0, middle + 1), slice(middle, None))]
    at_zero = float(np.abs(np.interp(zeros, fine, i)).max())
    box = 4 * float(np.abs(v).max()) * largest
    full = (abs(lobes[0]) + abs(lobes[1])) / box if box else 0.0
    return Loop(at_zero / largest if largest else 0.0, lobes[0], lobes[1], full)
