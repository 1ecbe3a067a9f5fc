"""Which rule of the table a sale falls under."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from .config import TaxRule
from .errors import NoTaxRuleError

UNTAXED: Final = TaxRule(category="O", reason="Not subject to tax")
"""Where there is no table at all."""


def rule_for(
    rules: Sequence[TaxRule], tax_class: str, country: str, *, business: bool, on: date
) -> TaxRule:
    """
    The first of *rules* that fits.

    Raises:
        NoTaxRuleError: If there are rules and none fits.
    """
    if not rules:
        return UNTAXED
    for rule in rules:
        if (
            rule.tax_class in ("", tax_class)
            and rule.country in ("", country)
            and rule.business in (None, business)
            and (not rule.since or on >= date.fromisoformat(rule.since))
            and (not rule.until or on < date.fromisoformat(rule.until))
        ):
            return rule
    raise NoTaxRuleError(tax_class, country, on.isoformat())
