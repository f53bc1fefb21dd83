"""Thermal noise of the sense branch, and what it makes of an update: laws, and their Monte Carlo.

The voltage of a C-R branch's resistor carries the noise of an Ornstein-Uhlenbeck process: variance kT/C,
correlation time tau_K = R C. It is sampled exactly, jointly with its integral, whatever the step
(Gillespie, Phys. Rev. E 54, 2084 (1996)); times here are in units of tau_K, voltages in sqrt(kT/C).

With x = tau_f/tau_K, a ramp of the signal by A in tau_f dissipates ``E = C A^2 (x - 1 + exp(-x))/x^2``, the
decay after it included. Relative errors eps of one cell's update follow:

- gated over the ramp, V(u) integrated: ``eps^2 E = 2 kT``, whatever x (if E is taken without the decay, for
  x >> 1);
- gated over the ramp, the branch's charge counted: ``eps^2 E = 2 kT (1 - exp(-x))/(x - 1 + exp(-x))``, about
  2 kT/x;
- not gated, but thresholded at n sqrt(kT/C) = 2 A_max tau_K/tau_s: the largest contrast costs
  ``E = (n^2 R^2/4)(x - 1 + exp(-x)) kT`` with R = tau_s/tau_f. The largest contrast's slow ramp lies at half
  the threshold, n/2 noise voltages below it, and loses to it: 40 % of the update at n = 2, 15 % at 3,
  5 % at 4, 1.3 % at 5 (x = 10, R = 100).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np

from tcl_circuits import checks
from tcl_circuits.arrays import FloatArray
from tcl_circuits.errors import InputError
from tcl_circuits.jobs import Workers, run_jobs
from tcl_circuits.rule import HardThreshold
from tcl_circuits.synapse.cost import BOLTZMANN

ROOM = 300.0
_STEPS = 64
_STEP = 0.05
_POINTS_AT_ONCE = 2_000_000
_CHUNK = 2000


@dataclass(frozen=True)
class SenseNoise:
    """Thermal noise of a sense branch's output voltage V(u).

    Parameters
    ----------
    r, c : float
        Sense resistance [ohm] and capacitance [F].
    temperature : float
        Temperature [K].
    """

    r: float
    c: float
    temperature: float = ROOM

    def __post_init__(self) -> None:
        for name in ("r", "c", "temperature"):
            checks.positive("SenseNoise", name, getattr(self, name))

    @property
    def sigma(self) -> float:
        """Root mean square, ``sqrt(kT/C)`` [V]: 64 uV at 1 pF and 300 K."""
        return math.sqrt(BOLTZMANN * self.temperature / self.c)

    @property
    def tau(self) -> float:
        """Correlation time R C [s]."""
        return self.r * self.c

    def sample(
        self, steps: FloatArray, trials: int, rng: np.random.Generator
    ) -> tuple[FloatArray, FloatArray]:
        """Sample paths, exact at the points and in their integrals.

        Parameters
        ----------
        steps : ndarray of shape (steps,)
            Durations between the points [s].
        trials : int
            Number of paths.
        rng : numpy.random.Generator
            Source of the draws.

        Returns
        -------
        values : ndarray of shape (trials, steps + 1)
            Noise at the points [V], stationary.
        integrals : ndarray of shape (trials, steps)
            Its integral over each step [V s].
        """
        values, integrals = ornstein_uhlenbeck(np.asarray(steps, dtype=float) / self.tau, trials, rng)
        return self.sigma * values, self.sigma * self.tau * integrals


def ornstein_uhlenbeck(
    steps: FloatArray, trials: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Paths of the process of variance 1 and correlation time 1, and their integrals over each step.

    Parameters and returns as :meth:`SenseNoise.sample`, without units.
    """
    if steps.ndim != 1 or not np.all(np.isfinite(steps) & (steps > 0)):
        raise InputError("ornstein_uhlenbeck: steps must be positive and finite, of shape (steps,)")
    values = np.empty((trials, steps.size + 1))
    integrals = np.empty((trials, steps.size))
    values[:, 0] = rng.normal(size=trials)
    for k, h in enumerate(steps.tolist()):
        decay, gone = math.exp(-h), -math.expm1(-h)
        spread = math.sqrt(-math.expm1(-2 * h))
        # Covariance (1 - e^-h)^2, variance of the integral 2 h - 3 + 4 e^-h - e^-2h.
        shared = gone * gone / spread
        own = math.sqrt(max(2 * h - 2 * gone - gone * gone - shared * shared, 0.0))
        first, second = rng.normal(size=(2, trials))
        values[:, k + 1] = decay * values[:, k] + spread * first
        integrals[:, k] = gone * values[:, k] + shared * first + own * second
    return values, integrals


def ramp_energy(c: float, amplitude: float, x: float) -> float:
    """Energy that a sense branch dissipates on a ramp and in the decay after it [J].

    Parameters
    ----------
    c : float
        Sense capacitance [F].
    amplitude : float
        Change A of the signal.
    x : float
        Duration of the ramp in kernel times, tau_f/tau_K.
    """
    return c * amplitude**2 * _lag(x) / x**2


def _lag(x: float) -> float:
    """``x - 1 + exp(-x)``."""
    return x + math.expm1(-x)


@dataclass(frozen=True)
class LawCheck:
    """A law beside its Monte Carlo.

    Parameters
    ----------
    law : str
        What it says.
    expected : float
        The law's value.
    found, error : float
        The Monte Carlo's, and its standard error.
    trials : int
        Number of trials.
    """

    law: str
    expected: float
    found: float
    error: float
    trials: int

    @property
    def deviation(self) -> float:
        """``found/expected - 1``."""
        return self.found / self.expected - 1


GATED = "gated, V(u) integrated: eps^2 E/kT = 2"
CHARGE = "gated, charge counted: eps^2 E/kT = 2 (1 - exp(-x))/(x - 1 + exp(-x))"
LARGEST = "thresholded, not gated: what noise leaves of the largest contrast"


def check_laws(
    x: float,
    ratio: float = 100.0,
    sigmas: float = 4.0,
    trials: int = 4000,
    seed: int = 0,
    workers: Workers | Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, LawCheck]:
    """Monte Carlo of the three laws.

    The gated cells are tried at an amplitude of 10 noise voltages per kernel time; eps is the standard
    deviation of the update over its mean. The thresholded one runs whole cycles at the largest contrast, and
    the law compared is that noise takes nothing from it.

    Parameters
    ----------
    x : float
        ``tau_f/tau_K``.
    ratio : float
        ``tau_s/tau_f``.
    sigmas : float
        Threshold in noise voltages, n.
    trials : int
        Ramps of the gated cells; a hundredth as many whole cycles, but at least 20, of the thresholded one.
    seed : int
        Seed of the draws; the numbers do not depend on the workers.
    workers : Workers or concurrent.futures.Executor, optional
        Who computes; by default this process.
    progress : callable, optional
        Told how many chunks are done, and of how many.

    Returns
    -------
    dict
        ``gated``, ``charge`` and ``largest``, each a :class:`LawCheck`.

    Raises
    ------
    InputError
        If a number is outside its domain.
    """
    for name, value in (("x", x), ("ratio", ratio), ("sigmas", sigmas)):
        checks.positive("check_laws", name, value)
    if ratio <= 1 or not isinstance(trials, int) or trials < 2:
        raise InputError(f"check_laws: ratio = {ratio!r} must be above 1, trials = {trials!r} at least 2")
    counts = {"gated": trials, "charge": trials, "largest": max(20, trials // 100)}
    chunks = {"gated": _CHUNK, "charge": _CHUNK, "largest": 20}
    items = {
        f"{law} {k}": {
            "law": law,
            "x": x,
            "ratio": ratio,
            "sigmas": sigmas,
            "trials": min(chunks[law], count - k),
            "seed": [seed, list(counts).index(law), k],
        }
        for law, count in counts.items()
        for k in range(0, count, chunks[law])
    }
    results = run_jobs(update_moments, items, workers, progress=progress).complete()
    moments = {law: _pooled([row for key, row in results.items() if key.startswith(law)]) for law in counts}
    kt = _lag(x) * _AMPLITUDE**2
    mean, deviation, count = moments["largest"]
    return {
        "gated": _relative_law(GATED, 2.0, moments["gated"], kt),
        "charge": _relative_law(CHARGE, -2 * math.expm1(-x) / _lag(x), moments["charge"], kt),
        "largest": LawCheck(LARGEST, 1.0, mean, deviation / math.sqrt(count), count),
    }


_AMPLITUDE = 10.0
"""Slope of the gated cells' ramps: noise voltages in a kernel time."""


def _relative_law(law: str, expected: float, moments: tuple[float, float, int], energy: float) -> LawCheck:
    mean, deviation, count = moments
    found = (deviation / mean) ** 2 * energy
    # Errors of the variance and of the mean.
    error = found * math.sqrt(2 / (count - 1) + 4 * (deviation / mean) ** 2 / count)
    return LawCheck(law, expected, found, error, count)


def _pooled(rows: list[Mapping[str, float]]) -> tuple[float, float, int]:
    """Mean, standard deviation and number of all trials."""
    count = int(sum(row["count"] for row in rows))
    mean = sum(row["count"] * row["mean"] for row in rows) / count
    squares = sum(row["squares"] + row["count"] * (row["mean"] - mean) ** 2 for row in rows)
    return mean, math.sqrt(squares / (count - 1)), count


def update_moments(item: Mapping[str, Any]) -> dict[str, float]:
    """Number, mean and sum of squared deviations of the updates of some trials; a job of check_laws."""
    rng = np.random.default_rng(item["seed"])
    updates = _UPDATES[item["law"]](item, rng)
    mean = float(updates.mean())
    return {"count": updates.size, "mean": mean, "squares": float(np.sum((updates - mean) ** 2))}


def _gated_updates(item: Mapping[str, Any], rng: np.random.Generator) -> FloatArray:
    """Integral of V over the ramp."""
    x = item["x"]
    _, noise = ornstein_uhlenbeck(np.full(_STEPS, x / _STEPS), item["trials"], rng)
    result: FloatArray = _AMPLITUDE * _lag(x) + noise.sum(axis=1)
    return result


def _counted_updates(item: Mapping[str, Any], rng: np.random.Generator) -> FloatArray:
    """Charge through the branch over the ramp, over C: change of the signal less change of V."""
    x = item["x"]
    noise, _ = ornstein_uhlenbeck(np.full(_STEPS, x / _STEPS), item["trials"], rng)
    end = -_AMPLITUDE * math.expm1(-x)
    result: FloatArray = _AMPLITUDE * x - (end + noise[:, -1] - noise[:, 0])
    return result


def _largest_updates(item: Mapping[str, Any], rng: np.random.Generator) -> FloatArray:
    """Thresholded integral over a cycle with noise, over the one without, at the largest contrast."""
    # Here and not above: it takes longer to load than the rest of the package's start.
    from scipy.signal import lfilter

    x, ratio, gate = item["x"], item["ratio"], HardThreshold(item["sigmas"])
    count = max(1, round(x * (1 + ratio) / _STEP))
    h = x * (1 + ratio) / count
    decay = math.exp(-h)
    # theta = 2 A_max tau_K/tau_s, so that the slow ramp has half the threshold.
    slow = 0.5 * item["sigmas"]
    slope = np.where((np.arange(count) + 0.5) * h < x, slow * ratio, -slow)
    twice = lfilter([1 - decay], [1.0, -decay], np.tile(slope, 2))
    mean = twice[count:]
    quiet = float(gate(mean[None]).sum())
    rows = []
    size = max(1, _POINTS_AT_ONCE // count)
    for begun in range(0, item["trials"], size):
        trials = min(size, item["trials"] - begun)
        kicks = rng.normal(scale=math.sqrt(-math.expm1(-2 * h)), size=(trials, count))
        start = decay * rng.normal(size=(trials, 1))
        noise, _ = lfilter([1.0], [1.0, -decay], kicks, axis=1, zi=start)
        rows.append(gate(mean + noise).sum(axis=1) / quiet)
    return np.concatenate(rows)


_UPDATES: dict[str, Callable[[Mapping[str, Any], np.random.Generator], FloatArray]] = {
    "gated": _gated_updates,
    "charge": _counted_updates,
    "largest": _largest_updates,
}
