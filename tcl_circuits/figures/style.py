"""The look of every picture: palette, fonts, engineering units on axes, reproducible files."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator
from matplotlib.transforms import Bbox

from tcl_circuits.arrays import FloatArray
from tcl_circuits.errors import Remark
from tcl_circuits.files import replacing

INK = "#222222"
MUTED = "#767676"
FAINT = "#d9dde2"
BAND = "#eceff3"
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Okabe and Ito's colours that stand out on white; they stay apart for colour-blind eyes."""
_DASHES = ("-", "-.", ":")

SEQUENTIAL = LinearSegmentedColormap.from_list(
    "tcl_sequential", ["#cfe0ee", "#8fbcdb", "#4a90c2", "#1d5f9e", "#08306b"]
)
DIVERGING = LinearSegmentedColormap.from_list(
    "tcl_diverging", ["#a63603", "#e6843c", "#d8d8d8", "#5f9fcf", "#0b4f8a"]
)

_SETTINGS: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "axes.labelsize": 11,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.formatter.useoffset": False,
    "axes.unicode_minus": True,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
    "legend.frameon": False,
    "legend.fontsize": 10,
    "legend.handlelength": 1.6,
    "figure.titlesize": 14,
    "figure.facecolor": "white",
    "figure.dpi": 160,
    "figure.constrained_layout.w_pad": 0.08,
    "figure.constrained_layout.h_pad": 0.05,
    "savefig.dpi": 160,
    "svg.hashsalt": "tcl_circuits",
}
_METADATA: dict[str, dict[str, Any]] = {
    ".png": {"Software": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    ".svg": {"Date": None, "Creator": None},
}
_PREFIXES = {-15: "f", -12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T"}
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@contextmanager
def house_style() -> Iterator[None]:
    """Set the look of every picture, whatever the user's matplotlibrc says, and put the user's back."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        yield


def save(figure: Figure, path: str | Path) -> None:
    """Write a figure as PNG, PDF or SVG; the same figure gives the same bytes."""
    with _glyphs_in_one_remark(), house_style():
        _lay_out(figure)
        kind = Path(path).suffix.lower()
        with replacing(Path(path)) as file:
            figure.savefig(file, format=kind.removeprefix("."), metadata=_METADATA.get(kind))


@contextmanager
def _glyphs_in_one_remark() -> Iterator[None]:
    """Say once what matplotlib says of each character that the font lacks; other warnings pass."""
    with warnings.catch_warnings(record=True) as met:
        warnings.simplefilter("always")
        yield
    lacking = [each for each in met if re.match(r"Glyph \d+ .* missing from", str(each.message))]
    for each in met:
        if each not in lacking:
            warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)
    if lacking:
        warnings.warn(
            f"pictures show boxes for characters that {_SETTINGS['font.family']} lacks; files keep them",
            Remark,
            stacklevel=4,
        )


def _lay_out(figure: Figure) -> None:
    """Place the axes for good, on whole pixels: the solver's last digits differ from run to run."""
    engine = figure.get_layout_engine()
    if engine is None:
        return
    engine.execute(figure)
    figure.set_layout_engine("none")
    pixels = figure.get_size_inches() * figure.dpi
    for axes in figure.axes:
        corners = np.round(axes.get_position(original=True).get_points() * pixels) / pixels
        axes.set_position(Bbox(corners))


@dataclass(frozen=True)
class Scale:
    """A factor that takes SI values to those shown, and the unit they are shown in."""

    factor: float
    unit: str

    def __call__(self, values: FloatArray) -> FloatArray:
        """Values as shown."""
        return values * self.factor

    def label(self, quantity: str) -> str:
        """Axis label ``quantity (unit)``."""
        return f"{quantity} ({self.unit})" if self.unit else quantity


def scale_for(values: FloatArray | float, unit: str) -> Scale:
    """Choose the SI prefix that shows the largest finite value between 0.9 and 900.

    A squared unit (``V2``) and a missing one take a power of ten instead: a prefix would be squared too.
    """
    array = np.abs(np.asarray(values, dtype=float))
    array = array[np.isfinite(array)]
    largest = float(array.max()) if array.size else 0.0
    exponent = 0 if largest == 0 else 3 * int(np.floor(np.log10(largest / 0.9) / 3))
    exponent = min(12, max(-15, exponent))
    plain = unit.replace("2", "²")
    if plain and "²" not in plain:
        return Scale(10.0**-exponent, _PREFIXES[exponent] + plain)
    power = f"10{str(exponent).translate(_RAISED)}" if exponent else ""
    return Scale(10.0**-exponent, f"{power} {plain}".strip())


def headline(figure: Figure, text: str) -> None:
    """Set a figure's headline, if there is one."""
    if text:
        figure.suptitle(plain_text(text), x=0.01, ha="left")


def plain_text(text: str) -> str:
    """Keep a user's text from being read as a formula or, in a legend, as a label to hide."""
    shown = text.replace("$", r"\$")
    return f" {shown}" if shown.startswith("_") else shown


def short_name(name: object, limit: int = 20) -> str:
    """Shorten a node's name: no spaces after commas, and no middle where it is long."""
    text = str(name).replace(", ", ",")
    tail = (limit - 1) // 2
    return plain_text(text if len(text) <= limit else f"{text[: limit - 1 - tail]}…{text[-tail:]}")


def plain_name(name: object, limit: int = 20) -> str:
    """Shorten a node's name like :func:`short_name`, without the brackets and quotes of a tuple."""
    text = str(name)
    if re.fullmatch(r"\(.*\)", text):
        text = text[1:-1].replace("'", "").rstrip(",")
    return short_name(text, limit)


def line_style(k: int) -> dict[str, Any]:
    """Colour and dashes of the k-th line of a panel."""
    return {"color": PALETTE[k % len(PALETTE)], "linestyle": _DASHES[k // len(PALETTE) % len(_DASHES)]}


def log_ticks(axis: Axis, low: float, high: float) -> None:
    """Label a logarithmic axis: powers of ten over many decades, else round numbers written out."""
    decades = np.log10(high / low) if low > 0 else 0.0
    if decades > 2.5:
        return
    if decades < 0.5:
        axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        axis.set_minor_locator(NullLocator())
    else:
        axis.set_major_locator(LogLocator(base=10, subs=(1.0, 2.0, 5.0), numticks=50))
    axis.set_major_formatter(FuncFormatter(_number))
    axis.set_minor_formatter(NullFormatter())


def _number(value: float, _: object = None) -> str:
    """Write a number as people do: powers of ten only where zeros would have to be counted."""
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:g}"
    mantissa, exponent = f"{value:.3e}".split("e")
    power = f"10{str(int(exponent)).translate(_RAISED)}"
    return power if float(mantissa) == 1 else f"{float(mantissa):g}×{power}"


def quiet_grid(axes: Axes) -> None:
    """Thin horizontal lines behind the data."""
    axes.grid(True, axis="y", color=FAINT, linewidth=0.6)
