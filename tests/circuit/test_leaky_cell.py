"""A leaky sense capacitor: the kernel's area, in ngspice, in the reference engine and in closed form."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

import tcl_circuits as tcl
from tcl_circuits.handoff.export import export
from tcl_circuits.kernels import rc

SAW = tcl.Sawtooth(1e-5, 1e-3)
LEAKY = tcl.SenseCell("power", c=1e-12, r=1e6, leak=1e9)


def divider() -> tuple[tcl.Network, tcl.Drive]:
    graph = nx.path_graph(3)
    graph.add_edge(1, 3)
    network = tcl.Network.from_graph(graph, [0, 3], [1, 2], conductance=1e-5, bounds=(1e-6, 1e-4))
    nudge = tcl.ConductanceNudge(5e-6, tcl.single_ended(2))
    return network, tcl.Drive.hold([1.0, 0.0], nudge, [0.7, 0.4])


@pytest.mark.parametrize("leak", [0.0, -1e9, np.nan, np.inf, [1e9, -1.0]])
def test_a_leak_must_be_a_resistance(leak: object) -> None:
    with pytest.raises(tcl.InputError, match="leak"):
        tcl.SenseCell(leak=leak)  # type: ignore[arg-type]


def test_leaks_must_fit_the_network() -> None:
    network, drive = divider()
    with pytest.raises(tcl.InputError, match="2 values for a network of 3 edges"):
        tcl.engines.Reference().run(network, tcl.SenseCell(leak=np.array([1e9, 2e9])), SAW, drive)


def test_reference_knows_the_leak() -> None:
    """On piecewise linear signals the kernel of Eq. 25 with a leak is exact."""
    network, drive = divider()
    found = tcl.engines.Reference(resolution=2).run(network, LEAKY, SAW, drive)[0]
    drops = network.drops(found.voltage.T)
    exact = rc(1e6, 1e-12, 1e9).response(found.time, (0.5 * drops * drops).T)
    np.testing.assert_allclose(found.u, exact, atol=1e-3 * np.abs(exact).max())


def test_each_edge_has_a_leak_of_its_own() -> None:
    network, drive = divider()
    leaks = np.array([1e8, 1e9, 1e10])
    found = tcl.engines.Reference().run(network, tcl.SenseCell(leak=leaks), SAW, drive)[0]
    for e, leak in enumerate(leaks.tolist()):
        alone = tcl.engines.Reference().run(network, tcl.SenseCell(leak=leak), SAW, drive)[0]
        np.testing.assert_allclose(found.u[e], alone.u[e], rtol=1e-10, atol=1e-18)


def test_a_very_good_capacitor_is_one_without_leak() -> None:
    network, drive = divider()
    without, good = (
        tcl.engines.Reference().run(network, tcl.SenseCell(leak=leak), SAW, drive)[0].u
        for leak in (None, 1e18)
    )
    np.testing.assert_allclose(good, without, atol=1e-6 * np.abs(without).max())


def test_reference_refuses_a_leak_that_loads_the_network() -> None:
    network, drive = divider()
    cell = tcl.SenseCell("linear", leak=1e9)
    for call in (
        lambda: tcl.engines.Reference().run(network, cell, SAW, drive),
        lambda: tcl.engines.Reference().settle(network, cell, np.array([[1.0, 0.0]])),
    ):
        with pytest.raises(tcl.InputError, match="leaky capacitor"):
            call()


def test_a_bundle_refuses_a_leak(tmp_path) -> None:  # type: ignore[no-untyped-def]
    network, drive = divider()
    with pytest.raises(tcl.InputError, match="leak"):
        export(network, tmp_path / "bundle", cell=LEAKY, drive=drive)


def test_the_subcircuit_says_so() -> None:
    text = LEAKY.subcircuit(1e-5)
    assert "1 Gohm across c" in text.description
    assert any(element.name == "rl0" for element in text.elements)


@pytest.mark.parametrize("leak", [2e10, 5e10])
def test_ngspice_shows_the_offset_of_figure_5(leak: float) -> None:
    """A kernel with an area I shifts the update by ``I tau_f mean`` where only the fast ramp is passed.

    Against the same circuit without leak. The theory is that of long ramps, here of 100 kernel times.
    """
    network, drive = divider()
    saw = tcl.Sawtooth(1e-4, 1e-2)
    theta = tcl.design_threshold(network, tcl.SenseCell(), saw, drive, 20.0)
    with tcl.engines.Ngspice(reltol=1e-7) as engine:
        charges, mean = [], np.zeros(3)
        for cell in (tcl.SenseCell(), tcl.SenseCell(leak=leak)):
            waves = tcl.simulate(network, cell, saw, drive, engine=engine)
            charges.append(tcl.edge_updates(waves, theta)["charge"].to_numpy())
            time, signal = waves["time"].to_numpy(), waves["signal"].to_numpy()
            ramp = (time >= 0) & (time <= saw.tau_f)
            mean = np.trapezoid(signal[:, ramp], time[ramp], axis=1) / saw.tau_f
    learns = charges[0] != 0
    assert learns.any()
    offset = (charges[1] - charges[0])[learns]
    theory = rc(1e6, 1e-12, leak).area * saw.tau_f * mean[learns]
    np.testing.assert_allclose(offset, theory, rtol=0.05)
