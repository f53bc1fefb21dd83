"""Report of a bundle: its hashes are checked, its training cycle is solved exactly."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tcl_circuits.commands.report_cycle import cycle_energy, simulated_cycle, waveform_picture
from tcl_circuits.commands.report_facts import (
    WRITER,
    hashed_files,
    layout_of,
    scores,
    size,
    versions_of,
    words,
)
from tcl_circuits.handoff.importing import read_bundle
from tcl_circuits.handoff.manifest import read_manifest
from tcl_circuits.handoff.markup import quantity
from tcl_circuits.handoff.report import Facts, Picture, Report, inline_svg
from tcl_circuits.handoff.schematic import cell_schematic
from tcl_circuits.protocol import Sawtooth


def of_bundle(bundle: Path) -> Report:
    """Report of a bundle: its hashes are checked, its training cycle is solved exactly."""
    design, manifest = read_bundle(bundle), read_manifest(bundle)
    files = hashed_files(bundle)
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
            *size(design.network),
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
        versions=(("Seed", str(manifest.seed)), *versions_of(facts), *WRITER),
        files=files,
        notes=notes,
    )


def _sawtooth(saw: Sawtooth) -> str:
    return f"{quantity(saw.tau_f, 's')} fast, {quantity(saw.tau_s, 's')} slow, {saw.polarity}"


def _plain_facts(facts: Mapping[str, Any]) -> Facts:
    """What a bundle knows of its run, but lists and what other sections say."""
    told = ("baseline", "baseline_name", "baseline_measure", "test_accuracy", "versions")
    return tuple(
        (name.replace("_", " ").capitalize(), words(value))
        for name, value in sorted(facts.items())
        if name not in told and not isinstance(value, list | dict)
    )
