"""Who gets more or less attention than they are worth, and what would set it right."""

from __future__ import annotations

from typing import Final

import attrs

OVER: Final = "overvalued"
UNDER: Final = "undervalued"
FAIR: Final = "fair"


@attrs.frozen(kw_only=True)
class Correction:
    """
    The cheapest change that sets attention right.

    Attributes:
        what: For people, such as ``stop discounts``.
        amount_minor: By how much it changes what we spend in the window; negative saves.
        times: How often, for what is done more; 1 for what is cut.
    """

    what: str
    amount_minor: int
    times: int = 1


@attrs.frozen(kw_only=True)
class Valuation:
    """
    One line of the report, in minor units over the window.

    Attributes:
        given_minor: Attention as it is: service, discounts, minutes, messages.
        fair_minor: What the company gives on average for such worth, between *low* and *high*.
        expected_minor, potential_minor: Worth as foretold, and as the peers show it could be.
        gap_minor: Fair less given; negative for who gets too much.
        correction: None for who is treated fairly.
    """

    customer_id: int
    label: str
    given_minor: float
    fair_minor: float
    low_minor: float
    high_minor: float
    expected_minor: float
    potential_minor: float
    gap_minor: float
    correction: Correction | None
