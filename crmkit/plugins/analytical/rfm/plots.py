"""Pictures of the grid."""

from __future__ import annotations

from crmkit.svg import heat_map

from .model import Grid


def grid(found: Grid) -> str:
    """R from top, the latest first, against FM; darker where more customers are."""
    counts = {(cell.r, cell.fm): float(cell.customers) for cell in found.cells}
    levels = range(1, found.levels + 1)
    return heat_map(
        f"Customers by recency, and by frequency and money, on {found.as_of:%Y-%m-%d}",
        [f"R {r}" for r in reversed(levels)],
        [f"FM {fm}" for fm in levels],
        [[counts.get((r, fm)) for fm in levels] for r in reversed(levels)],
        row_label="recency",
        column_label="frequency and money",
    )
