"""Bill of materials and standard values."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcl_circuits import InputError, Network, SenseCell, SeriesCell
from tcl_circuits.handoff.bom import COLUMNS, bill_of_materials, bom_csv
from tcl_circuits.handoff.standard_values import Series, nearest, nearest_values


@pytest.mark.parametrize(
    ("value", "e24", "e96"),
    [
        (10000.0, 1e4, 1e4),
        (4800.0, 4700.0, 4750.0),
        (96e3, 1e5, 95300.0),
        (9.9e-13, 1e-12, 1e-12),
        (9.94, 10.0, 10.0),
        (1e-12, 1e-12, 1e-12),
        (123456.0, 120e3, 124e3),
    ],
)
def test_nearest_values_of_the_printed_tables(value: float, e24: float, e96: float) -> None:
    assert nearest(value, "E24") == e24
    assert nearest(value, "E96") == e96


@given(st.floats(1e-15, 1e12), st.sampled_from(["E24", "E96"]))
def test_nearest_is_within_half_a_step_and_fixed(value: float, series: Series) -> None:
    found = nearest(value, series)
    assert abs(np.log(found / value)) <= (0.0716 if series == "E24" else 0.0151)  # half the widest step
    assert nearest(found, series) == found


def test_nearest_refuses_what_is_no_value() -> None:
    with pytest.raises(InputError, match="standard value"):
        nearest(0.0, "E24")
    with pytest.raises(InputError, match="E24 and E96"):
        nearest(1.0, "E7")  # type: ignore[arg-type]
    assert nearest_values(np.array([[1.02, 2.25]]), "E24").tolist() == [[1.0, 2.2]]


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_every_part_is_counted_once(network: Network) -> None:
    rows = rows_of(bom_csv(bill_of_materials(replace(network, node_capacitance=1e-13), SenseCell())))
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["part"]] = counts.get(row["part"], 0) + int(row["count"])
    assert counts == {
        "memristor or resistor (trained conductance)": network.edge_count,
        "node capacitor": network.free.size,
        "sense capacitor": network.edge_count,
        "sense resistor": network.edge_count,
        "signal source (squaring or rectifying cell)": network.edge_count,
    }
    sources = [row for row in rows if row["part"].startswith("signal")]
    assert [row["value"] for row in sources] == ["V=0.5*V(a,b)*V(a,b)"]


def test_trained_values_are_resistances(network: Network) -> None:
    lines = bill_of_materials(network, SeriesCell(c=2e-12))
    found = [line.value or 0.0 for line in lines if line.part.startswith("memristor")]
    np.testing.assert_allclose(found, np.sort(1 / network.conductance), rtol=1e-5)


def test_equal_parts_are_one_line_and_the_bytes_do_not_depend_on_the_order(network: Network) -> None:
    same = network.with_conductance(np.full(network.edge_count, 1e-5))
    assert [line.count for line in bill_of_materials(same, SenseCell(signal="linear"))] == [12, 12, 12]
    order = np.argsort(network.conductance)
    other = replace(network, edges=network.edges[order], conductance=network.conductance[order])
    assert bom_csv(bill_of_materials(other, SenseCell())) == bom_csv(bill_of_materials(network, SenseCell()))


def test_the_file(network: Network) -> None:
    data = bom_csv(bill_of_materials(network, SenseCell()))
    assert data.startswith(",".join(COLUMNS) + "\n")
    assert "\r" not in data
    for row in rows_of(data):
        if row["unit"] == "ohm":
            assert abs(float(row["nearest_E96"]) / float(row["value"]) - 1) < 0.016
            assert abs(float(row["nearest_E24"]) / float(row["value"]) - 1) < 0.075
