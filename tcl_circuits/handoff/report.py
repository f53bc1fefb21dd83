"""A report as one HTML file that needs no network: fit for screen, phone and paper."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.names import written
from tcl_circuits.circuit.network import Network
from tcl_circuits.handoff.charts import share_bar
from tcl_circuits.handoff.drawing import Layout, network_svg
from tcl_circuits.handoff.markup import Markup, joined, quantity, tag

Facts = tuple[tuple[str, str], ...]
"""Names and values, as they are to be read."""


@dataclass(frozen=True)
class Score:
    """A result: its name, its value in words, and how long its bar is (0 to 1); `ours` stands out."""

    name: str
    shown: str
    share: float
    ours: bool


@dataclass(frozen=True)
class Picture:
    """A picture: heading, markup, what it shows, and the class that sets its size."""

    title: str
    markup: Markup
    caption: str
    look: str = "chart"


@dataclass(frozen=True, eq=False)
class Column:
    """A further column of the edge table: heading, unit, and a value for each edge."""

    name: str
    unit: str
    values: FloatArray


@dataclass(frozen=True, eq=False)
class Report:
    """What a report says; all texts are anyone's and are escaped.

    Parameters
    ----------
    title, lead : str
        Heading and first sentence.
    facts : Facts
        What it is.
    network : Network
        With the conductances to show.
    layout : Layout
        Where to draw it.
    scores : sequence of Score
        Results beside the baseline's; none for what was not trained.
    pictures : sequence of Picture
        Curves and waveforms.
    columns : sequence of Column
        Further columns of the edge table.
    energy : Facts
        Energies and powers; none if unknown.
    versions : Facts
        Programs and seeds.
    files : sequence of (str, int, str)
        Name, bytes and SHA-256 of each file.
    notes : sequence of str
        What is missing, and why.
    """

    title: str
    lead: str
    facts: Facts
    network: Network
    layout: Layout
    scores: Sequence[Score] = ()
    pictures: Sequence[Picture] = ()
    columns: Sequence[Column] = ()
    energy: Facts = ()
    versions: Facts = ()
    files: Sequence[tuple[str, int, str]] = ()
    notes: Sequence[str] = ()


def png_picture(data: bytes, alt: str) -> Markup:
    """Embed a PNG."""
    source = "data:image/png;base64," + base64.b64encode(data).decode("ascii")
    return tag(
        "div", tag("img", src=source, alt=alt), class_="picture", tabindex=0, role="region", aria_label=alt
    )


def inline_svg(text: str) -> Markup:
    """Embed an SVG of the package's own; a user's must not get here, as it is not escaped."""
    return Markup(re.sub(r"^<\?xml[^>]*>\s*", "", text).strip())


def render(report: Report) -> str:
    """Return the report's HTML; the same report gives the same text."""
    style, script = (_resource(name) for name in ("report.css", "report.js"))
    hashed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{hashed}'"
    sections = _sections(report)
    links = [tag("li", tag("a", name, href=f"#{key}")) for key, name, _ in sections]
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", report.title),
        tag("link", rel="icon", href="data:,"),
        Markup(f"<style>{style}</style>"),
    )
    body = tag(
        "body",
        tag("a", "Skip to the content", class_="skip", href="#content"),
        tag(
            "header",
            tag("h1", report.title),
            tag("p", report.lead, class_="lead"),
            tag("nav", tag("ul", links), aria_label="Sections"),
        ),
        tag("main", [_section(*one) for one in sections], id="content"),
        tag("footer", "Written by tcl_circuits. This page needs no network and loads nothing."),
        Markup(f"<script>{script}</script>"),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def _resource(name: str) -> str:
    return files("tcl_circuits.handoff").joinpath(name).read_text(encoding="utf-8")


def _sections(report: Report) -> list[tuple[str, str, Markup]]:
    """Return key, heading and content of each section that has something to say."""
    notes = [tag("p", note, class_="note") for note in report.notes]
    found = [("about", "What it is", joined([_facts(report.facts), notes]))]
    if report.scores:
        rows = [_score(score) for score in report.scores]
        found.append(("results", "Result beside the baseline", tag("div", rows, class_="scores")))
    if report.pictures:
        found.append(
            (
                "curves",
                "Curves and waveforms",
                tag("div", [_picture(one) for one in report.pictures], class_="pictures"),
            )
        )
    drawing = tag("figure", network_svg(report.network, report.layout), class_="drawing")
    found.append(("network", "Network", drawing))
    found.append(("edges-section", "Edges", _edges(report)))
    if report.energy:
        found.append(("energy", "Energy", _facts(report.energy)))
    found.append(("provenance", "Provenance", joined([_facts(report.versions), _files(report)])))
    return found


def _section(key: str, heading: str, content: Markup) -> Markup:
    return tag(
        "section", tag("h2", heading, id=f"{key}-heading"), content, id=key, aria_labelledby=f"{key}-heading"
    )


def _facts(facts: Facts) -> Markup:
    return tag("dl", [tag("div", tag("dt", name), tag("dd", value)) for name, value in facts], class_="facts")


def _score(score: Score) -> Markup:
    bar = share_bar(score.share, "ours" if score.ours else "base")
    return tag("div", tag("span", score.name), bar, tag("b", score.shown), class_="score")


def _picture(picture: Picture) -> Markup:
    caption = tag("figcaption", tag("strong", f"{picture.title}. "), picture.caption)
    return tag("figure", picture.markup, caption, class_=picture.look)


def _edges(report: Report) -> Markup:
    network = report.network
    numbers = (
        Column("Conductance", "S", network.conductance),
        Column("Resistance", "ohm", 1.0 / network.conductance),
        *report.columns,
    )
    headings = [("Number", True), ("First node", False), ("Second node", False), ("Roles", False)]
    headings += [(column.name, True) for column in numbers]
    heads = [
        tag("th", tag("button", name, type="button"), scope="col", class_="number" if number else None)
        for name, number in headings
    ]
    table = tag(
        "table",
        tag("caption", "Current counts positive from the first node to the second. A heading sorts."),
        tag("thead", tag("tr", heads)),
        tag("tbody", [_edge_row(network, e, numbers) for e in range(network.edge_count)]),
        id="edges",
    )
    controls = tag(
        "div",
        tag("label", "Search ", tag("input", type="search", id="search", autocomplete="off")),
        tag("span", f"{network.edge_count} edges", id="count", role="status"),
        class_="search",
        id="controls",
        hidden=True,
    )
    scroll = tag("div", table, class_="table", tabindex=0, role="region", aria_label="Table of edges")
    return joined([controls, scroll])


def _edge_row(network: Network, e: int, numbers: Sequence[Column]) -> Markup:
    a, b = network.edges[e].tolist()
    cells = [
        tag("td", str(e + 1), class_="number", data_value=e + 1),
        tag("td", written(network.nodes[a])),
        tag("td", written(network.nodes[b])),
        tag("td", f"{network.role_of(a)} – {network.role_of(b)}"),
    ]
    for column in numbers:
        value = float(column.values[e])
        cells.append(tag("td", _number(value, column.unit), class_="number", data_value=repr(value)))
    return tag("tr", cells, data_edge=e)


def _number(value: float, unit: str) -> str:
    return quantity(value, unit, 4) if unit else f"{value:.4g}"


def _files(report: Report) -> Markup:
    rows = [
        tag("tr", tag("td", name), tag("td", f"{size:,}", class_="number"), tag("td", tag("code", digest)))
        for name, size, digest in report.files
    ]
    heads = (tag("th", name, scope="col") for name in ("File", "Bytes", "SHA-256"))
    return tag(
        "div",
        tag(
            "table",
            tag("caption", "Files that this report was made from"),
            tag("thead", tag("tr", heads)),
            tag("tbody", rows),
        ),
        class_="table files",
        tabindex=0,
        role="region",
        aria_label="Table of files",
    )
