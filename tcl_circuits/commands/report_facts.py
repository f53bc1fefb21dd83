"""What all reports say: sizes, scores, versions, files, and where a network is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from tcl_circuits.circuit.network import Network
from tcl_circuits.figures.layout import crossbar_places, edge_paths, is_crossbar, node_places
from tcl_circuits.handoff.drawing import Layout
from tcl_circuits.handoff.manifest import digest
from tcl_circuits.handoff.markup import quantity
from tcl_circuits.handoff.report import Facts, Score

_GRID_FROM = 40
_HASHED_UP_TO = 200_000_000

WRITER: Facts = (("Report written by", f"tcl_circuits {version('tcl-circuits')}"),)
"""Which program wrote a report."""


def layout_of(network: Network) -> Layout:
    """Choose where a network is drawn: as the package's pictures draw it."""
    pairs = {tuple(sorted(edge)) for edge in network.edges.tolist()}
    grid = is_crossbar(network) and network.edge_count > _GRID_FROM and len(pairs) == network.edge_count
    places = node_places(network)
    return Layout(places, edge_paths(network, places), crossbar_places(network) if grid else None)


def finite(value: object) -> float | None:
    """Return a finite number, and None for anything else."""
    return float(value) if isinstance(value, int | float) and np.isfinite(value) else None


def words(value: object) -> str:
    """Return a value as it is to be read."""
    if isinstance(value, float):
        return f"{value:.4g}"
    return "none" if value is None else str(value)


def scores(summary: Mapping[str, Any]) -> list[Score]:
    """Test accuracy, else test loss, beside the baseline's."""
    accuracy, baseline = finite(summary.get("test_accuracy")), finite(summary.get("baseline"))
    name = words(summary.get("baseline_name") or "baseline")
    if accuracy is not None:
        found = [Score("This network: test accuracy", f"{100 * accuracy:.1f} %", accuracy, True)]
        beside = summary.get("baseline_measure", "test_accuracy") == "test_accuracy" and baseline is not None
        return found + (
            [Score(name, f"{100 * (baseline or 0):.1f} %", baseline or 0.0, False)] if beside else []
        )
    loss = finite(summary.get("test_loss"))
    if loss is None:
        return []
    largest = max(loss, baseline or 0.0) or 1.0
    found = [Score("This network: test loss", f"{loss:.3g}", loss / largest, True)]
    if baseline is not None:
        found.append(Score(f"{name}: test loss", f"{baseline:.3g}", baseline / largest, False))
    return found


def size(network: Network) -> Facts:
    """Counts of nodes and edges, and the range of the conductances."""
    inputs, outputs = _count(network.inputs.size, "input"), _count(network.outputs.size, "output")
    low, high = float(network.conductance.min()), float(network.conductance.max())
    return (
        ("Nodes", f"{network.node_count} ({inputs}, {outputs})"),
        ("Edges", str(network.edge_count)),
        ("Conductances", f"{quantity(low, 'S')} to {quantity(high, 'S')}"),
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def versions_of(facts: Mapping[str, Any]) -> Facts:
    """Versions of the programs that a run used."""
    versions = facts.get("versions")
    return tuple((n, words(v)) for n, v in versions.items()) if isinstance(versions, dict) else ()


def hashed_files(place: Path) -> list[tuple[str, int, str]]:
    """Name, size and SHA-256 of each file of a directory but reports."""
    found = []
    for path in sorted(place.rglob("*")):
        name = path.relative_to(place).as_posix()
        if path.is_file() and not name.endswith((".html", ".part")) and path.stat().st_size <= _HASHED_UP_TO:
            found.append((name, path.stat().st_size, digest(path.read_bytes())))
    return found
