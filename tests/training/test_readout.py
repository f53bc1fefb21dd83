"""What edges learn from a simulated cycle."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pytest

from tcl_circuits import (
    ConductanceNudge,
    Drive,
    Network,
    Sawtooth,
    SenseCell,
    design_threshold,
    edge_updates,
    simulate,
    single_ended,
)
from tcl_circuits.engines import Reference
from tcl_circuits.training.pace import exact_contrasts


@pytest.mark.parametrize("polarity", ["standard", "inverted"])
def test_updates_of_a_simulated_cycle_oppose_the_contrast(polarity: Any) -> None:
    network = Network.from_graph(
        nx.grid_2d_graph(3, 3), inputs=[(0, 0), (2, 2)], outputs=[(0, 2)], conductance=(1e-5, 2e-5), seed=0
    )
    cell, saw = SenseCell(c=2e-12), Sawtooth(1e-5, 1e-3, polarity)
    drive = Drive.hold([1.0, 0.0], ConductanceNudge(1e-5, single_ended(1)), [0.3])
    theta = design_threshold(network, cell, saw, drive)
    waves = simulate(network, cell, saw, drive, Reference())
    found = edge_updates(waves, theta)
    contrast = exact_contrasts(network, cell, drive)[0]
    kept = np.abs(contrast) >= 0.1 * np.abs(contrast).max()
    np.testing.assert_allclose(found["contrast"].to_numpy()[kept], contrast[kept], rtol=0.05)
    np.testing.assert_array_equal(found["update"], -found["contrast"])
    assert found["charge"].attrs["units"] == "A s"
    assert list(found["edge"].to_numpy()) == list(network.edge_labels)
    # Without a threshold the slow ramp takes back what the fast one gave.
    undone = edge_updates(waves)["contrast"].to_numpy()
    assert np.abs(undone).max() <= 0.05 * np.abs(contrast).max()
