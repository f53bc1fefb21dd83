"""Whether a bundle is what was exported, and whether simulators find what the package found."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tcl_circuits.circuit.netlist import part_elements
from tcl_circuits.errors import EngineError, InputError
from tcl_circuits.handoff.benches import Bench, benches
from tcl_circuits.handoff.design import Design
from tcl_circuits.handoff.expected_csv import Rows, expected_rows
from tcl_circuits.handoff.importing import NEEDED, exported_design, structure_faults, text_of, value_faults
from tcl_circuits.handoff.manifest import read_files, read_manifest
from tcl_circuits.handoff.netlists import cell_block
from tcl_circuits.handoff.rewritten import netlist_faults, write_netlists
from tcl_circuits.handoff.simulators import Simulator, chosen_simulators

_SHOWN = 10
_SLACK = 0.1
"""Share of a tolerance by which the package's own figures may differ from machine to machine."""


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


def verify_bundle(bundle: str | Path, simulator: str | None = None, seconds: float = 600.0) -> Verification:
    """Check a bundle's hashes, netlists and figures.

    A bundle is a function of its network.json and setup.json: every netlist is compared with the one that the
    package writes for them, and what is run is the package's own text, in a directory of its own. Nothing of
    the bundle itself is ever given to a simulator.

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
    faults = [f"{name}: not in the manifest" for name in (*NEEDED, "expected.csv") if name not in files]
    if faults:
        return Verification(len(manifest.files), tuple(faults), ())
    design = exported_design(files, str(bundle))
    made, found = benches(design), expected_rows(text_of(files, "expected.csv"))
    faults = [
        *structure_faults(design, files),
        *value_faults(design, files),
        *_expected_faults(made, found),
    ]
    # Faults of structure and values say more than the first line that differs.
    told = {fault.split(":", 1)[0] for fault in faults}
    faults += netlist_faults(design, made, manifest.dialect, files, tuple(told))
    if faults:
        return Verification(len(manifest.files), tuple(faults), ())
    remarks = []
    with tempfile.TemporaryDirectory(prefix="tcl-verify-") as name:
        place = Path(name) / "bundle"
        if manifest.dialect != "ngspice":
            remarks.append(
                f"{manifest.dialect} itself was not run: its text was read back and run as ngspice netlists"
            )
        write_netlists(design, made, place)
        # Each simulator is a process of its own: the threads only wait for it.
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            runs = [
                pool.submit(_run, one, design, place, bench, found, seconds)
                for one in chosen
                for bench in made
            ]
        results = [run.result() for run in runs]
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


def _expected_faults(made: Sequence[Bench], found: Rows) -> list[str]:
    """Where expected.csv is not what the package finds for the design."""
    faults = []
    for bench in made:
        for one in bench.expected:
            value, tolerance = found.get((bench.name, one.name), (math.nan, math.nan))
            close = abs(value - one.value) <= _SLACK * one.tolerance
            if not (close and 0 < tolerance <= (1 + _SLACK) * one.tolerance):
                faults.append(
                    f"expected.csv: {one.name} of {bench.name} is {value:g} +- {tolerance:g} {one.unit}, the "
                    f"design gives {one.value:g} +- {one.tolerance:g}"
                )
    return faults


def device_count(design: Design, bench: Bench) -> int:
    """Devices of a test bench when its hierarchy is expanded."""
    network = design.network
    if bench.instances and design.learning is not None:
        from tcl_circuits.handoff.learning import block

        return len(bench.elements) + len(bench.instances) * len(block(design.learning.cell).elements)
    at_nodes = network.free.size * ((network.node_capacitance > 0) + (not design.cell.conducts_dc))
    in_cells = network.edge_count * len(cell_block(design).block.elements)
    return len(bench.elements) + in_cells + int(at_nodes) + len(part_elements(network))


def _run(
    simulator: Simulator, design: Design, place: Path, bench: Bench, found: Rows, seconds: float
) -> BenchResult:
    wanted = {one.name: (one.unit, *found[bench.name, one.name]) for one in bench.expected}
    try:
        measured = simulator.run(place, f"{bench.name}.cir", device_count(design, bench), seconds)
    except EngineError as error:
        return BenchResult(bench.name, simulator.name, len(wanted), math.inf, (str(error),))
    worst, faults = 0.0, []
    for name, (unit, expected, tolerance) in wanted.items():
        value = measured.get(name, math.nan)
        share = abs(value - expected) / tolerance
        if not share <= 1:
            said = "is missing" if math.isnan(value) else f"= {value:g} {unit}"
            faults.append(f"{bench.name}: {name} {said}, expected {expected:g} +- {tolerance:g} {unit}")
        worst = max(worst, share if math.isfinite(share) else math.inf)
    return BenchResult(bench.name, simulator.name, len(wanted), worst, tuple(faults))
