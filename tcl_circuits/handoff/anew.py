"""A bundle written anew from its design, and where a given one differs."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from xml.etree import ElementTree

from tcl_circuits.errors import InputError, shown
from tcl_circuits.files import parse_json
from tcl_circuits.handoff.benches import Bench, benches
from tcl_circuits.handoff.bundle import bundle_files
from tcl_circuits.handoff.design import Design
from tcl_circuits.handoff.dialects import named_dialect
from tcl_circuits.handoff.expected_csv import expected_rows
from tcl_circuits.handoff.manifest import NAME

BY_HAND = (
    "to try a netlist that someone edited, run the simulator yourself: "
    "cd into the bundle, then ngspice -n -b FILE.cir"
)
"""What to do with a file that the package did not write."""

_SLACK = 0.1
"""Share of a tolerance by which the package's own figures may differ from machine to machine."""
_ROUNDING = 1e-5
"""Relative difference of numbers that are rounded alike on two machines."""
_NUMBER = re.compile(r"(?<![\w.])([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?![\w.])")
_SHOWN = 100
_SHAPES = re.compile("svg|title|desc|style|g|path|rect|circle|ellipse|polygon|polyline|line|text|tspan")
_LOOKS = re.compile(
    "class|d|[xyr]|d[xy]|[xy][12]|c[xy]|r[xy]|points|width|height|viewBox|style|fill|stroke|stroke-[a-z]+|"
    "text-anchor|dominant-baseline|font-[a-z]+|transform|role|lang|data-edge|version"
)
"""Elements and attributes of pictures; none of them loads or runs anything."""


def written_anew(design: Design, dialect: str) -> tuple[tuple[Bench, ...], dict[str, bytes]]:
    """Test benches of a design, and every file of its bundle."""
    made = benches(design)
    return made, bundle_files(design, named_dialect(dialect), made)


def differences(
    found: Mapping[str, bytes], wanted: Mapping[str, bytes], made: Sequence[Bench]
) -> dict[str, str]:
    """Where files differ from those that the package writes.

    Numbers may differ by rounding, figures of expected.csv by a share of their tolerance; a picture by
    anything that only draws.

    Parameters
    ----------
    found : mapping
        Files of the bundle.
    wanted : mapping
        The files that its design makes.
    made : sequence of Bench
        Test benches of the design.

    Returns
    -------
    dict of str to str
        For each file that differs, how it does, in words.
    """
    faults = {
        name: f"{name}: is not a file of this bundle; remove it" for name in found if name not in wanted
    }
    for name, data in wanted.items():
        if name not in found:
            faults[name] = f"{name}: missing; export the bundle again"
        elif found[name] != data:
            fault = _fault(name, found[name], data, made)
            if fault:
                faults[name] = f"{name}{fault}"
    return dict(sorted(faults.items()))


def _fault(name: str, found: bytes, wanted: bytes, made: Sequence[Bench]) -> str:
    try:
        text = found.replace(b"\r\n", b"\n").decode("utf-8")
    except UnicodeDecodeError:
        return ": is not UTF-8 text"
    if name == "expected.csv":
        return _figures_fault(text, wanted.decode("utf-8"), made)
    if name.endswith(".svg"):
        return _picture_fault(text)
    if name.endswith(".json"):
        try:
            if _content(found, name) == _content(wanted, name):
                return ""
        except InputError as error:
            return f": {error}"
    return _lines_fault(text, wanted.decode("utf-8"))


def _content(data: bytes, name: str) -> object:
    content = parse_json(data, name, "export the bundle again")
    if name == NAME and isinstance(content, dict):
        content.pop("files", None)  # checked one by one
    return content


def _lines_fault(text: str, wanted: str) -> str:
    """The first line that differs."""
    pairs = zip_longest(text.split("\n"), wanted.split("\n"))
    for number, (line, ours) in enumerate(pairs, 1):
        if line is None or ours is None or not _same(line, ours):
            there = "the end" if line is None else shown(line[:_SHOWN])
            said = "the end" if ours is None else shown(ours[:_SHOWN])
            return f", line {number}: {there} stands there, exported as {said}"
    return ""


def _same(line: str, ours: str) -> bool:
    """Whether two lines are the same but for rounding; whole numbers, as in names, are exact."""
    if line == ours:
        return True
    pieces, own = _NUMBER.split(line), _NUMBER.split(ours)
    return len(pieces) == len(own) and all(
        a == b or (k % 2 == 1 and _close(a, b)) for k, (a, b) in enumerate(zip(pieces, own, strict=True))
    )


def _close(a: str, b: str) -> bool:
    if a.lstrip("+-").isdigit() and b.lstrip("+-").isdigit():
        return False
    return math.isclose(float(a), float(b), rel_tol=_ROUNDING, abs_tol=0.0)


def _figures_fault(text: str, wanted: str, made: Sequence[Bench]) -> str:
    """Where expected.csv is not what the package finds for the design."""
    try:
        rows = expected_rows(text)
    except InputError as error:
        return f": {str(error).removeprefix('expected.csv').lstrip(':, ')}"
    for bench in made:
        for one in bench.expected:
            value, tolerance = rows.get((bench.name, one.name), (math.nan, math.nan))
            close = abs(value - one.value) <= _SLACK * one.tolerance
            if not (close and abs(tolerance - one.tolerance) <= _SLACK * one.tolerance):
                return (
                    f": {one.name} of {bench.name} is {value:g} +- {tolerance:g} {one.unit}, the "
                    f"design gives {one.value:g} +- {one.tolerance:g}"
                )
    words, ours = ([row[:6] for row in csv.reader(io.StringIO(one))] for one in (text, wanted))
    for number, (row, own) in enumerate(zip_longest(words, ours), 1):
        if row != own:
            return f", line {number}: {shown(row)} stands there, exported as {shown(own)}"
    return ""


def _picture_fault(text: str) -> str:
    """What of a picture could do more than be drawn; how it is drawn depends on versions of libraries."""
    if "<!" in text or "<?" in text:
        return ": holds declarations, which a picture of a bundle does not"
    try:
        elements = list(ElementTree.fromstring(text).iter())
    except (ElementTree.ParseError, ValueError) as error:
        return f": is not SVG ({error})"
    for element in elements:
        kind = _local(element.tag)
        strange = [kind] if not _SHAPES.fullmatch(kind) else []
        strange += [name for name in map(_local, element.attrib) if not _LOOKS.fullmatch(name)]
        styles = [element.get("style") or "", element.text or "" if kind == "style" else ""]
        strange += ["a style with an address" for one in styles if re.search(r"url|import|[\\@]", one, re.I)]
        if strange:
            return f": holds {shown(strange[0])}, which a picture of a bundle does not"
    return ""


def _local(name: object) -> str:
    """An XML name without its namespace."""
    return str(name).rpartition("}")[2]
