"""Network pictures: every edge is there, with its conductance, at a place that does not change."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from figure_samples import grid, iris_like, one_edge, parallel
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection, QuadMesh
from numpy.testing import assert_allclose, assert_array_equal

from tcl_circuits.circuit.builders import crossbar, lattice, random_regular
from tcl_circuits.circuit.network import Network
from tcl_circuits.circuit.networkx_graph import Node
from tcl_circuits.circuit.parts import Amplifier, DiodePair, DiodeToRail
from tcl_circuits.errors import InputError
from tcl_circuits.figures.layout import edge_paths, is_crossbar, node_places
from tcl_circuits.figures.network import draw_network, save


def edges_of(axes: Axes) -> LineCollection:
    return next(found for found in axes.collections if isinstance(found, LineCollection))


def cells_of(axes: Axes) -> np.ma.MaskedArray[tuple[int, ...], np.dtype[np.float64]]:
    values = next(found for found in axes.collections if isinstance(found, QuadMesh)).get_array()
    assert values is not None
    return np.ma.asarray(values)


@pytest.mark.parametrize("make", [grid, one_edge, parallel])
def test_every_edge_and_node_is_drawn(make: Callable[[], Network], tmp_path: Path) -> None:
    network = make()
    figure = draw_network(network, "a title")
    save(figure, tmp_path / "network.png")
    axes = figure.axes[0]
    assert len(edges_of(axes).get_segments()) == network.edge_count
    dots = [found for found in axes.collections if isinstance(found, PathCollection)]
    assert sum(np.shape(found.get_offsets())[0] for found in dots) == network.node_count
    assert len(axes.texts) == network.node_count
    assert figure.axes[1].get_ylabel() == "Conductance G (µS)"
    roles = {network.role_of(k) for k in range(network.node_count)}
    assert {text.get_text() for text in figure.legends[0].get_texts()} == roles


def test_widths_grow_with_the_conductance() -> None:
    lines = edges_of(draw_network(grid()).axes[0])
    order = np.argsort(grid().conductance)
    widths = np.asarray(lines.get_linewidth())
    assert np.all(np.diff(widths) > 0)
    places = node_places(grid())
    assert_array_equal(lines.get_segments()[0], places[grid().edges[order[0]]])


def test_own_positions_are_kept() -> None:
    assert_array_equal(node_places(grid())[grid().nodes.index((2, 3))], [3, -2])


def test_inputs_stand_on_the_left() -> None:
    places = node_places(one_edge())
    assert places[0, 0] < places[1, 0]


def test_parallel_edges_do_not_cover_one_another() -> None:
    paths = edge_paths(parallel(), node_places(parallel()))
    middles = np.array([path[len(path) // 2] if len(path) > 2 else path.mean(axis=0) for path in paths[:3]])
    apart = np.linalg.norm(middles[:, None] - middles[None], axis=2)[np.triu_indices(3, 1)]
    assert apart.min() > 0.1


@pytest.mark.parametrize("count", [(4, 3), (1, 1)])
def test_crossbars(count: tuple[int, int]) -> None:
    features, outputs = ([f"{kind}{k}" for k in range(n)] for kind, n in zip("xy", count, strict=True))
    network = crossbar(features, outputs)
    assert is_crossbar(network)
    axes = draw_network(network).axes[0]
    if count == (1, 1):
        assert len(edges_of(axes).get_segments()) == network.edge_count
        assert [text.get_text() for text in axes.texts[:2]] == ["x0+", "x0-"]
        return
    cells = cells_of(axes)
    assert cells.count() == network.edge_count == 60
    assert_allclose(cells.reshape(10, 6), network.conductance.reshape(10, 6) * 1e6)
    assert (axes.get_ylabel(), axes.get_xlabel()) == ("Input", "Output")
    assert axes.get_yticklabels()[0].get_text() == "x0+"


def test_a_crossbar_with_gaps_leaves_cells_empty() -> None:
    full = iris_like()
    kept = np.arange(full.edge_count) != 7
    graph: nx.Graph[Node] = nx.Graph()
    graph.add_nodes_from(full.nodes)
    graph.add_edges_from((full.nodes[b], full.nodes[a]) for a, b in full.edges[kept].tolist())
    network = Network.from_graph(
        graph, [full.nodes[k] for k in full.inputs], [full.nodes[k] for k in full.outputs]
    )
    cells = cells_of(draw_network(network).axes[0])
    assert cells.count() == 59
    assert bool(np.ma.getmaskarray(cells).reshape(10, 6)[1, 1])


@pytest.mark.parametrize("make", [grid, iris_like])
def test_the_change_from_a_reference(make: Callable[[], Network], tmp_path: Path) -> None:
    network = make()
    factors = np.linspace(0.5, 1.9, network.edge_count)
    changed = network.with_conductance(network.conductance * factors)
    figure = draw_network(changed, reference=network)
    save(figure, tmp_path / "change.png")
    assert any(axes.get_ylabel() == "Change of G (factor)" for axes in figure.axes)
    if make is iris_like:
        assert_allclose(cells_of(figure.axes[1]).ravel(), factors)
    draw_network(network, reference=network)


def test_another_networks_reference_is_refused() -> None:
    with pytest.raises(InputError, match="other edges"):
        draw_network(grid(), reference=one_edge())


@pytest.mark.parametrize(
    "network",
    [
        lattice(11, 11, [(0, 0), (10, 10)], [(5, 5)]),
        random_regular(120, 4, 6, 4),
        random_regular(300, 3, 6, 4),
        Network.from_graph(nx.Graph([("a", "b"), ("c", "d")]), ["a", "c"], ["b", "d"]),
    ],
    ids=["lattice", "regular", "large", "two parts"],
)
def test_large_networks_in_time_and_the_same_bytes(network: Network, tmp_path: Path) -> None:
    started = time.process_time()
    save(draw_network(network), tmp_path / "a.png")
    assert time.process_time() - started < 120
    save(draw_network(network), tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert len(edges_of(draw_network(network).axes[0]).get_segments()) == network.edge_count


def test_no_outputs(tmp_path: Path) -> None:
    network = Network.from_graph(nx.path_graph(4), [0, 3], [])
    save(draw_network(network), tmp_path / "none.png")


def test_parts_are_marked() -> None:
    parts = (DiodePair("b"), DiodeToRail("b", 0.1), DiodePair("d"), Amplifier("b", "d"))
    network = Network.from_graph(nx.path_graph(["a", "b", "c", "d", "e"]), ["a", "c"], ["e"], parts=parts)
    figure = draw_network(network)
    halos = [each for each in figure.axes[0].collections if each.get_zorder() == 1.5]
    assert [np.shape(each.get_offsets()) for each in halos] == [(2, 2)]
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["input", "output", "hidden", "with diodes", "amplifier"]
    assert "with diodes" not in [text.get_text() for text in draw_network(grid()).legends[0].get_texts()]
