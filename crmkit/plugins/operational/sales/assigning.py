"""Who gets which deal. No unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crmkit import Customer

from .config import Seller, Settings


def country_of(customer: Customer, attribute: str) -> str:
    """The custom attribute, else the region of the locale; empty when neither says one."""
    told = customer.attributes.get(attribute) if attribute else None
    if told:
        return str(told).upper()
    region = customer.locale.replace("_", "-").partition("-")[2].rpartition("-")[2]
    return region.upper() if len(region) == 2 else ""


def chosen(
    asked: Sequence[tuple[int, Customer]], settings: Settings, loads: Mapping[str, int]
) -> dict[int, str]:
    """The seller of each deal that one can take, in the order asked."""
    taken = dict(loads)
    found = {}
    for deal_id, customer in asked:
        country = country_of(customer, settings.country_attribute)
        fit = [
            each
            for each in settings.sellers
            if (not each.countries or country in each.countries)
            and taken.get(each.name, 0) < each.capacity
        ]
        if fit:
            best = min(fit, key=lambda each: _full(each, taken))
            found[deal_id] = best.name
            taken[best.name] = taken.get(best.name, 0) + 1
    return found


def _full(seller: Seller, taken: Mapping[str, int]) -> tuple[bool, float, str]:
    """Sellers of the territory before those of everywhere, the least loaded first."""
    return not seller.countries, taken.get(seller.name, 0) / seller.capacity, seller.name
