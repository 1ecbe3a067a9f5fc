"""Pictures of communities, as SVG text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from crmkit.svg import heat_map

from .model import Community

LONGEST: Final = 20
"""Characters beside the map."""


def overlap_map(found: Sequence[Community], shares: Mapping[tuple[int, int], float]) -> str:
    """
    How strongly the members of each community (a row) are drawn to each (a column).

    Args:
        shares: Mean strength by the ids of row and column; absent is 0.
    """
    names = [each.name for each in found]
    values = [[shares.get((row.id, column.id), 0.0) for column in found] for row in found]
    numbers = [str(place) for place in range(1, len(names) + 1)]
    rows = [_short(f"{number} {name}") for number, name in zip(numbers, names, strict=True)]
    return heat_map(
        "How strongly the members of each community are drawn to each",
        rows,
        numbers,
        values,
        column_label="drawn to, mean strength",
        show=lambda share: f"{share:.2f}",
    )


def _short(label: str) -> str:
    return label if len(label) <= LONGEST else label[: LONGEST - 1] + "…"
