"""Small autonomous runs that tests share."""

from __future__ import annotations

from dataclasses import replace
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


def without_test_samples(found: Plan) -> Plan:
    """The same plan with nothing held out, for quicker looks."""
    design = found.design
    none = replace(design.test, inputs=design.test.inputs[:0], targets=design.test.targets[:0])
    return replace(found, design=replace(design, test=none))
