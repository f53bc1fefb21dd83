"""Whether a bundle is what was exported, and whether simulators find what the package found."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Mapping, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tcl_circuits.circuit.netlist import part_elements
from tcl_circuits.errors import EngineError
from tcl_circuits.handoff.anew import BY_HAND, differences, written_anew
from tcl_circuits.handoff.benches import Bench
from tcl_circuits.handoff.bundle import bundle_files, put
from tcl_circuits.handoff.design import Design
from tcl_circuits.handoff.dialects import named_dialect
from tcl_circuits.handoff.importing import DESIGN, NEEDED, exported_design, value_faults
from tcl_circuits.handoff.manifest import read_files, read_manifest
from tcl_circuits.handoff.netlists import cell_block
from tcl_circuits.handoff.simulators import Simulator, chosen_simulators

_SHOWN = 10


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
    """Check a bundle's files and figures.

    A bundle follows from its network.json and setup.json: it is written anew from these, and every file is
    compared. No file of the bundle is run, but the text that was written anew, and only if nothing differs.

    Parameters
    ----------
    bundle : str or Path
        Its directory.
    simulator : str, optional
        ngspice (the default), neospice, or ``all`` that are present. Of bundles in other dialects than
        ngspice's the design is run as ngspice netlists.
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
    faults += [f"{name}: not in the manifest" for name in NEEDED if name not in manifest.files]
    if {fault.split(":", 1)[0] for fault in faults} & set(DESIGN):
        return Verification(len(manifest.files), tuple(faults), ())
    lost = set(manifest.files) - set(files)
    design = exported_design(files, str(bundle))
    made, wanted = written_anew(design, manifest.dialect)
    found = {name: fault for name, fault in differences(files, wanted, made).items() if name not in lost}
    faults += _explained(design, found, files)
    faults += _strangers(bundle, {*wanted, *files})
    if faults:
        return Verification(len(manifest.files), tuple(dict.fromkeys(faults)), (), (BY_HAND,))
    remarks = []
    if manifest.dialect != "ngspice":
        remarks.append(f"{manifest.dialect} itself was not run: the design was run as ngspice netlists")
        wanted = bundle_files(design, named_dialect("ngspice"), made)
    with tempfile.TemporaryDirectory(prefix="tcl-verify-") as name:
        place = Path(name) / "bundle"
        put(wanted, place)
        # Each simulator is a process of its own: the threads only wait for it.
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            runs = [pool.submit(_run, one, design, place, bench, seconds) for one in chosen for bench in made]
        results = [run.result() for run in runs]
    return Verification(len(manifest.files), (), tuple(results), tuple(remarks))


def _explained(design: Design, found: Mapping[str, str], files: Mapping[str, bytes]) -> list[str]:
    """Differences of the files; of params.inc, the values that were edited."""
    values = value_faults(design, files) if "params.inc" in found and "params.inc" in files else []
    return [*values[:_SHOWN], *(fault for name, fault in found.items() if name != "params.inc" or not values)]


def _strangers(bundle: Path, known: Set[str]) -> list[str]:
    """Files beside those of the manifest; ngspice would read some of them, as .spiceinit."""
    folders = [
        bundle,
        *(bundle / name for name in sorted({name.rpartition("/")[0] for name in known}) if name),
    ]
    inside = [place for place in folders if place.is_dir() and (place == bundle or not place.is_symlink())]
    found = [path.relative_to(bundle).as_posix() for place in inside for path in sorted(place.iterdir())]
    above = {"/".join(name.split("/")[:k]) for name in known for k in range(1, name.count("/") + 1)}
    return [
        f"{name}: is not a file of this bundle; keep it elsewhere"
        for name in found
        if name not in known and name not in above
    ]


def device_count(design: Design, bench: Bench) -> int:
    """Devices of a test bench when its hierarchy is expanded."""
    network = design.network
    if bench.instances and design.learning is not None:
        from tcl_circuits.handoff.learning import block

        return len(bench.elements) + len(bench.instances) * len(block(design.learning.cell).elements)
    at_nodes = network.free.size * ((network.node_capacitance > 0) + (not design.cell.conducts_dc))
    in_cells = network.edge_count * len(cell_block(design).block.elements)
    return len(bench.elements) + in_cells + int(at_nodes) + len(part_elements(network))


def _run(simulator: Simulator, design: Design, place: Path, bench: Bench, seconds: float) -> BenchResult:
    try:
        measured = simulator.run(place, f"{bench.name}.cir", device_count(design, bench), seconds)
    except EngineError as error:
        return BenchResult(bench.name, simulator.name, len(bench.expected), math.inf, (str(error),))
    worst, faults = 0.0, []
    for one in bench.expected:
        value = measured.get(one.name, math.nan)
        share = abs(value - one.value) / one.tolerance
        if not share <= 1:
            said = "is missing" if math.isnan(value) else f"= {value:g} {one.unit}"
            faults.append(
                f"{bench.name}: {one.name} {said}, expected {one.value:g} +- {one.tolerance:g} {one.unit}"
            )
        worst = max(worst, share if math.isfinite(share) else math.inf)
    return BenchResult(bench.name, simulator.name, len(bench.expected), worst, tuple(faults))
