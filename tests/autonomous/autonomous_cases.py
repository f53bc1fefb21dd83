"""Small autonomous runs that tests share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tcl_circuits.autonomous import tasks
from tcl_circuits.autonomous.plan import Plan, Request, plan
from tcl_circuits.autonomous.run import Run


def planned(name: str = "regression", seed: int = 0, force: bool = False, **wanted: Any) -> Plan:
    """A task's plan."""
    return plan(tasks.load(name, seed), Request(seed=seed, **wanted), force)


def ran(place: Path, found: Plan) -> Run:
    """A run that is done."""
    run = Run(found.design, place, {})
    run.go()
    return run
