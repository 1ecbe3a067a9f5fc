"""Pictures of what a model tells apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crmkit.svg import Axis, bars


def lift(deciles: Sequence[Mapping[str, Any]], note: str) -> str:
    """How much oftener it came in each tenth than on average."""
    return bars(
        "How much oftener than on average",
        [str(each["decile"]) for each in deciles],
        [each["lift"] for each in deciles],
        x=Axis(label="tenth of the customers, the likeliest first"),
        y=Axis(label="times the average"),
        note=note,
    )
