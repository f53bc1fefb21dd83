"""``tcl-circuits doctor``: what is installed, and a one-edge transient checked against Eq. 25."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import networkx as nx
import numpy as np

from tcl_circuits.circuit.cells import SenseCell
from tcl_circuits.circuit.drive import Drive
from tcl_circuits.circuit.network import Network
from tcl_circuits.engines import Ngspice
from tcl_circuits.engines.installation import find_library, why_no_library
from tcl_circuits.errors import TclError
from tcl_circuits.kernels import rc
from tcl_circuits.protocol import Sawtooth

_PACKAGES = (
    "tcl-circuits",
    "numpy",
    "scipy",
    "networkx",
    "PySpice",
    "xarray",
    "pandas",
    "scikit-learn",
    "matplotlib",
)
LARGEST_ERROR = 5e-3
"""Error of u against Eq. 25, in shares of its peak, up to which ngspice counts as usable."""


def examine() -> dict[str, Any]:
    """What is installed, and whether ngspice can be used.

    Returns
    -------
    dict
        ``usable`` (bool), ``remedy`` (str or None), ``kernel_error`` (error of one edge's u against
        Eq. 25 in shares of its peak, or None), ``ngspice_version``, ``library``, ``program``, ``python``
        and ``packages``.
    """
    report: dict[str, Any] = {
        "usable": False,
        "remedy": None,
        "kernel_error": None,
        "ngspice_version": None,
        "library": find_library(),
        "program": shutil.which("ngspice"),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in _PACKAGES},
    }
    if report["library"] is None:
        report["remedy"] = f"{why_no_library()} (the exact engine works without it)"
        return report
    engine = Ngspice()
    try:
        report["ngspice_version"] = engine.version
        report["kernel_error"] = kernel_error(engine)
    except TclError as failure:
        report["remedy"] = str(failure)
        return report
    finally:
        engine.close()
    report["usable"] = report["kernel_error"] <= LARGEST_ERROR
    if not report["usable"]:
        report["remedy"] = (
            f"ngspice's kernel output is off by {report['kernel_error']:.2g} of its peak; try another version"
        )
    return report


def rows(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What :func:`examine` found, as the rows of a table."""
    found = [("Python", str(report["python"]))]
    found += [(name, version or "missing") for name, version in report["packages"].items()]
    found.append(("ngspice", f"{report['ngspice_version'] or 'not usable'}  {report['library'] or ''}"))
    if report["kernel_error"] is not None:
        found.append(("one edge against Eq. 25", f"largest error {report['kernel_error']:.2g} of the peak"))
    return found


def kernel_error(engine: Ngspice) -> float:
    """Largest error of one linear sense edge's u against Eq. 25 over a sawtooth, in shares of its peak."""
    saw, cell = Sawtooth(1e-5, 1e-3), SenseCell("linear", c=1e-12, r=1e6)
    network = Network.from_graph(nx.path_graph(2), inputs=[0], ground=1, conductance=1e-5)
    drive = Drive.ramps(saw.breakpoints[0], saw.breakpoints[1][None, :])
    found = engine.run(network, cell, saw, drive)[0]
    corners, volts = saw.breakpoints
    time = np.union1d(found.time, corners)
    exact = np.interp(found.time, time, rc(1e6, 1e-12).response(time, np.interp(time, corners, volts)))
    return float(np.abs(found.u[0] - exact).max() / np.abs(exact).max())


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
