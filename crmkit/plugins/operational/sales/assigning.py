"""Who gets which deal. No unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crmkit import Customer

from .config import Seller, Settings, Team
from .model import Deal

_NO_TEAM = Team(name="")


def country_of(customer: Customer, attribute: str) -> str:
    """The custom attribute, else the region of the locale; empty when neither says one."""
    told = customer.attributes.get(attribute) if attribute else None
    if told:
        return str(told).upper()
    region = customer.locale.replace("_", "-").partition("-")[2].rpartition("-")[2]
    return region.upper() if len(region) == 2 else ""


def chosen(
    asked: Sequence[tuple[Deal, Customer]], settings: Settings, loads: Mapping[str, int]
) -> dict[int, str]:
    """The seller of each deal that one can take, in the order asked."""
    taken = dict(loads)
    found = {}
    for deal, customer in asked:
        country = country_of(customer, settings.country_attribute)
        fit = [
            (not territory, taken.get(each.name, 0) / each.capacity, each.name)
            for each in settings.sellers
            if taken.get(each.name, 0) < each.capacity and _sells(each, settings, deal.pipeline)
            for territory in [_territory(each, settings)]
            if not territory or country in territory
        ]
        if fit:  # of the territory before those of everywhere, the least loaded first
            *_, best = min(fit)
            found[deal.id] = best
            taken[best] = taken.get(best, 0) + 1
    return found


def _sells(seller: Seller, settings: Settings, pipeline: str) -> bool:
    team = settings.team(seller.team) or _NO_TEAM
    return not team.pipelines or pipeline in team.pipelines


def _territory(seller: Seller, settings: Settings) -> tuple[str, ...]:
    return seller.countries or (settings.team(seller.team) or _NO_TEAM).countries
