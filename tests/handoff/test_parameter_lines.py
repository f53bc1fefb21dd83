"""Parameters are read with the comments, tabs and quotes that simulators allow."""

import pytest

from tcl_circuits.handoff.reading import read_parameters


@pytest.mark.parametrize(
    "text",
    [
        ".param g_e0=1e-6 ; measured\n+ g_e1=2e-6",
        ".param g_e0=1e-6 $ measured\n.param g_e1=2e-6",
        "\ufeff.param g_e0=1e-6 g_e1=2e-6",
        ".param\tg_e0=1e-6 g_e1=2e-6",
        ".param g_e0='1e-6' g_e1=\"2e-6\"",
    ],
)
def test_comments_tabs_and_quotes(text: str) -> None:
    assert read_parameters(text, "params.inc") == {"g_e0": 1e-6, "g_e1": 2e-6}
