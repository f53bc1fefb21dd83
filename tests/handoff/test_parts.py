"""Real parts, what they cost; and two networks compared."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from handoff_samples import divider_design, small_design, task_design

from tcl_circuits.errors import InputError
from tcl_circuits.handoff.difference import difference
from tcl_circuits.handoff.parts import Parts, costs
from tcl_circuits.training import tasks


def test_standard_values_and_wires() -> None:
    network = divider_design().network  # 50 kohm and 80 kohm
    standard = 1 / Parts(series="E24").applied(network).conductance
    assert standard == pytest.approx([51e3, 82e3])
    wired = 1 / Parts(wire_ohms=100.0).applied(network).conductance
    assert wired == pytest.approx([50.1e3, 80.1e3])
    assert Parts(node_farads=1e-12).applied(network).node_capacitance == 1e-12


def test_nothing_changes_nothing() -> None:
    network = small_design().network
    assert Parts().ideal
    assert np.array_equal(Parts().applied(network).conductance, network.conductance)


def test_changed_networks_have_no_faults() -> None:
    for series in ("E24", "E96"):
        Parts(series=series, wire_ohms=1e3).applied(task_design("iris").network).check()


def test_costs_are_those_of_the_divider() -> None:
    found = costs(divider_design().network, Parts("E24", 0.0, 1e-12), np.array([[1.0]]), 0, None)
    assert [one.parts for one in found] == ["as trained", "E24 values", "1e-12 F at nodes", "all together"]
    assert found[0].output_shift == 0
    assert found[1].output_shift == pytest.approx(82 / 133 - 80 / 130 - 0, abs=1e-12)
    assert found[2].settling == pytest.approx(1e-12 / 3.25e-5)
    assert found[0].loss is None


def test_offsets_move_the_outputs_as_much() -> None:
    network = task_design("iris").network
    (_, cost) = costs(network, Parts(offset_volts=1e-3), np.zeros((1, network.inputs.size)), 0, None)
    assert 3e-4 < cost.output_shift < 3e-3


def test_accuracy_is_that_of_the_task() -> None:
    task = tasks.load("iris")
    found = costs(task.network, Parts("E24", 1e3, 1e-12, 0.05), task.test.inputs, 0, task)
    assert len(found) == 6
    assert all(one.accuracy is not None and 0 <= one.accuracy <= 1 for one in found)
    again = costs(task.network, Parts("E24", 1e3, 1e-12, 0.05), task.test.inputs, 0, task)
    assert found == again


@pytest.mark.parametrize("wrong", [{"series": "E12"}, {"wire_ohms": -1.0}, {"offset_volts": float("nan")}])
def test_wrong_parts_are_told(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        Parts(**wrong)  # type: ignore[arg-type]


def test_differences_are_found() -> None:
    network = divider_design().network
    other = network.with_conductance(np.array([2e-5, 1.5e-5]))
    found = difference(network, other, [[1.0]])
    assert found.changed == (("mid--gnd", 1.25e-5, 1.5e-5),)
    assert found.largest == pytest.approx(0.2)
    assert found.output_shift == pytest.approx(abs(20 / 35 - 20 / 32.5))
    assert difference(network, network).same


def test_differences_of_structure_are_named() -> None:
    network = divider_design().network
    turned = replace(network, edges=network.edges[:, ::-1].copy())
    assert "edge n_in to n_mid is only in the first" in difference(network, turned).structure
    other = replace(network, outputs=np.array([], dtype=np.int64))
    assert difference(network, other).structure == (
        "node n_mid is output in the first, hidden in the second",
    )


def test_edges_in_another_order_are_the_same() -> None:
    network = small_design().network
    order = np.arange(network.edge_count)[::-1]
    other = replace(network, edges=network.edges[order], conductance=network.conductance[order])
    assert difference(network, other).same
