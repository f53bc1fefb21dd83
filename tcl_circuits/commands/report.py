"""``tcl-circuits report``: a run directory or a bundle as one HTML file."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tcl_circuits.circuit.graphfile import read_network
from tcl_circuits.circuit.network import Network
from tcl_circuits.commands.output import claim_file, write_text
from tcl_circuits.commands.report_cycle import cycle_energy, read_cycle, simulated_cycle, waveform_picture
from tcl_circuits.errors import InputError
from tcl_circuits.figures.layout import crossbar_places, edge_paths, is_crossbar, node_places
from tcl_circuits.handoff.charts import Curve, line_chart
from tcl_circuits.handoff.drawing import Layout
from tcl_circuits.handoff.importing import read_bundle
from tcl_circuits.handoff.manifest import NAME, digest, read_manifest
from tcl_circuits.handoff.markup import quantity
from tcl_circuits.handoff.report import Column, Facts, Picture, Report, Score, inline_svg, png_picture, render
from tcl_circuits.handoff.schematic import cell_schematic
from tcl_circuits.protocol import Sawtooth

_GRID_FROM = 40
_HASHED_UP_TO = 200_000_000
_WRITER: Facts = (("Report written by", f"tcl_circuits {version('tcl-circuits')}"),)


def report(source: Path, out: Path | None = None, force: bool = False) -> Path:
    """Write the report of a run directory or a bundle.

    Parameters
    ----------
    source : Path
        A directory that `train`, `simulate` or `export` left.
    out : Path, optional
        The file; by default ``report.html`` in a run directory, and beside a bundle ``NAME-report.html``,
        as a bundle holds nothing but what its manifest names.
    force : bool
        Take the place of a file that is there.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        If the directory is none of these, a file in it can't be read, or the report can't be written there.
    """
    made, default = _gathered(source)
    path = default if out is None else out
    claim_file(path, force, "report.html")
    if not path.parent.is_dir():
        raise InputError(f"--out {path}: there is no directory {path.parent}; make it first")
    write_text(path, render(made))
    return path


def _gathered(source: Path) -> tuple[Report, Path]:
    if not source.is_dir():
        raise InputError(f"{source} is no directory; give what train, simulate or export left")
    if (source / NAME).is_file():
        resolved = source.resolve()
        return of_bundle(source), source.parent / f"{resolved.name}-report.html"
    if (source / "summary.json").is_file() and (source / "network.json").is_file():
        return of_training(source), source / "report.html"
    if (source / "waveforms.nc").is_file():
        return of_cycle(source), source / "report.html"
    raise InputError(
        f"{source} holds neither summary.json and network.json (train), nor waveforms.nc (simulate), "
        f"nor {NAME} (export); give one of their directories"
    )


def layout_of(network: Network) -> Layout:
    """Choose where a network is drawn: as the package's pictures draw it."""
    pairs = {tuple(sorted(edge)) for edge in network.edges.tolist()}
    grid = is_crossbar(network) and network.edge_count > _GRID_FROM and len(pairs) == network.edge_count
    places = node_places(network)
    return Layout(places, edge_paths(network, places), crossbar_places(network) if grid else None)


def of_training(run: Path) -> Report:
    """Report of a directory that `train` left."""
    summary = _summary(run / "summary.json")
    network = read_network(run / "network.json")
    notes, pictures = [], _curves(run / "history.csv", summary)
    if (run / "waveforms.png").is_file():
        alt = "Nudge, output voltages, signals and kernel outputs over the first training cycle"
        image = png_picture((run / "waveforms.png").read_bytes(), alt)
        pictures.append(Picture("Waveforms", image, alt + ", as the engine gave them.", "waves"))
    else:
        notes.append("The run left no waveforms.png, so no waveforms are shown.")
    cycles, energy = _finite(summary.get("cycles")), _finite(summary.get("energy_J_per_cycle"))
    time = _finite(summary.get("circuit_time_s"))
    spent: Facts = ()
    if energy is not None and cycles:
        spent = (
            ("Energy of a cycle", quantity(energy, "J")),
            ("Energy of the training", quantity(energy * cycles, "J")),
            *((("Mean power", quantity(energy * cycles / time, "W")),) if time else ()),
        )
    return Report(
        title=f"Training run: {_words(summary.get('task', run.name))}",
        lead=_words(summary.get("description", "")),
        facts=_training_facts(summary, network),
        network=network,
        layout=layout_of(network),
        scores=scores(summary),
        pictures=pictures,
        energy=spent,
        versions=_versions(summary),
        files=_files(run),
        notes=notes,
    )


def of_cycle(run: Path) -> Report:
    """Report of a directory that `simulate` left."""
    data, network = read_cycle(run / "waveforms.nc")
    columns, spent = cycle_energy(data)
    columns += _updates(run / "edges.csv", network)
    return Report(
        title=f"Simulated cycle: {run.resolve().name}",
        lead="One sawtooth cycle of a network from a graph.",
        facts=(*_size(network), ("Polarity", _words(data.attrs.get("polarity", "unknown")))),
        network=network,
        layout=layout_of(network),
        pictures=[waveform_picture(data)],
        columns=columns,
        energy=spent,
        versions=_WRITER,
        files=_files(run),
        notes=["The network was not trained here, so there is no accuracy and no loss."],
    )


def of_bundle(bundle: Path) -> Report:
    """Report of a bundle: its hashes are checked, its training cycle is solved exactly."""
    design, manifest = read_bundle(bundle), read_manifest(bundle)
    files = _files(bundle)
    found = {name: hashed for name, _, hashed in files}
    off = sorted(name for name, hashed in manifest.files.items() if found.get(name) != hashed)
    data = simulated_cycle(design)
    columns, spent = cycle_energy(data)
    facts = dict(design.facts)
    notes = [f"Changed or missing since the export: {name}" for name in off]
    schematic = inline_svg(cell_schematic(design.cell))
    return Report(
        title=f"Hand-off bundle: {manifest.title}",
        lead=f"Netlists for {manifest.dialect}, with test benches, expected figures and a bill of materials.",
        facts=(
            *_size(design.network),
            ("Cell", f"{type(design.cell).__name__}, {design.cell.signal} signal"),
            ("Sawtooth", _sawtooth(design.saw)),
            ("Dialect", manifest.dialect),
            (
                "Hashes",
                f"{len(off)} of {len(manifest.files)} differ" if off else f"all {len(manifest.files)} match",
            ),
            *_plain_facts(facts),
        ),
        network=design.network,
        layout=layout_of(design.network),
        scores=scores(facts),
        pictures=[
            waveform_picture(data),
            Picture("Cell", schematic, "What stands on every edge.", "cell"),
        ],
        columns=columns,
        energy=spent,
        versions=(("Seed", str(manifest.seed)), *_versions_of(facts), *_WRITER),
        files=files,
        notes=notes,
    )


def _sawtooth(saw: Sawtooth) -> str:
    return f"{quantity(saw.tau_f, 's')} fast, {quantity(saw.tau_s, 's')} slow, {saw.polarity}"


def _plain_facts(facts: Mapping[str, Any]) -> Facts:
    """What a bundle knows of its run, but lists and what other sections say."""
    told = ("baseline", "baseline_name", "baseline_measure", "test_accuracy", "versions")
    return tuple(
        (name.replace("_", " ").capitalize(), _words(value))
        for name, value in sorted(facts.items())
        if name not in told and not isinstance(value, list | dict)
    )


def _summary(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, OSError) as fault:
        raise InputError(f"{path} can't be read as JSON ({fault}); run the training again") from None
    if not isinstance(found, dict):
        raise InputError(f"{path} holds no object; run the training again")
    return found


def _finite(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and np.isfinite(value) else None


def _words(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "none" if value is None else str(value)


def scores(summary: Mapping[str, Any]) -> list[Score]:
    """Test accuracy, else test loss, beside the baseline's."""
    accuracy, baseline = _finite(summary.get("test_accuracy")), _finite(summary.get("baseline"))
    name = _words(summary.get("baseline_name") or "baseline")
    if accuracy is not None:
        found = [Score("This network: test accuracy", f"{100 * accuracy:.1f} %", accuracy, True)]
        beside = summary.get("baseline_measure", "test_accuracy") == "test_accuracy" and baseline is not None
        return found + (
            [Score(name, f"{100 * (baseline or 0):.1f} %", baseline or 0.0, False)] if beside else []
        )
    loss = _finite(summary.get("test_loss"))
    if loss is None:
        return []
    largest = max(loss, baseline or 0.0) or 1.0
    found = [Score("This network: test loss", f"{loss:.3g}", loss / largest, True)]
    if baseline is not None:
        found.append(Score(f"{name}: test loss", f"{baseline:.3g}", baseline / largest, False))
    return found


def _curves(path: Path, summary: Mapping[str, Any]) -> list[Picture]:
    """Loss, and accuracy where there is one, over the epochs."""
    try:
        history = pd.read_csv(path)
        epochs = history["epoch"].to_numpy(dtype=float)
        columns = {
            name: history[name].to_numpy(dtype=float) for name in ("loss", "test_loss") if name in history
        }
        accuracy = (
            history["test_accuracy"].to_numpy(dtype=float) if "test_accuracy" in history else np.array([])
        )
    except (OSError, ValueError, KeyError) as fault:
        raise InputError(f"{path} can't be read as a history ({fault}); run the training again") from None
    baseline, measure = _finite(summary.get("baseline")), summary.get("baseline_measure")
    name = _words(summary.get("baseline_name") or "baseline")
    level = None if baseline is None or measure != "test_loss" else (name, baseline)
    looks = {"loss": ("training", "train"), "test_loss": ("test", "test")}
    curves = [Curve(*looks[column], epochs, values) for column, values in columns.items()]
    pictures = []
    loss = line_chart("Loss over epochs", "Epoch", "Loss", curves, level)
    if loss is not None:
        pictures.append(
            Picture("Loss", loss, "Mean loss of training and test samples; epoch 0 is untrained.")
        )
    level = None if baseline is None or measure != "test_accuracy" else (name, 100 * baseline)
    shown = (
        line_chart(
            "Test accuracy over epochs",
            "Epoch",
            "Accuracy (%)",
            [Curve("test", "test", epochs, 100 * accuracy)],
            level,
        )
        if accuracy.size
        else None
    )
    if shown is not None:
        pictures.append(Picture("Accuracy", shown, "Share of test samples in the right class."))
    return pictures


def _training_facts(summary: Mapping[str, Any], network: Network) -> Facts:
    names = {
        "engine": "Engine", "rule": "Rule", "cell": "Cell", "signal": "Signal", "epochs": "Epochs",
        "cycles": "Cycles", "train_samples": "Training samples", "test_samples": "Test samples",
        "initial_loss": "Loss before", "final_loss": "Loss after", "cosine_to_gradient": "Cosine to gradient",
    }  # fmt: skip
    rows = [(shown, _words(summary[key])) for key, shown in names.items() if summary.get(key) is not None]
    return (*_size(network), *rows)


def _size(network: Network) -> Facts:
    inputs, outputs = _count(network.inputs.size, "input"), _count(network.outputs.size, "output")
    low, high = float(network.conductance.min()), float(network.conductance.max())
    return (
        ("Nodes", f"{network.node_count} ({inputs}, {outputs})"),
        ("Edges", str(network.edge_count)),
        ("Conductances", f"{quantity(low, 'S')} to {quantity(high, 'S')}"),
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _versions(summary: Mapping[str, Any]) -> Facts:
    return (("Seed", _words(summary.get("seed"))), *_versions_of(summary), *_WRITER)


def _versions_of(facts: Mapping[str, Any]) -> Facts:
    versions = facts.get("versions")
    return tuple((n, _words(v)) for n, v in versions.items()) if isinstance(versions, dict) else ()


def _files(place: Path) -> list[tuple[str, int, str]]:
    """Name, size and SHA-256 of each file of a directory but reports."""
    found = []
    for path in sorted(place.rglob("*")):
        name = path.relative_to(place).as_posix()
        if path.is_file() and not name.endswith((".html", ".part")) and path.stat().st_size <= _HASHED_UP_TO:
            found.append((name, path.stat().st_size, digest(path.read_bytes())))
    return found


def _updates(path: Path, network: Network) -> list[Column]:
    """Charge and update of each edge from edges.csv, if it is there and belongs to the network."""
    try:
        table = pd.read_csv(io.BytesIO(path.read_bytes()))
        if len(table) != network.edge_count:
            return []
        return [
            Column("Charge", "C", table["charge_C"].to_numpy(dtype=float)),
            Column("Update", "", table["update"].to_numpy(dtype=float)),
        ]
    except (OSError, ValueError, KeyError):
        return []
