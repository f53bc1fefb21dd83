"""The command line: parses, calls, prints."""

from __future__ import annotations

import atexit
import gc
import io
import sys

from tcl_circuits.cli import (
    about,
    board,
    cost,
    devices,
    ep,
    figure,
    handoff,
    learn,
    network,
    predict,
    report,
    rules,
    sweep,
    train,
)
from tcl_circuits.cli.app import app

__all__ = [
    "about",
    "app",
    "board",
    "cost",
    "devices",
    "ep",
    "figure",
    "handoff",
    "learn",
    "main",
    "network",
    "predict",
    "report",
    "rules",
    "sweep",
    "train",
]


def main() -> None:
    """Run the command line."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    # At the end the system takes all memory back; to collect it piece by piece costs most of a second.
    atexit.register(gc.freeze)
    app()
