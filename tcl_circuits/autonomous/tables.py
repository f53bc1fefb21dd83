"""Long piecewise linear sources in a form in which ngspice finds its place quickly.

At every time point ngspice 39 searches the corners of each PWL source from the first one on; the function
``pwl`` of an expression it searches by halving. Expressions make no breakpoints, so one source is left that
has all the corners and drives nothing.
"""

from __future__ import annotations

from tcl_circuits.circuit.elements import BehaviouralVoltage, Element, RampVoltage, VoltageSource
from tcl_circuits.units import spice_number

_LATE = 2.0
"""Beyond its last corner ``pwl`` goes on as a line; a corner at this multiple of the last keeps it level."""


def with_tables(elements: tuple[Element, ...]) -> tuple[Element, ...]:
    """Elements with each piecewise linear source as an expression behind 0 V that has its current."""
    sources = [element for element in elements if isinstance(element, RampVoltage)]
    if len(sources) < 2:
        return elements
    times = sorted({time for source in sources for time, _ in source.corners})
    corners = RampVoltage(
        "vcorners", "corners", "0", tuple((time, float(k % 2)) for k, time in enumerate(times))
    )
    found: list[Element] = [corners]
    for element in elements:
        found += _table(element) if isinstance(element, RampVoltage) else (element,)
    return tuple(found)


def _table(source: RampVoltage) -> tuple[Element, ...]:
    behind = f"{source.name}_table"
    last, level = source.corners[-1]
    points = (*source.corners, (_LATE * last, level))
    values = ",".join(f"{spice_number(time)},{spice_number(volts)}" for time, volts in points)
    return (
        VoltageSource(source.name, source.a, behind, 0.0),
        BehaviouralVoltage(f"b{source.name}", behind, source.b, f"pwl(time,{values})"),
    )
