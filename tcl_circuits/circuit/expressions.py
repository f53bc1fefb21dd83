"""Behavioural expressions as functions: what ngspice would find for a source's text, found in NumPy.

So the exact engine and the checks read the very text that stands in a netlist. Only the arithmetic of the
list below is read; nothing of an expression is ever run as code.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TypeAlias

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.errors import InputError
from tcl_circuits.units import parse_quantity

Voltages: TypeAlias = Mapping[str, "FloatArray | float"]
"""Voltage of each node to ground [V]; arrays of one shape, or numbers."""

FUNCTIONS: dict[str, np.ufunc] = {
    "abs": np.absolute,
    "sqrt": np.sqrt,
    "exp": np.exp,
    "ln": np.log,
    "log": np.log,
    "log10": np.log10,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "sgn": np.sign,
    "min": np.minimum,
    "max": np.maximum,
}
"""Functions as ngspice names them; its ``log`` is the natural one."""

_OPERATORS: dict[type[ast.operator], Callable[[FloatArray, FloatArray], FloatArray]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: lambda base, power: np.power(np.abs(base), power),
}
_VOLTAGE = re.compile(r"\bv\(\s*([^(),\s]+)\s*(?:,\s*([^(),\s]+)\s*)?\)", re.IGNORECASE)
_SCALED = re.compile(r"(?<![\w.])(\d+\.?\d*|\.\d+)(meg|[fpnumkgt])(?![\w.])", re.IGNORECASE)


@cache
def function_of(expression: str) -> Callable[[Voltages], FloatArray]:
    """Read an expression of node voltages ``V(x)`` and ``V(x,y)``.

    Parameters
    ----------
    expression : str
        Numbers (with SPICE's suffixes), ``+ - * / ^ **``, parentheses and :data:`FUNCTIONS`. As in ngspice a
        power is that of the base's magnitude: ``(-2)^3`` is 8; write cubes as products.

    Returns
    -------
    callable
        Value of the expression at node voltages, of the voltages' shape. Node names are case-blind, as in
        SPICE, and ``0`` is ground.

    Raises
    ------
    InputError
        If the expression holds anything else.

    Examples
    --------
    >>> square = function_of("0.5*V(a,b)*V(a,b)")
    >>> float(square({"a": 0.25, "b": 0.05}).round(12))
    0.02
    """
    reads: list[tuple[str, str]] = []

    def named(match: re.Match[str]) -> str:
        reads.append((match[1].lower(), (match[2] or "0").lower()))
        return f"_read{len(reads) - 1}"

    text = _VOLTAGE.sub(named, expression.strip())
    text = _SCALED.sub(lambda match: repr(parse_quantity(match[0], "", "number")), text).replace("^", "**")
    try:
        tree = ast.parse(text, mode="eval").body
        _require_arithmetic(tree, f"expression {expression!r}", len(reads))
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise InputError(f"expression {expression!r} can't be read") from None

    def value(voltages: Voltages) -> FloatArray:
        volts = {name.lower(): v for name, v in voltages.items()} | {"0": 0.0}
        drops = [np.subtract(volts[a], volts[b]) for a, b in reads]
        with np.errstate(over="ignore"):
            return _value(tree, drops)

    return value


def _require_arithmetic(tree: ast.expr, owner: str, reads: int) -> None:
    """Refuse what :func:`_value` does not know."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.expr) and not (isinstance(tree, ast.Call) and node is tree.func):
            _require_arithmetic(node, owner, reads)
    match tree:
        case ast.Constant(value=number):
            known = isinstance(number, int | float) and not isinstance(number, bool)
        case ast.Name(id=name):
            known = name in {f"_read{k}" for k in range(reads)}
        case ast.BinOp(op=operator):
            known = type(operator) in _OPERATORS
        case ast.UnaryOp(op=sign):
            known = isinstance(sign, ast.USub | ast.UAdd)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            function = FUNCTIONS.get(name.lower())
            known = function is not None and function.nin == len(arguments)
        case _:
            known = False
    if not known:
        raise InputError(
            f"{owner}: {ast.unparse(tree)!r} can't be evaluated here; there are numbers, V(x), V(x,y), "
            f"+ - * / ^ and {', '.join(FUNCTIONS)}"
        )


def _value(tree: ast.expr, reads: Sequence[FloatArray]) -> FloatArray:
    """Value of a checked tree."""
    match tree:
        case ast.Name(id=name):
            return reads[int(name.removeprefix("_read"))]
        case ast.BinOp(left=left, op=operator, right=right):
            found = _OPERATORS[type(operator)](_value(left, reads), _value(right, reads))
        case ast.UnaryOp(op=sign, operand=operand):
            found = _value(operand, reads) * (-1.0 if isinstance(sign, ast.USub) else 1.0)
        case ast.Call(func=ast.Name(id=name), args=arguments):
            found = FUNCTIONS[name.lower()](*(_value(each, reads) for each in arguments))
        case _:
            found = ast.literal_eval(tree)
    return np.asarray(found, dtype=float)
