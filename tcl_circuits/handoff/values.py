"""Values of every edge's parts: as trained, at the corners, and as a sampled instance of the hardware."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.cells import SenseCell, SeriesCell
from tcl_circuits.circuit.network import Network
from tcl_circuits.handoff.design import Design

CORNERS: dict[str, dict[str, float]] = {
    "typical": {"kg": 1.0, "kc": 1.0, "kr": 1.0},
    "low": {"kg": 0.9, "kc": 0.9, "kr": 0.9},
    "high": {"kg": 1.1, "kc": 1.1, "kr": 1.1},
}
"""Factors on all conductances, sense capacitances and sense resistances."""

CORNER_FACTORS = {"g": "kg", "c": "kc", "r": "kr"}
"""Which factor of a corner belongs to which parameter of the cell."""

MISMATCH = {"g": 0.05, "c": 0.02, "r": 0.01}
"""Relative standard deviation of each edge's parts in mismatch.inc."""


@dataclass(frozen=True)
class Variation:
    """Values that the parts may have, and the files that hold them.

    Parameters
    ----------
    name : str
        Empty for the trained values.
    corner : str
        Which of the corners.
    sampled : bool
        Whether each edge has its sampled values.
    """

    name: str = ""
    corner: str = "typical"
    sampled: bool = False

    @property
    def includes(self) -> tuple[str, ...]:
        """Files of the values, in the order in which a test bench includes them."""
        return ("mismatch.inc" if self.sampled else "params.inc", f"corners/{self.corner}.inc")

    def applied(self, design: Design) -> Design:
        """Return the design with these values."""
        if self == TRAINED:
            return design
        values = sampled_values(design) if self.sampled else edge_values(design)
        factors = CORNERS[self.corner]
        return with_values(design, {kind: v * factors[CORNER_FACTORS[kind]] for kind, v in values.items()})


TRAINED = Variation()
VARIATIONS = (Variation("low", "low"), Variation("high", "high"), Variation("mismatch", sampled=True))
"""What test benches show beside the trained values."""


def edge_values(design: Design) -> dict[str, FloatArray]:
    """Values of every edge's parameters: conductance g [S], sense capacitance c [F], resistance r [ohm]."""
    conductance = design.network.conductance
    return {
        "g": conductance,
        "c": design.cell.capacitance(conductance),
        "r": design.cell.resistance(conductance),
    }


def sampled_values(design: Design) -> dict[str, FloatArray]:
    """Values of a sampled instance, rounded to where every machine agrees."""
    rng = np.random.default_rng([design.seed, 5])
    sampled = {}
    for kind, values in edge_values(design).items():
        factors = np.exp(MISMATCH[kind] * rng.standard_normal(values.size))
        sampled[kind] = np.array([float(f"{value:.6g}") for value in values * factors])
    return sampled


def with_values(design: Design, values: Mapping[str, FloatArray]) -> Design:
    """Return the design with other values of its edges; what all edges share stays one number."""
    network, cell = measured(design.network, values["g"]), design.cell
    if isinstance(cell, SenseCell):
        cell = replace(cell, c=_shared(values["c"], cell.c), r=_shared(values["r"], cell.r))
    elif isinstance(cell, SeriesCell):
        cell = replace(cell, c=_shared(values["c"], cell.c))
    return replace(design, network=network, cell=cell)


def edited(design: Design, values: Mapping[str, FloatArray]) -> Design:
    """Return the design with values that someone edited or measured.

    The results of the trained network are not those of the edited one: they leave the facts. The design
    itself comes back if no value differs.
    """
    before = edge_values(design)
    if all(np.array_equal(before[kind], new) for kind, new in values.items()):
        return design
    kept = {key: value for key, value in design.facts.items() if key not in _RESULTS}
    note = {"values": "edited or measured after the training, of which no results are known"}
    return replace(with_values(design, values), facts=kept | note)


_RESULTS = (
    "final_loss",
    "test_loss",
    "test_accuracy",
    "baseline",
    "baseline_name",
    "baseline_measure",
    "parts",
)
"""Facts that hold only for the values a network was trained to."""


def _shared(values: FloatArray, before: float | FloatArray) -> float | FloatArray:
    single = np.ndim(before) == 0 and values.size and np.all(values == values[0])
    return float(values[0]) if single else values


def measured(network: Network, conductance: FloatArray) -> Network:
    """Return the network with conductances that are as they are: its bounds, those of training, give way."""
    low, high = network.bounds
    bounds = (min(low, float(conductance.min())), max(high, float(conductance.max())))
    return replace(network.with_conductance(conductance), bounds=bounds)
