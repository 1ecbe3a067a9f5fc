"""A table of numbers as a field of colours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from .axis import number
from .page import INK, TOP, WIDTH, sheet, tag, text

LEFT: Final = 130
RIGHT: Final = 16
ROW: Final = 26.0
HEAD: Final = 34
FOOT: Final = 44
EMPTY: Final = "#f4f4f4"
PALEST, DARKEST = (240, 246, 251), (0, 84, 140)
WRITTEN: Final = 34.0
"""A cell narrower than this stays without its number."""


def heat_map(
    title: str,
    rows: Sequence[str],
    columns: Sequence[str],
    values: Sequence[Sequence[float | None]],
    *,
    row_label: str = "",
    column_label: str = "",
    show: Callable[[float], str] = number,
    note: str = "",
) -> str:
    """
    Rows from top to bottom, columns from left to right; darker is more, None stays empty.

    Raises:
        ValueError: If *values* is not one number or None for every row and column.
    """
    if len(values) != len(rows) or any(len(each) != len(columns) for each in values):
        raise ValueError(f"values must be {len(rows)} rows of {len(columns)}")
    known = [each for row in values for each in row if each is not None]
    low, high = min(known, default=0.0), max(known, default=1.0)
    width, top = (WIDTH - LEFT - RIGHT) / max(len(columns), 1), TOP + HEAD
    parts = [
        text(row_label, LEFT - 8, top - 10, text_anchor="end", font_size=12, fill=INK),
        text(column_label, (LEFT + WIDTH) / 2, TOP, text_anchor="middle", font_size=12, fill=INK),
    ]
    for n, label in enumerate(columns):
        at = LEFT + (n + 0.5) * width
        parts.append(text(label, at, top - 10, text_anchor="middle", font_size=11, fill=INK))
    for m, (label, row) in enumerate(zip(rows, values, strict=True)):
        y = top + m * ROW
        parts.append(text(label, LEFT - 8, y + 17, text_anchor="end", font_size=11, fill=INK))
        for n, value in enumerate(row):
            place = 0.5 if high == low else ((value or 0.0) - low) / (high - low)
            parts += _cell(LEFT + n * width, y, width, value, place, show)
    return sheet(title, parts, note=note, height=top + len(rows) * ROW + FOOT)


def _cell(
    x: float,
    y: float,
    width: float,
    value: float | None,
    place: float,
    show: Callable[[float], str],
) -> list[str]:
    fill = EMPTY if value is None else _colour(place)
    parts = [tag("rect", x=x, y=y, width=width - 1, height=ROW - 1, fill=fill)]
    if value is not None and width >= WRITTEN:
        ink = "#ffffff" if place > 0.5 else INK
        middle = x + width / 2
        parts.append(
            text(show(value), middle, y + 17, text_anchor="middle", font_size=11, fill=ink)
        )
    return parts


def _colour(place: float) -> str:
    mixed = [round(a + place * (b - a)) for a, b in zip(PALEST, DARKEST, strict=True)]
    return "#" + "".join(f"{each:02x}" for each in mixed)
