"""SPICE names: legal, unique, reversible, whatever the graph's names are."""

from __future__ import annotations

import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcl_circuits.circuit.names import NameMap, clean, label_of, plain

LEGAL = re.compile(r"^[a-z][a-z0-9_]*$")
labels = st.one_of(
    st.text(),
    st.text("aA.,_ 0"),
    st.text("xX", min_size=60),
    st.integers(),
    st.tuples(st.integers(), st.text()),
    st.none(),
)


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


def test_signs_stay_apart() -> None:
    assert len({clean(1), clean(-1), clean("x+"), clean("x-"), clean((0, 1)), clean((0, -1))}) == 6


def test_names_that_are_cleaned_alike_are_spelled_out() -> None:
    assert NameMap.of(["A", "b", "a"]).spice == ("n___a", "n_b", "n_a")
    assert NameMap.of(["A", "b"]).spice == ("n_a", "n_b")
    assert NameMap.of(["x 1", "x_1", "X.1"]).spice == ("n__x_32_1", "n_x_1", "n___x_46_1")
    assert NameMap.of(["0", "gnd", "GND"]).spice == ("n_0", "n_gnd", "n___g_n_d")


@given(st.lists(st.text(max_size=14), unique=True), st.randoms())
def test_a_name_does_not_depend_on_the_order_of_the_nodes(names: list[str], order: Random) -> None:
    found = dict(zip(names, NameMap.of(names).spice, strict=True))
    order.shuffle(names)
    assert list(NameMap.of(names).spice) == [found[name] for name in names]


@given(st.lists(st.text("aA b_B1,", min_size=1, max_size=8), unique=True))
def test_names_tell_the_labels_that_they_are_told_apart_by(names: list[str]) -> None:
    spice = NameMap.of(names).spice
    back = [label_of(name) for name in spice]
    assert NameMap.of(back).spice == spice
    assert all(label == name for label, name, how in zip(back, names, spice, strict=True) if "__" in how)


@pytest.mark.parametrize("name", ["n", "n_", "n__", "n___", "n__9999999_", "n__55555", "out", ""])
def test_any_name_is_read(name: str) -> None:
    assert isinstance(label_of(name), str)


def test_comments_hold_nothing_that_leaves_them() -> None:
    assert plain("a\n*# shell\\β x+") == "a_*# shell__ x+"
    assert len(plain("x" * 500)) == 80
