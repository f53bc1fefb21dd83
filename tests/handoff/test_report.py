"""The HTML report: its structure by html5lib, its life in a real browser where there is one."""

from __future__ import annotations

import base64
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import html5lib
import networkx as nx
import numpy as np
import pandas as pd
import pytest

from tcl_circuits import InputError, Network
from tcl_circuits.circuit.graphfile import write_network
from tcl_circuits.commands.report import report
from tcl_circuits.commands.report_facts import layout_of
from tcl_circuits.handoff.charts import Curve, line_chart
from tcl_circuits.handoff.markup import Markup, tag
from tcl_circuits.handoff.report import Column, Report, render

HOSTILE = [
    '<script>alert("x")</script>',
    "\" onmouseover='alert(1)",
    "</td></table>&amp;",
    "\x00\x1b[2J\ud800",
    "out",
]
XHTML = "{http://www.w3.org/1999/xhtml}"


@pytest.fixture(scope="module")
def hostile() -> Network:
    graph = nx.path_graph(HOSTILE)
    return Network.from_graph(graph, [HOSTILE[0]], ["out"], conductance=np.geomspace(2e-6, 5e-5, 4))


def parsed(text: str) -> Any:
    """The document; html5lib raises at anything that is not valid."""
    return html5lib.HTMLParser(strict=True, tree=html5lib.getTreeBuilder("etree")).parse(text)


def page(network: Network, **more: Any) -> str:
    return render(Report("Title <b>", "Lead & more", (("Name", "<i>"),), network, layout_of(network), **more))


def body_rows(text: str) -> list[list[str]]:
    table = next(t for t in parsed(text).iter(f"{XHTML}table") if t.get("id") == "edges")
    return [["".join(cell.itertext()) for cell in row] for row in table.find(f"{XHTML}tbody")]


def test_it_is_valid_and_says_everything(hostile: Network) -> None:
    text = page(hostile, columns=[Column("Charge", "C", np.arange(4.0) * 1e-15)])
    rows = body_rows(text)
    assert [row[0] for row in rows] == ["1", "2", "3", "4"]
    assert [row[1] for row in rows][:3] == HOSTILE[:3]
    values = [float(v) for v in re.findall(r'data-value="([^"]+)">[^<]* [µm]?S<', text)]
    assert values == hostile.conductance.tolist()
    assert len(re.findall("data-edge=", text.split("<script>")[0])) == 8, (
        "each edge in the drawing and the table"
    )


def test_hostile_names_are_text(hostile: Network) -> None:
    text = page(hostile)
    document = parsed(text)
    scripts = list(document.iter(f"{XHTML}script"))
    assert len(scripts) == 1
    assert "alert" not in (scripts[0].text or "")
    assert not [key for node in document.iter() for key in node.attrib if key.startswith("on")]
    assert "\x00" not in text
    assert "\x1b" not in text
    text.encode("utf-8")


def test_nothing_leads_out_of_the_page(hostile: Network) -> None:
    document = parsed(page(hostile))
    for node in document.iter():
        for key in ("src", "href", "action", "srcset", "data"):
            value = node.get(key)
            assert value is None or value.startswith(("#", "data:")), f"{node.tag} {key}={value}"
    assert not list(document.iter(f"{XHTML}iframe"))
    style = next(document.iter(f"{XHTML}style")).text
    assert "url(" not in style
    assert "@import" not in style
    policy = next(m.get("content") for m in document.iter(f"{XHTML}meta") if m.get("http-equiv"))
    assert policy.startswith("default-src 'none'")


def test_it_can_be_heard(hostile: Network) -> None:
    document = parsed(page(hostile))
    assert next(document.iter(f"{XHTML}html")).get("lang") == "en"
    assert [h.tag for h in document.iter() if h.tag in (f"{XHTML}h1",)] == [f"{XHTML}h1"]
    ids = [node.get("id") for node in document.iter() if node.get("id")]
    assert len(ids) == len(set(ids))
    for section in document.iter(f"{XHTML}section"):
        assert section.get("aria-labelledby") in ids
    for head in document.iter(f"{XHTML}th"):
        assert head.get("scope") == "col"
    for table in document.iter(f"{XHTML}table"):
        assert table.find(f"{XHTML}caption") is not None
    for picture in (node for node in document.iter() if node.get("role") == "img"):
        assert picture[0].tag.endswith("title")


def test_the_same_report_is_the_same_bytes(hostile: Network) -> None:
    assert page(hostile) == page(hostile)


def test_markup_escapes_all_but_markup() -> None:
    assert tag("p", "<b>", Markup("<i></i>"), title='"x') == '<p title="&quot;x">&lt;b&gt;<i></i></p>'


def test_charts_of_nothing_and_of_one_value() -> None:
    nothing = Curve("x", "train", np.array([0.0]), np.array([np.nan]))
    assert line_chart("t", "x", "y", [nothing]) is None
    one = line_chart("t", "x", "y", [Curve("x", "train", np.array([0.0]), np.array([0.0]))], ("base", 2.0))
    assert one is not None
    assert "nan" not in one


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, hostile: Network) -> Path:
    """A training run with hostile words in it, written by hand."""
    place = tmp_path_factory.mktemp("run")
    write_network(hostile.with_conductance(hostile.conductance), place / "network.json")
    summary = {
        "task": "<script>alert(2)</script>", "description": "a & b", "seed": 7, "test_accuracy": 0.9,
        "baseline": 0.95, "baseline_name": "<b>logistic", "baseline_measure": "test_accuracy", "cycles": 10,
        "energy_J_per_cycle": 2e-9, "circuit_time_s": 0.01, "versions": {"numpy": "2.0", "ngspice": None},
    }  # fmt: skip
    (place / "summary.json").write_text(json.dumps(summary))
    history = pd.DataFrame({"epoch": [0, 1, 2], "loss": [3.0, 1, 0.1], "test_loss": [3.0, 1.2, 0.2]})
    history["test_accuracy"] = [0.3, 0.8, 0.9]
    history.to_csv(place / "history.csv", index=False)
    return place


def test_the_report_of_a_run(run: Path) -> None:
    made = report(run)
    text = made.read_text(encoding="utf-8")
    parsed(text)
    assert made == run / "report.html"
    assert len(body_rows(text)) == 4
    for shown in (
        "90.0 %",
        "95.0 %",
        "&lt;b&gt;logistic",
        "20 nJ",
        "2 µW",
        "Loss over epochs",
        "network.json",
    ):
        assert shown in text
    assert "no waveforms.png" in text
    with pytest.raises(InputError, match="use --force"):
        report(run)
    before = made.read_bytes()
    report(run, force=True)
    assert made.read_bytes() == before


def test_refusals(run: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no directory"):
        report(tmp_path / "none")
    with pytest.raises(InputError, match=r"neither summary\.json and network\.json"):
        report(tmp_path)
    with pytest.raises(InputError, match="is a directory; name a file"):
        report(run, tmp_path)
    with pytest.raises(InputError, match="make it first"):
        report(run, tmp_path / "a" / "b.html")
    broken = tmp_path / "broken"
    shutil.copytree(run, broken)
    (broken / "summary.json").write_text("{")
    with pytest.raises(InputError, match="not JSON"):
        report(broken, tmp_path / "x.html")
    assert not list(tmp_path.glob("*.html"))


def test_the_report_of_a_simulated_graph_and_of_its_bundle(
    tcl: Any, tmp_path: Path, network: Network
) -> None:
    write_network(network, tmp_path / "graph.json")
    assert tcl("simulate", "graph.json", "--engine", "reference", "--out", "cycle").exit_code == 0
    assert tcl("report", "cycle", "--out", "cycle.html").exit_code == 0
    text = (tmp_path / "cycle.html").read_text(encoding="utf-8")
    parsed(text)
    energies = [float(value) for value in re.findall(r'data-value="([^"]+)">[^<]*J<', text)]
    assert len(energies) == network.edge_count
    assert min(energies) >= 0
    assert tcl("export", "graph.json", "--out", "bundle").exit_code == 0
    assert tcl("report", "bundle").exit_code == 0
    text = (tmp_path / "bundle-report.html").read_text(encoding="utf-8")
    parsed(text)
    assert "match" in text
    assert len(body_rows(text)) == network.edge_count


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium."""
    webdriver = pytest.importorskip(
        "selenium.webdriver", reason="selenium, of the extra dev, is not installed"
    )
    chrome, driver = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")
    if chrome is None or driver is None:
        pytest.skip("no chromium with chromedriver here; the report's structure is tested without")
    options = webdriver.ChromeOptions()
    options.binary_location = chrome
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    opened = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield opened
    opened.quit()


def test_in_a_browser(browser: Any, run: Path, tmp_path: Path) -> None:
    path = report(run, tmp_path / "report.html")
    browser.get(path.as_uri())

    def column(k: int) -> list[str]:
        script = "return [...document.querySelectorAll('#edges tbody tr')].filter(r => !r.hidden)"
        return list(
            browser.execute_script(
                f"{script}.map(r => r.cells[{k}].dataset.value ?? r.cells[{k}].textContent)"
            )
        )

    buttons = browser.find_elements("css selector", "#edges th button")
    buttons[5].click()  # resistance
    assert [float(v) for v in column(5)] == sorted(float(v) for v in column(5))
    assert column(0) == ["4", "3", "2", "1"]
    buttons[5].click()
    assert column(0) == ["1", "2", "3", "4"]
    assert browser.find_elements("css selector", "th[aria-sort=descending]")
    box = browser.find_element("id", "search")
    box.send_keys("SCRIPT")
    assert column(0) == ["1"]
    assert browser.find_element("id", "count").text == "1 of 4 edges"
    box.send_keys(" nothing")
    assert column(0) == []
    assert browser.get_log("browser") == []
    sent = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = [m["params"]["request"]["url"] for m in sent if m["method"] == "Network.requestWillBeSent"]
    assert [url for url in urls if not url.startswith("data:")] == [path.as_uri()]


def test_on_paper_tables_are_whole(browser: Any, run: Path, tmp_path: Path) -> None:
    """Printed, nothing scrolls, heads stand over each page's rows, and what serves the screen is gone."""
    path = report(run, tmp_path / "report.html")
    browser.get(path.as_uri())
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:

        def style(selector: str, key: str) -> str:
            script = "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]"
            return str(browser.execute_script(script, selector, key))

        assert style("nav", "display") == style("#controls", "display") == "none"
        assert style(".table", "maxHeight") == "none"
        assert style(".table", "overflowY") == "visible"
        assert style("#edges thead", "display") == "table-header-group"
        assert style("#edges thead th", "position") == "static"
        assert style("h2", "breakAfter") == "avoid"
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    printed = base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", {})["data"])
    assert printed.startswith(b"%PDF")


def test_a_phone_does_not_scroll_sideways(browser: Any, run: Path, tmp_path: Path) -> None:
    path = report(run, tmp_path / "report.html")
    size = {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(path.as_uri())
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 360
