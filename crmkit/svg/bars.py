"""One bar per name."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Final

from .axis import Axis
from .page import BOTTOM, COLOURS, HEIGHT, INK, LEFT, RIGHT, WIDTH, frame, sheet, tag, text, up

SHARE: Final = 0.7
"""Of the room for one bar that it fills."""


def bars(
    title: str,
    labels: Sequence[str],
    values: Sequence[float],
    *,
    x: Axis,
    y: Axis,
    low: Sequence[float] = (),
    high: Sequence[float] = (),
    note: str = "",
) -> str:
    """
    Bars that start at zero, each with a whisker from *low* to *high* where those are given.

    Raises:
        ValueError: If the sequences are not equally long, or a number is not finite.
    """
    scale = y.over(chain(values, low, high, (0.0,)))
    room = (WIDTH - LEFT - RIGHT) / max(len(labels), 1)
    middles = [LEFT + (n + 0.5) * room for n in range(len(labels))]
    ground = up(scale, max(scale.low, min(0.0, scale.high)))
    parts = frame(x, y, None, scale)
    for middle, label, value in zip(middles, labels, values, strict=True):
        parts.append(_bar(middle, room * SHARE, ground, up(scale, value)))
        foot = HEIGHT - BOTTOM + 19
        parts.append(text(label, middle, foot, text_anchor="middle", font_size=11, fill=INK))
    if len(low) or len(high):
        for middle, least, most in zip(middles, low, high, strict=True):
            parts.append(_whisker(middle, up(scale, least), up(scale, most)))
    return sheet(title, parts, note=note)


def _bar(middle: float, width: float, ground: float, top: float) -> str:
    return tag(
        "rect",
        x=middle - width / 2,
        y=min(top, ground),
        width=width,
        height=abs(ground - top),
        fill=COLOURS[0],
    )


def _whisker(middle: float, low: float, high: float) -> str:
    return tag("line", x1=middle, x2=middle, y1=low, y2=high, stroke=INK, stroke_width=1.5)
