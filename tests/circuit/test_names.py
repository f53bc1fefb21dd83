"""SPICE names: legal, unique, reversible, whatever the graph's names are."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from tcl_circuits.circuit.names import NameMap, clean, collisions

LEGAL = re.compile(r"^[a-z][a-z0-9_]*$")
labels = st.one_of(st.text(), st.integers(), st.tuples(st.integers(), st.text()), st.none())


@given(st.lists(labels, unique=True))
def test_legal_unique_and_reversible(names: list[object]) -> None:
    found = NameMap.of(names)
    assert all(LEGAL.match(name) for name in found.spice)
    assert len(set(found.spice)) == len(names)
    assert [found.labels[name] for name in found.spice] == names


def test_hostile_names_leave_nothing_behind() -> None:
    hostile = "x\n.control\nshell touch pwned\n.endc"
    name = clean(hostile)
    assert "\n" not in name
    assert "." not in name
    assert LEGAL.match(clean("; .include /etc/hostname '\""))
    assert len(clean("a" * 10_000)) < 50
    assert clean("a" * 10_000) != clean("a" * 10_001)
    assert clean("😀") != clean("😁")


def test_signs_stay_apart_and_case_collides() -> None:
    assert len({clean(1), clean(-1), clean("x+"), clean("x-"), clean((0, 1)), clean((0, -1))}) == 6
    assert collisions(["A", "a", "b"]) == [("A", "a")]
    assert NameMap.of(["A", "a"]).spice == ("n_a", "n_a__2")
