"""Whether a bundle is what was exported, and whether simulators find what the package found."""

from __future__ import annotations

import csv
import io
import math
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tcl_circuits.errors import EngineError, InputError
from tcl_circuits.handoff.benches import benches
from tcl_circuits.handoff.bundle import COLUMNS, write_bundle
from tcl_circuits.handoff.design import Design
from tcl_circuits.handoff.importing import NEEDED, exported_design, structure_faults, text_of, value_faults
from tcl_circuits.handoff.manifest import read_files, read_manifest
from tcl_circuits.handoff.netlists import cell_block
from tcl_circuits.handoff.reading import statements
from tcl_circuits.handoff.simulators import Simulator, chosen_simulators

_SHOWN = 10
_ALLOWED = re.compile(
    r"[rcvbxh]\w*\s|\.(param|subckt|ends|include|options?|tran|save|print|meas|measure|end)\b"
    r"|(simulator|parameters|subckt|ends|include|save|tolerances|cycle)\b",
    re.IGNORECASE,
)
"""What our netlists hold; anything else, as .control, could make a simulator run programs."""


@dataclass(frozen=True)
class BenchResult:
    """How a simulator's figures of a test bench compare.

    Parameters
    ----------
    bench, simulator : str
        Which.
    figures : int
        How many were expected.
    worst : float
        Largest deviation, in tolerances.
    faults : tuple of str
        Figures out of tolerance or missing, in words.
    """

    bench: str
    simulator: str
    figures: int
    worst: float
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Verification:
    """What a verification found: files, faults of the bundle, results, and remarks for the user."""

    files: int
    faults: tuple[str, ...]
    results: tuple[BenchResult, ...]
    remarks: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether there is no fault, and something was simulated."""
        return not self.faults and bool(self.results) and not any(one.faults for one in self.results)


@dataclass(frozen=True)
class _Figure:
    bench: str
    measure: str
    unit: str
    expected: float
    tolerance: float


def verify_bundle(bundle: str | Path, simulator: str | None = None, seconds: float = 600.0) -> Verification:
    """Check a bundle's hashes, netlists and figures.

    Nothing is run of a bundle with faults; what is run is a copy of the files that were checked.

    Parameters
    ----------
    bundle : str or Path
        Its directory.
    simulator : str, optional
        ngspice (the default), neospice, or ``all`` that are present. Bundles in other dialects than ngspice's
        are read back, and run as ngspice netlists.
    seconds : float
        Longest time for one test bench.

    Raises
    ------
    InputError
        If it is no bundle, or of a newer version, or the simulator is not there.
    BundleError
        If the manifest is damaged or names files outside the bundle.
    """
    bundle = Path(bundle)
    manifest = read_manifest(bundle)
    chosen = chosen_simulators(simulator)
    files, faults = read_files(bundle, manifest)
    faults = _explained(files, faults)
    if faults:
        return Verification(len(manifest.files), tuple(faults), ())
    design = exported_design(files, str(bundle))
    faults = [*_foreign(files), *structure_faults(design, files), *value_faults(design, files)]
    if faults:
        return Verification(len(manifest.files), tuple(faults), ())
    figures = _figures(text_of(files, "expected.csv"))
    remarks = []
    with tempfile.TemporaryDirectory(prefix="tcl-verify-") as name:
        place = Path(name) / "bundle"
        if manifest.dialect == "ngspice":
            _copy(files, place)
        else:
            remarks.append(
                f"{manifest.dialect} itself was not run: its text was read back and run as ngspice netlists"
            )
            write_bundle(design, place, "ngspice")
        results = [_run(one, design, place, figures, bench, seconds) for one in chosen for bench in figures]
    return Verification(len(manifest.files), (), tuple(results), tuple(remarks))


def _explained(files: Mapping[str, bytes], faults: Sequence[str]) -> list[str]:
    """Faults of the files, with the values and pins that differ where they can be told."""
    changed = {fault.split(":", 1)[0] for fault in faults if "changed" in fault}
    if not changed & {"params.inc", "network.lib"} or not set(NEEDED) <= set(files):
        return list(faults)
    if {"network.json", "setup.json"} & changed:
        return list(faults)
    try:
        design = exported_design(files, "bundle")
        details = structure_faults(design, files) + value_faults(design, files)
    except InputError as error:
        details = [str(error)]
    return [*faults, *details[:_SHOWN]]


def _copy(files: Mapping[str, bytes], place: Path) -> None:
    for name, data in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _foreign(files: Mapping[str, bytes]) -> list[str]:
    """Lines of netlists that are none of ours, and files included from elsewhere."""
    faults = []
    for name in sorted(files):
        if not name.endswith((".cir", ".scs", ".lib", ".inc")):
            continue
        for line in statements(text_of(files, name)):
            words = line.text.split()
            if not _ALLOWED.match(line.text + " "):
                faults.append(
                    f"{name}, line {line.number}: {line.text[:60]!r} is no line of a bundle; not run"
                )
            elif words[0].lower() in (".include", "include") and words[-1].strip('"') not in files:
                faults.append(f"{name}, line {line.number}: includes {words[-1]}, which is not in the bundle")
    return faults


def _figures(text: str) -> dict[str, list[_Figure]]:
    table = csv.DictReader(io.StringIO(text))
    if tuple(table.fieldnames or ()) != COLUMNS:
        raise InputError(f"expected.csv has the columns {table.fieldnames}, not {', '.join(COLUMNS)}")
    found: dict[str, list[_Figure]] = {}
    for row in table:
        one = _Figure(
            row["testbench"], row["measure"], row["unit"], float(row["expected"]), float(row["tolerance"])
        )
        found.setdefault(one.bench, []).append(one)
    return found


def device_count(design: Design, bench: str) -> int:
    """Devices of a test bench when its hierarchy is expanded."""
    round_it = next(len(one.elements) for one in benches(design) if one.name == bench)
    network = design.network
    at_nodes = network.free.size * ((network.node_capacitance > 0) + (not design.cell.conducts_dc))
    return round_it + network.edge_count * len(cell_block(design).block.elements) + int(at_nodes)


def _run(
    simulator: Simulator,
    design: Design,
    place: Path,
    figures: Mapping[str, Sequence[_Figure]],
    bench: str,
    seconds: float,
) -> BenchResult:
    wanted = figures[bench]
    try:
        measured = simulator.run(place, f"{bench}.cir", device_count(design, bench), seconds)
    except EngineError as error:
        return BenchResult(bench, simulator.name, len(wanted), math.inf, (str(error),))
    worst, faults = 0.0, []
    for one in wanted:
        value = measured.get(one.measure.lower(), math.nan)
        share = abs(value - one.expected) / one.tolerance
        if not share <= 1:
            found = "is missing" if math.isnan(value) else f"= {value:g} {one.unit}"
            faults.append(
                f"{bench}: {one.measure} {found}, expected {one.expected:g} +- {one.tolerance:g} {one.unit}"
            )
        worst = max(worst, share if math.isfinite(share) else math.inf)
    return BenchResult(bench, simulator.name, len(wanted), worst, tuple(faults))
