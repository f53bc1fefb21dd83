"""Elements of circuits that learn by themselves, in each dialect: charged capacitors and periodic pulses."""

from __future__ import annotations

import pytest

from tcl_circuits.circuit.elements import Capacitor, Element, PulseVoltage
from tcl_circuits.circuit.netlist import circuit_of
from tcl_circuits.handoff.dialects import DIALECTS

CHARGED = Capacitor("cw0", "w0", "0", 1e-11, 0.25)
PULSE = PulseVoltage("vnudge", "nudge", "0", 2.2e-5, 9.999e-4, 1e-7, 1e-5, 1.047e-3)
SPICE = "PULSE(0 1 2.2e-05 0.0009999 1e-05 1e-07 0.001047)"
LINES = "cw0 w0 0 1e-11 ic=0.25", f"vnudge nudge 0 {SPICE}"
TEXTS: dict[str, tuple[str, str]] = dict.fromkeys(("ngspice", "ltspice", "xyce"), LINES)
TEXTS["spectre"] = (
    "cw0 (w0 0) capacitor c=1e-11 ic=0.25",
    "vnudge (nudge 0) vsource type=pulse val0=0 val1=1 delay=2.2e-05 rise=0.0009999 width=1e-07 fall=1e-05 "
    "period=0.001047",
)


@pytest.mark.parametrize("dialect", list(DIALECTS))
def test_text_is_the_reviewed_one(dialect: str) -> None:
    assert TEXTS.keys() == DIALECTS.keys()
    found = tuple(DIALECTS[dialect].element(element) for element in (CHARGED, PULSE))
    assert found == TEXTS[dialect]


def test_an_uncharged_capacitor_has_no_initial_voltage() -> None:
    plain: Element = Capacitor("cw0", "w0", "0", 1e-11)
    assert all("ic=" not in one.element(plain) for one in DIALECTS.values())


def test_pyspice_writes_the_same() -> None:
    text = str(circuit_of((CHARGED, PULSE), "t"))
    assert "Cw0 w0 0 1e-11 ic=0.25" in text
    assert SPICE in text


def test_a_pulse_without_width_is_not_a_step() -> None:
    """SPICE takes a width of 0 for the length of the transient."""
    pulse = PulseVoltage("v", "a", "0", 0.0, 1.0, 0.0, 2.0, 4.0)
    assert pulse.times == (0.0, 1.0, 2.0, 2e-6, 4.0)
