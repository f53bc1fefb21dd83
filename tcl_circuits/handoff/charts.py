"""Small charts as SVG, coloured by the page's style sheet, so that they follow a dark screen and print."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.handoff.markup import Markup, tag

_WIDTH, _HEIGHT = 640.0, 300.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 64.0, 16.0, 34.0, 46.0
_DOTS = 60


@dataclass(frozen=True, eq=False)
class Curve:
    """A line: its name, its class in the style sheet (train, test), and its values; NaN is left out."""

    name: str
    look: str
    x: FloatArray
    y: FloatArray


def line_chart(
    title: str, across: str, up: str, curves: Sequence[Curve], level: tuple[str, float] | None = None
) -> Markup | None:
    """Draw lines over a common axis; the vertical one is logarithmic where all values are positive and wide.

    Parameters
    ----------
    title : str
        Read out in place of the picture.
    across, up : str
        What the axes say.
    curves : sequence of Curve
        What to draw.
    level : (str, float), optional
        Name and value of a line to compare with.

    Returns
    -------
    Markup or None
        None if there is nothing finite to draw.
    """
    shown = [_finite(curve) for curve in curves]
    shown = [curve for curve in shown if curve.y.size]
    if not shown:
        return None
    levels = [] if level is None or not math.isfinite(level[1]) else [level]
    values = np.concatenate([curve.y for curve in shown])
    logarithmic = bool(values.min() > 0 and values.max() > 20 * values.min())
    near = [one for one in levels if not logarithmic or one[1] > values.min() / 100]
    plane = _Plane(
        np.concatenate([curve.x for curve in shown]), np.append(values, [one[1] for one in near]), logarithmic
    )
    keys = [(curve.name, curve.look) for curve in shown]
    keys += [(name if near else f"{name} ({value:.3g}, below)", "base") for name, value in levels]
    return tag(
        "svg",
        tag("title", title),
        plane.frame(across, up),
        *(
            tag("path", class_="base curve", d=plane.path(np.array(plane.x), np.array([v, v])))
            for _, v in near
        ),
        *(_curve(plane, curve) for curve in shown),
        _legend(keys),
        viewBox=f"0 0 {_WIDTH:g} {_HEIGHT:g}",
        role="img",
    )


def share_bar(share: float, look: str) -> Markup:
    """Draw a share from 0 to 1 as a bar."""
    width = 100 * min(max(share, 0.0), 1.0)
    return tag(
        "svg",
        tag("rect", class_="track", width=100, height=10, rx=2),
        tag("rect", class_=f"bar {look}", width=f"{width:.1f}", height=10, rx=2),
        viewBox="0 0 100 10",
        preserveAspectRatio="none",
        aria_hidden="true",
    )


class _Plane:
    """Where values go on paper."""

    def __init__(self, x: FloatArray, y: FloatArray, logarithmic: bool) -> None:
        self.x = _span(float(x.min()), float(x.max()))
        self.logarithmic = logarithmic
        heights = np.log10(y) if logarithmic else y
        low, high = _span(float(heights.min()), float(heights.max()))
        self.y = (low - 0.05 * (high - low), high + 0.05 * (high - low))

    def at(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        heights = np.log10(y) if self.logarithmic else y
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (heights - self.y[0]) / (self.y[1] - self.y[0])
        return _LEFT + across * (_WIDTH - _LEFT - _RIGHT), _HEIGHT - _BOTTOM - up * (_HEIGHT - _TOP - _BOTTOM)

    def path(self, x: FloatArray, y: FloatArray) -> str:
        return "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(*self.at(x, y), strict=True))

    def frame(self, across: str, up: str) -> list[Markup]:
        parts = []
        middle = (_TOP + _HEIGHT - _BOTTOM) / 2
        for value in self._heights():
            y = float(self.at(np.array([self.x[0]]), np.array([value]))[1][0])
            parts.append(tag("path", class_="grid", d=f"M{_LEFT:g} {y:.1f}H{_WIDTH - _RIGHT:g}"))
            parts.append(
                tag("text", f"{value:.4g}", x=_LEFT - 8, y=f"{y + 4:.1f}", text_anchor="end", font_size=13)
            )
        base = _HEIGHT - _BOTTOM
        for value in _round_steps(*self.x, whole=True):
            x = float(
                self.at(np.array([value]), np.array([10.0 ** self.y[0] if self.logarithmic else self.y[0]]))[
                    0
                ][0]
            )
            parts.append(tag("path", class_="axis", d=f"M{x:.1f} {base:g}v5"))
            parts.append(
                tag("text", f"{value:.4g}", x=f"{x:.1f}", y=base + 20, text_anchor="middle", font_size=13)
            )
        parts.append(tag("path", class_="axis", d=f"M{_LEFT:g} {_TOP:g}V{base:g}H{_WIDTH - _RIGHT:g}"))
        parts.append(
            tag("text", across, x=(_LEFT + _WIDTH) / 2, y=_HEIGHT - 6, text_anchor="middle", font_size=13)
        )
        turned = f"rotate(-90 14 {middle:g})"
        parts.append(tag("text", up, x=14, y=middle, transform=turned, text_anchor="middle", font_size=13))
        return parts

    def _heights(self) -> list[float]:
        if not self.logarithmic:
            return _round_steps(*self.y)
        decades = range(math.floor(self.y[0]), math.ceil(self.y[1]) + 1)
        digits = (1, 2, 5) if self.y[1] - self.y[0] < 2.5 else (1,)
        found = [float(f"{digit}e{power}") for power in decades for digit in digits]
        return [value for value in found if self.y[0] <= math.log10(value) <= self.y[1]]


def _finite(curve: Curve) -> Curve:
    known = np.isfinite(curve.x) & np.isfinite(curve.y)
    return Curve(curve.name, curve.look, curve.x[known], curve.y[known])


def _span(low: float, high: float) -> tuple[float, float]:
    if high > low:
        return low, high
    room = 0.5 * abs(low) or 0.5
    return low - room, high + room


def _round_steps(low: float, high: float, whole: bool = False) -> list[float]:
    """Round numbers between two, about five."""
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(s * power for s in (1, 2, 5, 10) if s * power >= rough)
    step = max(step, 1.0) if whole else step
    return [k * step for k in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def _curve(plane: _Plane, curve: Curve) -> list[Markup]:
    parts = [tag("path", class_=f"{curve.look} curve", d=plane.path(curve.x, curve.y))]
    if curve.y.size <= _DOTS:
        points = zip(*plane.at(curve.x, curve.y), strict=True)
        parts += [
            tag("circle", class_=f"{curve.look} dot", cx=f"{x:.1f}", cy=f"{y:.1f}", r=3) for x, y in points
        ]
    return parts


def _legend(keys: Sequence[tuple[str, str]]) -> list[Markup]:
    parts, x = [], _LEFT + 6
    for name, look in keys:
        parts.append(tag("path", class_=f"{look} curve", d=f"M{x:g} 16h24"))
        parts.append(tag("text", name, x=x + 30, y=20, font_size=13))
        x += 56 + 7.6 * len(name)
    return parts
