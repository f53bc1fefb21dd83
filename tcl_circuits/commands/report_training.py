"""Report of a directory that ``train`` left: its summary, history, pictures and network."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tcl_circuits.circuit.graphfile import read_network
from tcl_circuits.circuit.network import Network
from tcl_circuits.commands.report_facts import (
    WRITER,
    finite,
    hashed_files,
    layout_of,
    scores,
    size,
    versions_of,
    words,
)
from tcl_circuits.commands.run_directory import read_summary
from tcl_circuits.errors import InputError
from tcl_circuits.files import read_bytes
from tcl_circuits.handoff.charts import Curve, line_chart
from tcl_circuits.handoff.markup import quantity
from tcl_circuits.handoff.report import Facts, Picture, Report, png_picture


def of_training(run: Path) -> Report:
    """Report of a directory that `train` left."""
    summary = read_summary(run)
    network = read_network(run / "network.json")
    notes, pictures = [], _curves(run / "history.csv", summary)
    if (run / "waveforms.png").is_file():
        alt = "Nudge, outputs, signals and kernel outputs over a cycle of training sample 1, before training"
        image = png_picture(read_bytes(run / "waveforms.png", "run the training again"), alt)
        pictures.append(Picture("Waveforms", image, alt + ", as the engine gave them.", "waves"))
    else:
        notes.append("The run left no waveforms.png, so no waveforms are shown.")
    cycles, energy = finite(summary.get("cycles")), finite(summary.get("energy_J_per_cycle"))
    time = finite(summary.get("circuit_time_s"))
    spent: Facts = ()
    if energy is not None and cycles:
        spent = (
            ("Energy of a cycle", quantity(energy, "J")),
            ("Energy of the training", quantity(energy * cycles, "J")),
            *((("Mean power", quantity(energy * cycles / time, "W")),) if time else ()),
        )
    return Report(
        title=f"Training run: {words(summary.get('task', run.name))}",
        lead=words(summary.get("description", "")),
        facts=_training_facts(summary, network),
        network=network,
        layout=layout_of(network),
        scores=scores(summary),
        pictures=pictures,
        energy=spent,
        versions=_versions(summary),
        files=hashed_files(run),
        notes=notes,
    )


def _curves(path: Path, summary: Mapping[str, Any]) -> list[Picture]:
    """Loss, and accuracy where there is one, over the epochs."""
    data = read_bytes(path, "run the training again")
    try:
        history = pd.read_csv(io.BytesIO(data))
        epochs = history["epoch"].to_numpy(dtype=float)
        columns = {
            name: history[name].to_numpy(dtype=float) for name in ("loss", "test_loss") if name in history
        }
        accuracy = (
            history["test_accuracy"].to_numpy(dtype=float) if "test_accuracy" in history else np.array([])
        )
    except (ValueError, KeyError) as fault:
        raise InputError(f"{path} can't be read as a history ({fault}); run the training again") from None
    baseline, measure = finite(summary.get("baseline")), summary.get("baseline_measure")
    name = words(summary.get("baseline_name") or "baseline")
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
    rows = [(shown, words(summary[key])) for key, shown in names.items() if summary.get(key) is not None]
    return (*size(network), *rows)


def _versions(summary: Mapping[str, Any]) -> Facts:
    return (("Seed", words(summary.get("seed"))), *versions_of(summary), *WRITER)
