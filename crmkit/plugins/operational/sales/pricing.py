"""Prices that quotes leave open, from billing's catalogue where it is enabled."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from crmkit import Unit

from .errors import NoPriceError
from .model import QuoteItem


def priced(
    unit: Unit, customer_id: int, items: Sequence[QuoteItem], currency: str
) -> list[QuoteItem]:
    """
    The items, each with a name and a price.

    Raises:
        NoPriceError: If neither the item nor the catalogue has one.
    """
    if all(each.price is not None for each in items):
        return [attrs.evolve(each, name=each.name or each.sku) for each in items]
    if not unit.crm.is_enabled("billing"):
        raise NoPriceError(next(each.sku for each in items if each.price is None))
    from crmkit.plugins.operational import billing

    account = billing.accounts_of_many(unit, [customer_id])[customer_id]
    skus = sorted({each.sku for each in items if each.sku})
    names = {each.sku: each.name for each in billing.products(unit, skus)}
    prices = billing.prices(unit, skus)
    found = []
    for each in items:
        fit = [
            price
            for price in prices
            if price.sku == each.sku
            and price.price_list == account.price_list
            and price.amount.currency == currency
            and price.from_quantity <= each.quantity
            and price.since <= unit.now.date()
        ]
        if each.price is None and not fit:
            raise NoPriceError(each.sku)
        name = each.name or names.get(each.sku, each.sku)
        named = attrs.evolve(each, name=name)
        if each.price is None:
            named = attrs.evolve(named, price=fit[0].amount, per=fit[0].per)
        found.append(named)
    return found
