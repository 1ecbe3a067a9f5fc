"""The sheet a picture is drawn on: title, frame, ticks, legend; and the elements it is made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from .axis import Axis, Scale

WIDTH: Final = 720
HEIGHT: Final = 440
LEFT, RIGHT, TOP, BOTTOM = 84, 24, 56, 64
COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
INK: Final = "#333333"
PALE: Final = "#dddddd"
LEGEND_STEP: Final = 16
CHARACTER: Final = 6.6
"""About how wide one is at the size of the legend."""


def tag(name: str, /, *inner: str, **attributes: object) -> str:
    """One element; ``_`` in a name is ``-``, numbers are rounded to a tenth of a pixel."""
    told = "".join(f" {key.replace('_', '-')}={_value(each)}" for key, each in attributes.items())
    return f"<{name}{told}>{''.join(inner)}</{name}>" if inner else f"<{name}{told}/>"


def text(words: str, x: float, y: float, **attributes: object) -> str:
    return tag("text", escape(words), x=x, y=y, **attributes)


def _value(value: object) -> str:
    if isinstance(value, float):
        return f'"{value:.1f}"'.replace('.0"', '"').replace('"-0"', '"0"')
    return quoteattr(str(value))


def sheet(title: str, parts: Iterable[str], *, note: str = "", height: float = HEIGHT) -> str:
    """The whole document. *note* is one line in small print below."""
    body = [
        tag("title", escape(title)),
        tag("rect", width=WIDTH, height=height, fill="#ffffff"),
        text(title, 16, 28, font_size=17, font_weight="bold", fill=INK),
        *parts,
    ]
    if note:
        body.append(text(note, 16, height - 10, font_size=11, fill="#666666"))
    start = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {WIDTH} {height:g}" '
        f'width="{WIDTH}" height="{height:g}" font-family="Helvetica, Arial, sans-serif">'
    )
    return "\n".join([start, *body, "</svg>", ""])


def across(scale: Scale, value: float) -> float:
    """The x of a value, in pixels."""
    return LEFT + scale.place(value) * (WIDTH - LEFT - RIGHT)


def up(scale: Scale, value: float) -> float:
    """The y of a value, in pixels."""
    return HEIGHT - BOTTOM - scale.place(value) * (HEIGHT - TOP - BOTTOM)


def frame(x: Axis, y: Axis, across_scale: Scale | None, up_scale: Scale) -> list[str]:
    """Grid lines, ticks and axis labels; without *across_scale* the caller names the columns."""
    parts = []
    for value in up_scale.ticks():
        at = up(up_scale, value)
        parts.append(tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=at, y2=at, stroke=PALE))
        parts.append(text(y.show(value), LEFT - 8, at + 4, **_small("end")))
    for value in across_scale.ticks() if across_scale else ():
        at = across(across_scale, value) if across_scale else 0.0
        parts.append(
            tag("line", x1=at, x2=at, y1=HEIGHT - BOTTOM, y2=HEIGHT - BOTTOM + 5, stroke=INK)
        )
        parts.append(text(x.show(value), at, HEIGHT - BOTTOM + 19, **_small("middle")))
    floor = HEIGHT - BOTTOM
    parts.append(tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=floor, y2=floor, stroke=INK))
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(text(x.label, middle, floor + 38, **_small("middle", 12)))
    height = (TOP + floor) / 2
    turned = f"rotate(-90 18 {height:g})"
    parts.append(text(y.label, 18, height, transform=turned, **_small("middle", 12)))
    return parts


def legend(labels: Sequence[str], colours: Sequence[str]) -> list[str]:
    """One line above the frame that says which colour is what; none for a single unnamed thing."""
    parts, x = [], float(LEFT)
    for label, colour in zip(labels, colours, strict=True):
        if label:
            parts.append(tag("rect", x=x, y=38, width=10, height=10, fill=colour))
            parts.append(text(label, x + 14, 47, **_small("start")))
            x += LEGEND_STEP + 14 + CHARACTER * len(label)
    return parts


def _small(anchor: str, size: int = 11) -> dict[str, object]:
    return {"text_anchor": anchor, "font_size": size, "fill": INK}
