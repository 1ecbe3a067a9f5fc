"""Lines and points over two axes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, cycle, islice
from math import ceil, log1p
from typing import Final, Literal

import attrs

from .axis import Axis, Scale
from .page import COLOURS, across, frame, legend, sheet, tag, up

GRAIN: Final = 3
"""Points of a scatter that fall into one square of so many pixels are drawn as one, darker."""
SHADES: Final = 5


@attrs.frozen(kw_only=True)
class Series:
    """
    One line, or one cloud of points.

    Attributes:
        x, y: As many numbers each.
        low, high: Bounds of a band around *y*; both or neither.
        style: How a line is drawn; a ``step`` keeps its height until the next x.
    """

    label: str = ""
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    style: Literal["line", "dashed", "step"] = "line"

    def __attrs_post_init__(self) -> None:
        sizes = {len(self.x), len(self.y)} | {
            len(each) for each in (self.low, self.high) if len(each)
        }
        if len(sizes) > 1 or bool(len(self.low)) != bool(len(self.high)):
            raise ValueError(f"series {self.label!r}: x, y, low and high must be equally long")


def line_chart(title: str, series: Sequence[Series], *, x: Axis, y: Axis, note: str = "") -> str:
    """
    Each series as a line, with its band where it has one.

    Raises:
        ValueError: If a number is not finite.
    """
    sx, sy = _scales(series, x, y)
    colours = _colours(len(series))
    pairs = list(zip(series, colours, strict=True))
    parts = frame(x, y, sx, sy)
    parts += [_band(sx, sy, each, colour) for each, colour in pairs if len(each.low)]
    parts += [_line(sx, sy, each, colour) for each, colour in pairs]
    parts += legend([each.label for each in series], colours)
    return sheet(title, parts, note=note)


def scatter(title: str, series: Sequence[Series], *, x: Axis, y: Axis, note: str = "") -> str:
    """
    Each series as points; a million of them make no larger a picture than some thousand do.

    Raises:
        ValueError: If a number is not finite.
    """
    sx, sy = _scales(series, x, y)
    colours = _colours(len(series))
    parts = frame(x, y, sx, sy)
    for each, colour in zip(series, colours, strict=True):
        parts += _cloud(sx, sy, each, colour)
    parts += legend([each.label for each in series], colours)
    return sheet(title, parts, note=note)


def _band(sx: Scale, sy: Scale, series: Series, colour: str) -> str:
    there, back = (_points(sx, sy, series.x, edge) for edge in (series.high, series.low))
    return tag("polygon", points=" ".join([*there, *back[::-1]]), fill=colour, fill_opacity="0.15")


def _line(sx: Scale, sy: Scale, series: Series, colour: str) -> str:
    xs, ys = _stepped(series) if series.style == "step" else (series.x, series.y)
    return tag(
        "polyline",
        points=" ".join(_points(sx, sy, xs, ys)),
        fill="none",
        stroke=colour,
        stroke_width=2,
        stroke_dasharray="6 4" if series.style == "dashed" else "none",
    )


def _cloud(sx: Scale, sy: Scale, series: Series, colour: str) -> Iterator[str]:
    """One path of dots for each of the few shades."""
    grains = Counter(
        (round(across(sx, x) / GRAIN), round(up(sy, y) / GRAIN))
        for x, y in zip(series.x, series.y, strict=True)
    )
    most = max(grains.values(), default=1)
    shades: dict[int, list[str]] = {}
    for (column, row), count in sorted(grains.items()):
        dot = f"M{column * GRAIN} {row * GRAIN}h0"
        shades.setdefault(ceil(SHADES * log1p(count) / log1p(most)), []).append(dot)
    dots = {"stroke": colour, "stroke_width": 5, "stroke_linecap": "round"}
    for shade, drawn in sorted(shades.items()):
        opacity = f"{0.3 + 0.7 * shade / SHADES:.2f}"
        yield tag("path", d="".join(drawn), **dots, stroke_opacity=opacity)


def _colours(count: int) -> list[str]:
    return list(islice(cycle(COLOURS), count))


def _scales(series: Sequence[Series], x: Axis, y: Axis) -> tuple[Scale, Scale]:
    return (
        x.over(chain.from_iterable(each.x for each in series)),
        y.over(chain.from_iterable(chain(each.y, each.low, each.high) for each in series)),
    )


def _points(sx: Scale, sy: Scale, xs: Sequence[float], ys: Sequence[float]) -> list[str]:
    return [f"{across(sx, x):.1f},{up(sy, y):.1f}" for x, y in zip(xs, ys, strict=True)]


def _stepped(series: Series) -> tuple[list[float], list[float]]:
    xs, ys = [*series.x[:1]], [*series.y[:1]]
    for x, y in zip(series.x[1:], series.y[1:], strict=True):
        xs += [x, x]
        ys += [ys[-1], y]
    return xs, ys
