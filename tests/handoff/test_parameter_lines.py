"""Parameters are read with the comments, tabs and quotes that simulators allow."""

import pytest

from tcl_circuits.errors import InputError
from tcl_circuits.handoff.reading import read_flat, read_parameters


@pytest.mark.parametrize(
    "text",
    [
        ".param g_e0=1e-6 ; measured\n+ g_e1=2e-6",
        ".param g_e0=1e-6 $ measured\n.param g_e1=2e-6",
        "\ufeff.param g_e0=1e-6 g_e1=2e-6",
        ".param\tg_e0=1e-6 g_e1=2e-6",
        "+ \n.param g_e0=1e-6\n+\n+ g_e1=2e-6\n",
        ".param g_e0='1e-6' g_e1=\"2e-6\"",
    ],
)
def test_comments_tabs_and_quotes(text: str) -> None:
    assert read_parameters(text, "params.inc") == {"g_e0": 1e-6, "g_e1": 2e-6}


@pytest.mark.parametrize("text", ["+ g_e0=1e-6", "(", "\n+ x", ".param", ".param (g_e0=1)"])
def test_lines_without_a_parameter_are_told(text: str) -> None:
    with pytest.raises(InputError, match=r"params.inc, line \d: .* is no parameter"):
        read_parameters(text, "params.inc")


@pytest.mark.parametrize("text", ["+\n", "vground", "(", "rg0 a b", "+ vground 0"])
def test_netlists_of_scraps_are_told(text: str) -> None:
    with pytest.raises(InputError, match="not all there"):
        read_flat(text, "net.cir")
