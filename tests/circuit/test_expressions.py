"""Behavioural expressions: what NumPy finds is what ngspice finds, and nothing else is evaluated."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from conftest import run_ngspice

from tcl_circuits import InputError
from tcl_circuits.circuit.expressions import FUNCTIONS, function_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.5*V(a,b)*V(a,b)", 0.5 * 0.7**2),
        ("V(A)", 0.3),
        ("v( a , 0 )", 0.3),
        ("-V(a)^2", -0.09),
        ("2**3^2/4", 2**9 / 4),
        ("max(V(a),V(b))-min(V(a),V(b))", 0.7),
        ("1/(1+exp(V(b)/25m))", 1 / (1 + math.exp(-0.4 / 0.025))),
        ("V(b)^3", 0.4**3),
        ("1meg*1u*V(b)", -0.4),
        ("1e-3*4.7k", 4.7),
        ("Abs(V(b))+tanh(V(a))", 0.4 + math.tanh(0.3)),
    ],
)
def test_values(text: str, expected: float) -> None:
    assert float(function_of(text)({"a": 0.3, "B": -0.4})) == pytest.approx(expected, rel=1e-12)


def test_arrays_keep_their_shape() -> None:
    a = np.linspace(-1, 1, 12).reshape(3, 4)
    np.testing.assert_allclose(function_of("abs(V(a,b))")({"a": a, "b": 0.25}), np.abs(a - 0.25))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "V(a",
        "open('x')",
        "__import__('os')",
        "V(a).real",
        "[V(a)]",
        "V(a) if V(b) else 0",
        "True",
        "'a'",
        "abs",
        "abs(V(a),V(b))",
        "max(V(a))",
        "_read0+V(a,b)*_read7",
        "I(vx)",
        "lambda: 0",
        "abs(*V(a))",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="expression"):
        function_of(text)


def test_ngspice_finds_the_same(tmp_path: Path) -> None:
    texts = [f"{name}(0.3*V(a)+0.2)" for name, function in FUNCTIONS.items() if function.nin == 1]
    texts += ["min(V(a),V(b))", "max(V(a),V(b))", "-V(a)^2+V(b)**3", "V(a,b)/4.7k*1meg-2*-V(b)"]
    sources = [f"B{k} x{k} 0 V={text}\nR{k} x{k} 0 1" for k, text in enumerate(texts)]
    prints = [f"print v(x{k})" for k in range(len(texts))]
    deck = ["* functions", "Va a 0 0.8", "Vb b 0 -0.35", *sources, ".control", "op", *prints, ".endc", ".end"]
    (tmp_path / "deck.cir").write_text("\n".join(deck) + "\n")
    done = run_ngspice(tmp_path / "deck.cir")
    printed = dict(line.split(" = ") for line in done.stdout.splitlines() if line.startswith("v(x"))
    for k, text in enumerate(texts):
        expected = float(function_of(text)({"a": 0.8, "b": -0.35}))
        assert float(printed[f"v(x{k})"]) == pytest.approx(expected, rel=1e-5, abs=1e-12), text
