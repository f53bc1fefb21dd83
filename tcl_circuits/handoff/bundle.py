"""A bundle: every file of it, the same bytes for the same design, written aside and then moved."""

from __future__ import annotations

import json
import re
import secrets
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from tcl_circuits.circuit.names import NameMap, plain, written
from tcl_circuits.circuit.node_link import network_text
from tcl_circuits.errors import InputError, TclError
from tcl_circuits.handoff.benches import Bench, benches
from tcl_circuits.handoff.bom import bill_of_materials, bom_csv
from tcl_circuits.handoff.design import Design, setup_of
from tcl_circuits.handoff.dialects import named_dialect
from tcl_circuits.handoff.dialects.base import Dialect
from tcl_circuits.handoff.expected import pins
from tcl_circuits.handoff.expected_csv import expected_csv
from tcl_circuits.handoff.manifest import NAME, BundleError, Manifest, digest, read_manifest
from tcl_circuits.handoff.netlists import NETWORK, netlist_files, pin_names
from tcl_circuits.handoff.picture import network_picture
from tcl_circuits.handoff.readme import readme

GENERATOR = "tcl_circuits"


def write_bundle(design: Design, out: Path, dialect: str = "ngspice", force: bool = False) -> Path:
    """Write a bundle.

    Parameters
    ----------
    design : Design
        What to hand over.
    out : Path
        Directory of the bundle.
    dialect : str
        ngspice, ltspice, xyce or spectre.
    force : bool
        Take the place of what is there. Files that are no part of an older bundle stay.

    Returns
    -------
    Path
        The directory.

    Raises
    ------
    InputError
        Before anything is written, if the design can't be exported, or the directory holds files and `force`
        is not given.
    TclError
        If the files can't be written; what was there before is then untouched.
    """
    language = named_dialect(dialect)
    if not language.tried:
        # Pulses, initial voltages and the dead zone are written for ngspice alone.
        design = replace(design, learning=None)
    design.check()
    out = out.absolute()
    _refuse(out, force)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        aside = out.with_name(f".{out.name}.{secrets.token_hex(4)}.part")
        try:
            aside.mkdir()
            put(bundle_files(design, language, benches(design)), aside)
            _move(aside, out)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    except OSError as failure:
        raise TclError(
            f"{out} can't be written ({failure.strerror}); what was there before is kept"
        ) from failure
    return out


def _refuse(out: Path, force: bool) -> None:
    if not out.name or out == Path.cwd():
        raise InputError(f"--out {out}: a bundle takes a directory's place; name one inside it")
    if out.exists() and not out.is_dir():
        raise InputError(f"--out {out} is a file; name a directory")
    if out.is_dir() and any(not path.name.startswith(".") for path in out.iterdir()) and not force:
        raise InputError(f"--out {out} holds files already; name another directory, or use --force")


def _move(aside: Path, out: Path) -> None:
    """Put the new directory in the place of the old one."""
    if not out.exists():
        aside.rename(out)
        return
    old = aside.with_suffix(".old")
    out.rename(old)
    try:
        aside.rename(out)
    except BaseException:
        old.rename(out)
        raise
    _drop(old, out)


def settle(out: Path) -> None:
    """Put back or clear what a killed :func:`write_bundle` left beside `out`, which no other run may hold."""
    beside = re.compile(re.escape(f".{out.name}.") + r"[0-9a-f]{8}\.(part|old)")
    left = [path for path in out.absolute().parent.iterdir() if beside.fullmatch(path.name)]
    for path in sorted(left, reverse=True):  # the part of an .old first, whose place that takes
        if path.suffix == ".old":
            _drop(path, out)
        else:
            shutil.rmtree(path, ignore_errors=True)


def _drop(old: Path, out: Path) -> None:
    """Remove the directory of before, once all is out of it that is to stay."""
    _keep_strangers(old, out)
    # From here on nothing in it is wanted, at whatever moment a kill comes.
    shutil.rmtree(old.rename(old.with_suffix(".part")), ignore_errors=True)


def _keep_strangers(old: Path, out: Path) -> None:
    """Move what was no part of the old bundle into the new one, or all if there is no new one."""
    known: set[str] = set()
    if (out / NAME).exists():
        with suppress(InputError, BundleError):
            known = {name.split("/")[0] for name in read_manifest(old).files} | {NAME}
    for child in sorted(old.iterdir()):
        if child.name not in known and not (out / child.name).exists():
            child.rename(out / child.name)


def bundle_files(design: Design, dialect: Dialect, made: Sequence[Bench]) -> dict[str, bytes]:
    """Every file of a bundle with its bytes, which follow from the design alone.

    Parameters
    ----------
    design : Design
        What to hand over.
    dialect : Dialect
        Language of the netlists.
    made : sequence of Bench
        The design's test benches.
    """
    from tcl_circuits.handoff.schematic import cell_schematic  # schemdraw brings matplotlib: .5 s

    texts = {
        "network.json": network_text(design.network),
        **netlist_files(design, dialect, made),
        "expected.csv": expected_csv(made),
        "names.json": _json(_names(design)),
        "setup.json": _json(setup_of(design)),
        "bom.csv": bom_csv(bill_of_materials(design.network, design.cell)),
        "cell.svg": cell_schematic(design.cell),
        "network.svg": network_picture(design.network),
        "README.md": readme(design, dialect, made),
    }
    files = {name: text.encode("utf-8") for name, text in texts.items()}
    hashes = {name: digest(data) for name, data in files.items()}
    manifest = Manifest(dialect.name, plain(design.title), design.seed, hashes)
    return {**files, NAME: manifest.text(GENERATOR, pin_names(design)).encode("ascii")}


def put(files: Mapping[str, bytes], place: Path) -> None:
    """Write files into a directory, which is made if it is not there."""
    for name, data in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _names(design: Design) -> dict[str, Any]:
    """Graph names and SPICE names."""
    network, names = design.network, NameMap.of(design.network.nodes).spice
    pinned = set(pins(network))
    return {
        "network": NETWORK,
        "pins": list(pin_names(design)),
        "nodes": [
            {
                "name": written(node),
                "spice": names[position],
                "role": network.role_of(position),
                "pin": position in pinned,
            }
            for position, node in enumerate(network.nodes)
        ],
        "edges": [
            {"name": label, "instance": f"xe{e}", "from": names[a], "to": names[b]}
            for e, (label, (a, b)) in enumerate(zip(network.edge_labels, network.edges.tolist(), strict=True))
        ],
    }


def _json(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=1, ensure_ascii=True, allow_nan=False) + "\n"
