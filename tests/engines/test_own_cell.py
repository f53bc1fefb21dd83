"""What the package does not know is refused: own cells by the exact engine, elements by a netlist."""

from dataclasses import dataclass
from typing import Any

import networkx as nx
import pytest

import tcl_circuits as tcl
from tcl_circuits.circuit.netlist import circuit_of
from tcl_circuits.engines import Reference
from tcl_circuits.errors import InputError


class OwnCell:
    """A sense cell that does not say that the exact engine knows it."""

    def __init__(self) -> None:
        self._inner = tcl.SenseCell()

    def __getattr__(self, name: str) -> Any:
        if name == "exact":
            raise AttributeError(name)
        return getattr(self._inner, name)


class Changed(tcl.SenseCell):
    """A sense cell with other elements."""

    def edge(self, e: int, a: str, b: str, conductance: float) -> Any:
        return super().edge(e, a, b, 2 * conductance)


@dataclass(frozen=True)
class Inductor:
    name: str = "l0"
    a: str = "x"
    b: str = "0"


@pytest.fixture
def network() -> tcl.Network:
    return tcl.Network.from_graph(nx.path_graph(3), inputs=[0, 2], outputs=[1], seed=0)


@pytest.mark.parametrize("kind", [OwnCell, Changed])
def test_exact_engine_refuses_a_cell_that_it_does_not_know(network: tcl.Network, kind: Any) -> None:
    saw = tcl.Sawtooth(tau_f=10e-6, tau_s=1e-3)
    drive = tcl.Drive.hold([1.0, 0.0], tcl.ConductanceNudge(1e-5, tcl.single_ended(1)), targets=[0.3])
    with pytest.raises(InputError, match="does not know cells of type " + kind.__name__):
        tcl.simulate(network, kind(), saw, drive, Reference())


@pytest.mark.parametrize("kind", [OwnCell, Changed])
def test_a_training_with_the_exact_engine_ends_before_it_begins(kind: Any) -> None:
    task = tcl.tasks.load("iris", seed=0)
    with pytest.raises(InputError, match="does not know cells of type " + kind.__name__):
        tcl.Trainer(task.network, kind(), tcl.Sawtooth(1e-5, 1e-3), Reference()).fit(task, epochs=1)


def test_element_of_an_unknown_type_is_refused() -> None:
    with pytest.raises(InputError, match=r"'l0'.*Inductor"):
        circuit_of((Inductor(),), "title")  # type: ignore[arg-type]
