"""The house: each floor imports only from floors below it, and heavy libraries stay in their rooms."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "tcl_circuits"
FLOORS = [
    {"errors", "arrays", "checks", "stopping", "threads"},
    {"units", "files", "fitting", "jobs", "compiling", "delimited", "json_entry"},
    {"protocol", "kernels", "rule"},
    {"synapse"},
    {"ep"},
    {"circuit", "studies"},
    {"engines"},
    {"training"},
    {"layered", "autonomous", "surveys"},
    {"handoff"},
    {"figures"},
    {"commands"},
    {"cli", "__init__", "__main__"},
]
ROOMS_OF = {
    "PySpice": {"circuit/netlist.py", "circuit/network_block.py", "engines/ngspice_worker.py"},
    "matplotlib": {"figures/"},
    "typer": {"cli/"},
    "rich": {"cli/"},
}
MODULES = sorted(PACKAGE.rglob("*.py"))


def floor_of(module: str) -> int:
    room = module.split(".")[0]
    return next(k for k, rooms in enumerate(FLOORS) if room in rooms)


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path: Path) -> None:
    here = str(path.relative_to(PACKAGE).with_suffix("")).replace("/", ".")
    for name in imports_of(path):
        if name.startswith("tcl_circuits."):
            target = name.removeprefix("tcl_circuits.")
            if any(target.split(".")[0] in rooms for rooms in FLOORS):
                assert floor_of(target) <= floor_of(here), f"{here} imports {target} from a floor above"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_heavy_libraries_stay_in_their_rooms(path: Path) -> None:
    here = str(path.relative_to(PACKAGE))
    for name in imports_of(path):
        rooms = ROOMS_OF.get(name.split(".")[0])
        assert rooms is None or any(here.startswith(room) for room in rooms), f"{here} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_fit_in_a_head(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 350
