"""Boards for KiCad: the trained conductances as digital potentiometers or as sockets for memristors.

The board is the network that infers: a part for each edge, a header for inputs and outputs, a test point for
each hidden node. What senses and learns is not on it. The netlist is the S-expression form (version E) that
KiCad 6 and later read with *File > Import > Netlist* in the board editor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from tcl_circuits.circuit.names import NameMap, written
from tcl_circuits.circuit.network import Network
from tcl_circuits.errors import InputError
from tcl_circuits.handoff.kicad_text import Part, Pin, netlist_text
from tcl_circuits.units import engineering

MOST_EDGES = 100
"""Edges of the largest network that is put on a board."""

_TAPS = 1024
_END_TO_END = 1e5
_LEAST_CODE = 5
"""Code below which the nearest tap may be more than 10 % off."""

_HEADER_PINS = 40
_SUPPLY = ("VDD", "VSS", "VLOGIC", "GND", "SDI", "SCLK", "CS_N", "SDO", "RST_N")


def kicad_netlist(network: Network, board: str = "potentiometers") -> str:
    """Return the netlist of a board.

    Parameters
    ----------
    network : Network
        At most 100 edges.
    board : {"potentiometers", "sockets"}
        For each edge an AD5293BRUZ-100 (Analog Devices: 100 kohm, 1024 taps, +-10 to +-16.5 V, SPI) as a
        rheostat, all in one daisy chain, with its capacitors and pull-up; or a socket with two contacts.

    Returns
    -------
    str
        The same text everywhere for the same network. Each part of an edge has the fields ``Edge``,
        ``Conductance_S`` and, for a potentiometer, ``Code``, ``Scale`` and ``Error_percent``: all
        conductances of the board are `Scale` times the network's, so that the largest resistance fits. The
        voltages do not change with it.

    Raises
    ------
    InputError
        If there is no such board, the network has more than 100 edges, or its conductances span more than
        the potentiometers do.
    NetworkError
        If the network has faults.
    """
    if board not in _BOARDS:
        raise InputError(f"there is no board {board!r}; there are {' and '.join(_BOARDS)}")
    if network.edge_count > MOST_EDGES:
        raise InputError(
            f"a KiCad board holds at most {MOST_EDGES} edges and this network has {network.edge_count}; "
            "export a smaller network, or leave the board out"
        )
    network.check()
    if network.parts:
        raise InputError(
            f"a KiCad board holds edges alone, and this network has {len(network.parts)} diodes and "
            "amplifiers at its nodes; leave the board out: the bundle's netlists hold them"
        )
    nets = _net_names(network)
    parts = [*_BOARDS[board](network, nets), *_headers(network, nets), *_test_points(network, nets)]
    return netlist_text(parts)


def _net_names(network: Network) -> tuple[str, ...]:
    """Net of each node: its SPICE name; the node at 0 V is GND."""
    names = NameMap.of(network.nodes).spice
    return tuple("GND" if k == network.ground else name for k, name in enumerate(names))


def _sockets(network: Network, nets: tuple[str, ...]) -> Iterator[Part]:
    """Yield a socket for each edge's memristor."""
    for e, (a, b) in enumerate(network.edges.tolist()):
        yield Part(
            f"RM{e + 1}",
            f"memristor {engineering(float(network.conductance[e]), 'S')}",
            "Connector_PinSocket_2.54mm:PinSocket_1x02_P2.54mm_Vertical",
            "Connector_Generic:Conn_01x02",
            (Pin("1", "Pin_1", "passive", nets[a]), Pin("2", "Pin_2", "passive", nets[b])),
            _edge_fields(network, e),
        )


def _edge_fields(network: Network, e: int) -> tuple[tuple[str, str], ...]:
    return (("Edge", network.edge_labels[e]), ("Conductance_S", f"{network.conductance[e]:.6g}"))


def _potentiometers(network: Network, nets: tuple[str, ...]) -> Iterator[Part]:
    """Yield a rheostat for each edge with the parts that it needs, and the header of the chain."""
    scale = _scale(network)
    codes = np.clip(np.round(_TAPS / (network.conductance * scale * _END_TO_END)), 1, _TAPS - 1).astype(int)
    _refuse_small(network, codes)
    data = "SDI"
    for e, (a, b) in enumerate(network.edges.tolist()):
        code = int(codes[e])
        onwards = "SDO" if e == network.edge_count - 1 else f"chain_{e + 1}"
        got = _TAPS / (code * _END_TO_END * scale)
        fields = (
            *_edge_fields(network, e),
            ("Code", str(code)),
            ("Scale", f"{scale:g}"),
            ("Error_percent", f"{100 * (got / network.conductance[e] - 1):.2f}"),
        )
        yield _rheostat(e, nets[a], nets[b], data, onwards, fields)
        yield from _beside(e, onwards)
        data = onwards
    yield _header("J1", "supply and SPI", _SUPPLY, _SUPPLY)


def _scale(network: Network) -> float:
    """Factor on all conductances at which the largest resistance is the potentiometers' largest."""
    largest = _END_TO_END * (_TAPS - 1) / _TAPS
    needed = 1.0 / (float(network.conductance.min()) * largest)
    return max(1.0, float(f"{needed * 1.005:.3g}"))


def _refuse_small(network: Network, codes: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> None:
    if codes.min() >= _LEAST_CODE:
        return
    e = int(codes.argmin())
    low, high = (engineering(float(v), "S") for v in (network.conductance.min(), network.conductance.max()))
    raise InputError(
        f"edge {network.edge_labels[e]}: conductances from {low} to {high} are more than a potentiometer of "
        f"{_TAPS} taps resolves; use the board of sockets"
    )


def _rheostat(e: int, a: str, b: str, data: str, onwards: str, fields: tuple[tuple[str, str], ...]) -> Part:
    """Return the AD5293 of an edge: wiper and upper end at the first node, lower end at the second.

    Pins as in KiCad's symbol ``Potentiometer_Digital:AD5293``.
    """
    pins = (
        Pin("1", "~{RST}", "input", "RST_N"),
        Pin("2", "Vss-", "power_in", "VSS"),
        Pin("3", "RH", "passive", a),
        Pin("4", "RW", "passive", a),
        Pin("5", "RL", "passive", b),
        Pin("6", "Vdd+", "power_in", "VDD"),
        Pin("7", "EXT_CAP", "passive", f"ext_cap_{e + 1}"),
        Pin("8", "Vlog", "power_in", "VLOGIC"),
        Pin("9", "GND", "power_in", "GND"),
        Pin("10", "SDI", "input", data),
        Pin("11", "CLK", "input", "SCLK"),
        Pin("12", "~{CS}", "input", "CS_N"),
        Pin("13", "SDO", "output", onwards),
        Pin("14", "RDY", "open_collector", None),
    )
    return Part(
        f"U{e + 1}",
        "AD5293BRUZ-100",
        "Package_SO:TSSOP-14_4.4x5mm_P0.65mm",
        "Potentiometer_Digital:AD5293",
        pins,
        fields,
    )


def _beside(e: int, onwards: str) -> Iterator[Part]:
    """Yield the parts that the data sheet asks for beside each AD5293."""
    for k, (value, high, low) in enumerate(
        (
            ("1u", f"ext_cap_{e + 1}", "VSS"),
            ("100n", "VDD", "GND"),
            ("100n", "GND", "VSS"),
            ("100n", "VLOGIC", "GND"),
        )
    ):
        yield _two_pins(f"C{4 * e + k + 1}", value, "Capacitor_SMD:C_0603_1608Metric", "Device:C", high, low)
    yield _two_pins(f"R{e + 1}", "2.2k", "Resistor_SMD:R_0603_1608Metric", "Device:R", "VLOGIC", onwards)


def _two_pins(ref: str, value: str, footprint: str, symbol: str, a: str, b: str) -> Part:
    return Part(ref, value, footprint, symbol, (Pin("1", "~", "passive", a), Pin("2", "~", "passive", b)), ())


def _headers(network: Network, nets: tuple[str, ...]) -> Iterator[Part]:
    """Yield headers of at most 40 pins with the inputs, the outputs and ground."""
    number = 2
    for role, nodes in (("inputs", network.inputs), ("outputs", network.outputs)):
        for start in range(0, nodes.size, _HEADER_PINS - 1):
            chosen = nodes[start : start + _HEADER_PINS - 1].tolist()
            labels = [*(written(network.nodes[k]) for k in chosen), "GND"]
            yield _header(f"J{number}", role, labels, [*(nets[k] for k in chosen), "GND"])
            number += 1


def _header(
    ref: str, what: str, labels: list[str] | tuple[str, ...], nets: list[str] | tuple[str, ...]
) -> Part:
    count = len(nets)
    pins = tuple(Pin(str(k + 1), f"Pin_{k + 1}", "passive", net) for k, net in enumerate(nets))
    return Part(
        ref,
        what,
        f"Connector_PinHeader_2.54mm:PinHeader_1x{count:02d}_P2.54mm_Vertical",
        f"Connector_Generic:Conn_01x{count:02d}",
        pins,
        (("Pins", ", ".join(labels)),),
    )


def _test_points(network: Network, nets: tuple[str, ...]) -> Iterator[Part]:
    """Yield a test point for each node that is on no header."""
    shown = {*network.driven.tolist(), *network.outputs.tolist()}
    hidden = [k for k in range(network.node_count) if k not in shown]
    for number, k in enumerate(hidden, 1):
        yield Part(
            f"TP{number}",
            written(network.nodes[k]),
            "TestPoint:TestPoint_Pad_D1.5mm",
            "Connector:TestPoint",
            (Pin("1", "1", "passive", nets[k]),),
            (("Node", written(network.nodes[k])),),
        )


_BOARDS: dict[str, Callable[[Network, tuple[str, ...]], Iterator[Part]]] = {
    "potentiometers": _potentiometers,
    "sockets": _sockets,
}
