"""Kernels of Markov ladders: fifty at once by linear algebra, against stepping the master equation."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import islice
from typing import Any, Literal, TypeAlias

import numpy as np
from measure import Contestant, cpu_medians
from numpy.typing import NDArray
from scipy.integrate import odeint, solve_ivp
from scipy.linalg import null_space
from tables import Table, at_least

from tcl_circuits.arrays import FloatArray
from tcl_circuits.synapse.markov import Ladder, ladder_kernels

COUNT = 50
WANTED = 1000.0
TOLERANCE = 1e-13
SAME_ACCURACY = 1e-10
START = 2.0**-16
TIMES: FloatArray = START * np.exp2(np.arange(19.0))
"""Markov times at which kernels are compared; the published ones end at 5."""
TOP = np.repeat([1.0, 0.0], 5)
DIGITS = 400
"""Binary digits after the point of the numbers that errors are measured with."""

WholeNumbers: TypeAlias = NDArray[Any]
"""Array of Python's integers."""

Way = Callable[["Case"], FloatArray]
Method = Literal["LSODA", "BDF", "Radau"]


class Case:
    """A ladder, a step, and the master equation as one sets it up to step through it."""

    def __init__(self, ladder: Ladder, step: float) -> None:
        self.step = step
        self.before, self.after = ladder.generator(), ladder.generator(step)
        start = null_space(self.before, rcond=1e-12)[:, 0]
        self.start = start / start.sum()
        self.slope = (self.after - self.before) @ self.start / step
        self.smallest = 1e-4 * TOLERANCE * float(np.abs(self.slope).max())

    def rate(self, t: float, state: FloatArray) -> FloatArray:
        """Right side of the master equation."""
        change: FloatArray = self.after @ state
        return change

    def jacobian(self, t: float, state: FloatArray) -> FloatArray:
        """Derivative of :meth:`rate`, the same everywhere."""
        return self.after


def as_published(case: Case) -> FloatArray:
    """Occupancies by odeint as it comes on 10,000 points 5e-4 apart, and a difference quotient of order 3."""
    t = 5e-4 * np.arange(10_000)
    top = odeint(case.rate, case.start, t, tfirst=True)[:, :5].sum(axis=1)
    return np.asarray(np.interp(TIMES, t[1:-1], (top[2:] - top[:-2]) / 1e-3) / case.step)


def by_odeint(case: Case) -> FloatArray:
    """The derivative of the occupancies, which obeys the same equation, as precisely as odeint can."""
    stops = np.concatenate([[0.0], TIMES])
    found = odeint(
        case.rate,
        case.slope,
        stops,
        Dfun=case.jacobian,
        rtol=TOLERANCE,
        atol=case.smallest,
        mxstep=10**6,
        tfirst=True,
    )
    return np.asarray(found[1:] @ TOP)


def by_solve_ivp(method: Method) -> Way:
    """The same by one of the methods of solve_ivp."""

    def way(case: Case) -> FloatArray:
        solution = solve_ivp(
            case.rate,
            (0.0, float(TIMES[-1])),
            case.slope,
            method,
            TIMES,
            rtol=TOLERANCE,
            atol=case.smallest,
            jac=case.jacobian,
        )
        return np.asarray(TOP @ solution.y)

    return way


WAYS: dict[str, Way] = {
    "odeint as published": as_published,
    "odeint of dp/dt": by_odeint,
    "solve_ivp LSODA": by_solve_ivp("LSODA"),
    "solve_ivp BDF": by_solve_ivp("BDF"),
    "solve_ivp Radau": by_solve_ivp("Radau"),
}
BARE = "ladder_kernels"
MINE = "ladder_kernels and values"


class Race:
    """Fifty ladders drawn as Appendix I draws them, and what each way finds for them."""

    def __init__(self, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        # Those of order one stay below the gamma at which a kernel can't be normalised.
        gammas = np.concatenate([rng.uniform(0.01, 0.3, 10), 10 ** rng.uniform(-25, -1, COUNT - 10)])
        factors, self._steps = rng.uniform(1, 100, COUNT), rng.integers(5, 250, COUNT).astype(float)
        pairs = zip(gammas.tolist(), factors.tolist(), strict=True)
        self._ladders = [Ladder(gamma, factor) for gamma, factor in pairs]
        self._cases = [Case(*each) for each in zip(self._ladders, self._steps.tolist(), strict=True)]
        self._found: dict[str, dict[int, FloatArray]] = {name: {} for name in (MINE, *WAYS)}

    def cpu(self, repeats: int) -> dict[str, float]:
        """Median CPU seconds a kernel; the rivals take another ladder at each turn."""
        contestants = {
            BARE: Contestant(lambda _: ladder_kernels(self._ladders, self._steps), time.process_time),
            MINE: Contestant(self._all_at_once, time.process_time),
        }
        for name, way in WAYS.items():
            contestants[name] = Contestant(self._stepped(name, way), time.process_time)
        spent = cpu_medians(contestants, repeats)
        return {**spent, BARE: spent[BARE] / COUNT, MINE: spent[MINE] / COUNT}

    def error(self, name: str) -> float | None:
        """Largest error of the values found, each over the kernel's largest value from that time on."""
        if name not in self._found:
            return None
        worst = 0.0
        for k, values in self._found[name].items():
            exact = exact_kernel(self._cases[k])
            # Some kernels are normalised, some are not: all get the right scale at the first time.
            scale = exact[0] / values[0] if name == MINE else 1.0
            ahead = np.maximum.accumulate(np.abs(exact)[::-1])[::-1]
            worst = max(worst, float((np.abs(scale * values - exact) / ahead).max()))
        return worst

    def _all_at_once(self, _: int) -> None:
        kernels = ladder_kernels(self._ladders, self._steps)
        self._found[MINE] = {k: kernel(TIMES) for k, kernel in enumerate(kernels)}

    def _stepped(self, name: str, way: Way) -> Callable[[int], None]:
        def turn(repeat: int) -> None:
            k = 7 * repeat % COUNT
            self._found[name][k] = way(self._cases[k])

        return turn


def exact_kernel(case: Case) -> FloatArray:
    """Kernel at TIMES, in whole numbers of many digits and from the rates that the floats stand for."""
    before, after = _fixed(case.before), _fixed(case.after)
    # After 2^10 units of time the old steady state is reached from anywhere.
    *_, settling = islice(_exponentials(before), 27)
    source = (after - before).dot(settling[:, 0]) >> DIGITS
    values = [int(power[:5].dot(source).sum()) for power in islice(_exponentials(after), TIMES.size)]
    return np.array([float(Fraction(value, 1 << (2 * DIGITS))) / case.step for value in values])


def _fixed(generator: FloatArray) -> WholeNumbers:
    """A generator in units of 2^-DIGITS, its columns of sum 0 to the last digit."""
    whole = np.array([[int(Fraction(x) * (1 << DIGITS)) for x in row] for row in generator.tolist()], object)
    np.fill_diagonal(whole, 0)
    np.fill_diagonal(whole, -whole.sum(axis=0))
    return whole


def _exponentials(generator: WholeNumbers) -> Iterator[WholeNumbers]:
    """``exp(R t)`` at START and at twice the time again and again."""
    hop = generator >> 16
    term = total = np.array([[int(i == j) << DIGITS for j in range(10)] for i in range(10)], object)
    for n in range(1, 100):
        term = (term.dot(hop) >> DIGITS) // n
        total = total + term
    while True:
        yield total
        total = total.dot(total) >> DIGITS


def ladder(_: Sequence[str], quick: bool) -> list[Table]:
    """Table of the ways to a kernel."""
    table = Table(
        f"Kernels of {COUNT} Markov ladders (Fig. 6B) at {TIMES.size} times",
        ("way", "CPU ms a kernel", "error", "over ours with values"),
        "Rivals are given rates and steady state, and have tolerances of 1e-13, but for the published way.\n"
        "Error: of K over the largest |K| from that time on; the published grid can't show the first times.",
    )
    race = Race()
    cpu = race.cpu(2 if quick else 7)
    for name, seconds in cpu.items():
        error = race.error(name)
        # What is wanted is wanted of ways that are as precise.
        wanted = WANTED if error is not None and error < SAME_ACCURACY else None
        ratio = None if name in (BARE, MINE) else at_least(seconds / cpu[MINE], wanted)
        table.add(name, 1e3 * seconds, error, ratio)
    return [table]
