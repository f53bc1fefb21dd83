"""A bundle's README: what it is, how to run it, and when it passes."""

from __future__ import annotations

from collections.abc import Sequence

from tcl_circuits.circuit.names import plain
from tcl_circuits.handoff.benches import Bench
from tcl_circuits.handoff.design import Design
from tcl_circuits.handoff.dialects.base import Dialect

_FILES = """\
| file | what |
| --- | --- |
| `cells.lib` | the edge cell as a subcircuit with parameters |
| `network.lib` | the network as a subcircuit: pins are inputs, outputs, ground |
| `params.inc` | trained values of every edge |
| `mismatch.inc` | sampled values of every edge, in place of `params.inc` |
| `corners/*.inc` | factors on all values of a kind, 1 in `typical` |
| `expected.csv` | what each measurement should give, and its tolerance |
| `names.json` | names of the graph and names in the netlists |
| `network.json`, `setup.json` | the same for programs: node-link graph, cell, protocol, samples |
| `bom.csv` | bill of materials with the nearest E24 and E96 values |
| `cell.svg`, `network.svg` | schematic of the cell, drawing of the network |
| `manifest.json` | units, seed, pins, SHA-256 of every file |
"""


def readme(design: Design, dialect: Dialect, made: Sequence[Bench]) -> str:
    """Text of README.md."""
    network = design.network
    runs = "\n".join(f"    {dialect.command.format(file=f'{b.name}.{dialect.suffix}')}" for b in made)
    benches = "\n".join(
        f"- `{b.name}.{dialect.suffix}`: {' '.join(b.about)} {len(b.expected)} figures." for b in made
    )
    facts = "\n".join(
        f"- {plain(str(key))}: {_value(value)}"
        for key, value in design.facts.items()
        if not isinstance(value, list | dict)
    )
    return f"""\
# {_text(design.title)}

A trained network of {network.node_count} nodes and {network.edge_count} edges as {dialect.name} netlists.
They may be used without restriction (CC0).

## Run

In this directory:

{runs}

Measured values are {dialect.results}.
{_untried(dialect)}

{benches}
{_learning(design)}{_offsets(design)}
## Pass rule

Every measured value lies within `tolerance` of `expected` in `expected.csv`; a figure that is not printed has
failed. Voltages: 1e-4 of the largest; currents and charges: 1 % of their value and 0.1 % of the largest of
their kind, and no less than 1e-5 of the cycle's largest kernel output.
`tcl-circuits verify .` checks the hashes, runs the test benches and compares.

## What is known of it

- seed: {design.seed}
{facts}
{_costs(design)}
## Files

{_FILES}
An edge's current counts positive from its first pin to its second. Numbers are plain SI values without
suffixes. Measured or edited values come back with `tcl-circuits export` of this directory.
"""


def _untried(dialect: Dialect) -> str:
    """A word of warning, if nobody has run the language yet."""
    if dialect.tried:
        return ""
    return f"""
These netlists follow the manual of {dialect.name} and have not been run in it: a line that it refuses is a
fault of the export. `tcl-circuits verify .` reads them back and runs the same circuit in ngspice.
"""


def _value(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else plain(str(value))


def _text(title: str) -> str:
    """A title that is no markup."""
    return "".join(char if char.isalnum() or char in " .,:;-()" else "_" for char in plain(title))


def _learning(design: Design) -> str:
    """What the circuit is that learns by itself, if there is one."""
    if design.learning is None:
        return ""
    return """
`learning.lib` is the edge cell with its conductance as a state, `learning.cir` the untrained network of such
cells: nothing but sources at its inputs, targets, nudge and gate, and no host. Its states are expected where
its state equations, solved without a simulator, have them: within 1 % of themselves or of their change,
whichever is larger; outputs within 1 % of the largest input.
"""


def _offsets(design: Design) -> str:
    """What the sources of the op-amps' offsets are, if there are any."""
    if not design.offsets.size:
        return ""
    return """
Sources `vos` are the offsets of the op-amps at the inputs, `vor` of those behind the outputs, whose voltages
are at the nodes `out`; sampled values. The nudge acts on the outputs themselves.
"""


def _costs(design: Design) -> str:
    """Table of what parts cost, if there are any."""
    rows = design.facts.get("parts")
    if not isinstance(rows, list):
        return ""
    head = ["parts", "output_shift", "settling", "loss", "accuracy"]
    lines = ["| " + " | ".join(plain(str(row.get(key))) for key in head) + " |" for row in rows]
    return "\n".join(
        [
            "",
            "Real parts and what they cost; the values here are those with all parts. Root mean square shift",
            "of the outputs [V], longest time constant of the nodes [s], loss and accuracy on test samples:",
            "",
            "| parts | output shift | settling | loss | accuracy |",
            "| --- | --- | --- | --- | --- |",
            *lines,
            "",
        ]
    )
