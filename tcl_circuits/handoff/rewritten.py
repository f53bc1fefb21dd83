"""A bundle's netlists against those that the package itself writes for the same design.

A bundle is a function of its network.json and setup.json. Whatever else stands in its netlists - an element,
a measure, a comment that a simulator takes for a command - was not written by the package, and is told.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from tcl_circuits.handoff.benches import Bench
from tcl_circuits.handoff.design import Design
from tcl_circuits.handoff.dialects import named_dialect
from tcl_circuits.handoff.netlists import netlist_files

PAPERS = (
    "network.json",
    "setup.json",
    "names.json",
    "expected.csv",
    "bom.csv",
    "cell.svg",
    "network.svg",
    "README.md",
)
"""Files of a bundle that no simulator reads."""

BY_HAND = "to try netlists edited by hand, run `ngspice -b FILE.cir` in the bundle's directory yourself"

_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?(?![\w.])", re.IGNORECASE)
_ROUNDING = 1e-9
"""Relative difference of numbers that two machines may form of one design."""


def netlist_faults(
    design: Design,
    made: Sequence[Bench],
    dialect: str,
    files: Mapping[str, bytes],
    edited: Sequence[str] = (),
) -> list[str]:
    """Where a bundle's files are not those that the package writes, in words; nothing is run.

    Parameters
    ----------
    design : Design
        What network.json and setup.json say.
    made : sequence of Bench
        Its test benches.
    dialect : str
        Language of the bundle.
    files : mapping of str to bytes
        The bundle's files.
    edited : sequence of str
        Netlists of which others judge.
    """
    written = netlist_files(design, named_dialect(dialect), made)
    faults = [
        f"{name}: the package writes no such file for this design; remove it"
        for name in sorted(set(files) - set(written) - set(PAPERS))
    ]
    for name, text in written.items():
        if name not in files:
            faults.append(f"{name}: not in the manifest")
        elif name not in edited:
            faults += _difference(name, files[name].decode("utf-8", "replace"), text)
    return faults


def write_netlists(design: Design, made: Sequence[Bench], place: Path) -> None:
    """Write the netlists of a design for ngspice into a new directory."""
    for name, text in netlist_files(design, named_dialect("ngspice"), made).items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("ascii"))


def _difference(name: str, found: str, written: str) -> list[str]:
    """The first line in which a netlist differs from the one written, comments included."""
    if found == written:
        return []
    # Not splitlines(): it splits where no simulator does, at a form feed or a line separator.
    lines, wanted = found.split("\n"), written.split("\n")
    count = max(len(lines), len(wanted))
    for number, (line, own) in enumerate(zip(_filled(lines, count), _filled(wanted, count), strict=True), 1):
        if not _same(line, own):
            return [f"{name}, line {number}: {line[:60]!r} is not what was exported, {own[:60]!r}; {BY_HAND}"]
    return []


def _filled(lines: list[str], count: int) -> list[str]:
    return lines + [""] * (count - len(lines))


def _same(line: str, own: str) -> bool:
    """Whether two lines are the same up to the rounding of their numbers."""
    if line == own:
        return True
    if _NUMBER.sub("#", line) != _NUMBER.sub("#", own):
        return False
    pairs = zip(_NUMBER.findall(line), _NUMBER.findall(own), strict=True)
    return all(math.isclose(float(a), float(b), rel_tol=_ROUNDING) for a, b in pairs)
