"""Damaged bundles, hashes recomputed in half: refused, or the same circuit; nothing of them is run."""

from __future__ import annotations

import json
import math
import random
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from handoff_samples import contents, divider_design, rehash, small_design
from test_foreign_bundles import CONTROL, refusal

from tcl_circuits.circuit.node_link import network_text
from tcl_circuits.errors import TclError
from tcl_circuits.handoff.bundle import write_bundle
from tcl_circuits.handoff.design import Design, setup_of
from tcl_circuits.handoff.importing import read_bundle
from tcl_circuits.handoff.values import edge_values, with_values

VALUES: list[Any] = [
    *(None, True, -3, 0, 1e308, 10**400, math.nan, math.inf, "", "x" * 999, "\ud800", "../x", CONTROL),
    *([], [[]], {}, [1, [2]], {"a": {}}),
]
LINES = [CONTROL, "*# shell touch canary\n", ".include /etc/passwd\n", "+\n", "\0\n", "* x\n", ".end\n"]
PLACES = ["/etc/passwd", "/dev/null", "..", ".", "network.json"]


def mutated(rng: random.Random, value: Any) -> Any:
    """A JSON value with one place in it changed."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(list(value))
        if rng.random() < 0.1:
            return {k: v for k, v in value.items() if k != key}
        return {**value, key: mutated(rng, value[key])}
    if isinstance(value, list) and value and rng.random() < 0.9:
        k = rng.randrange(len(value))
        return [*value[:k], mutated(rng, value[k]), *value[k + 1 :]]
    if isinstance(value, float) and rng.random() < 0.5:
        return value * 10 ** rng.uniform(-9, 9)
    return rng.choice(VALUES)


def mutate(rng: random.Random, bundle: Path) -> None:
    """Change one file of a bundle: a JSON value, some bytes, a line, its length, its name or what it is."""
    path = rng.choice([bundle / name for name in contents(bundle)])
    data = path.read_bytes()
    kind = rng.random()
    if path.suffix == ".json" and kind < 0.6:
        path.write_text(json.dumps(mutated(rng, json.loads(data))))
    elif kind < 0.75:
        at = rng.randrange(len(data))
        path.write_bytes(data[:at] + rng.randbytes(rng.randrange(4)) + data[at + rng.randrange(4) :])
    elif kind < 0.85:
        lines = data.splitlines(keepends=True)
        lines.insert(rng.randrange(len(lines)), rng.choice(LINES).encode())
        path.write_bytes(b"".join(lines))
    elif kind < 0.9:
        path.write_bytes(data[: rng.randrange(len(data))])
    elif kind < 0.95:
        path.unlink()
        path.symlink_to(rng.choice(PLACES))
    else:
        path.rename(path.with_name(path.name.upper()))


def circuit(design: Design, values: Design) -> tuple[str, dict[str, Any]]:
    """What a design is but for facts and the values of its edges, which are those of another."""
    restored = replace(with_values(design, edge_values(values)), facts={})
    return network_text(replace(restored.network, bounds=values.network.bounds)), setup_of(restored)


@pytest.mark.parametrize("seed", range(36))
def test_mutated_bundles_are_refused_or_the_same_circuit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.chdir(tmp_path)
    rng = random.Random(seed)
    design = small_design() if seed % 2 else divider_design()
    bundle = write_bundle(design, tmp_path / "bundle", "xyce" if seed % 5 == 0 else "ngspice")
    mutate(rng, bundle)
    if seed % 4 < 2:
        # The manifest itself may be spoiled, or a file be gone.
        with suppress(ValueError, OSError, TypeError, KeyError, AttributeError):
            rehash(bundle)
    refusal(bundle)
    with suppress(TclError):
        assert circuit(read_bundle(bundle), design) == circuit(design, design)
    assert not list(tmp_path.rglob("*canary*"))
