"""A search for communities, from the database to what is to be stored; writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import attrs
import numpy as np

from crmkit import Unit

from .config import Settings
from .errors import TooFewCustomersError
from .facts import Facts, Items, buyers, chosen_among, facts_of, items_of, read
from .fitting import Fit, fit
from .marks import marks_of
from .matching import Match, match
from .model import Community, Event, Mark
from .standing import Standing, homes_before

Array = np.ndarray[Any, Any]


@attrs.frozen(kw_only=True, eq=False)
class Found:
    """
    Attributes:
        buyers: Everybody who bought of late.
        facts: Those whom communities were found among.
        match: What became of the communities before.
    """

    buyers: Array
    items: Items
    facts: Facts
    fit: Fit
    match: Match

    def marks(self, community: int) -> tuple[list[Mark], list[Mark]]:
        """The products, and the habits, that set a community apart."""
        inside, items, facts = self.fit.homes == community, self.items, self.facts
        return (
            marks_of(facts.products, inside, items.skus, items.names),
            marks_of(facts.habits, inside, items.habits, items.habits),
        )


def find(unit: Unit, settings: Settings, as_of: datetime, before: Standing | None) -> Found:
    """
    Raises:
        TooThinError: If there is too little to find communities in, or nothing to be found.
    """
    everybody = buyers(unit, as_of, settings)
    raw = read(unit, chosen_among(everybody, settings.largest_fit), as_of, settings)
    items = items_of(unit, raw, settings)
    facts = facts_of(raw, items, settings.min_products)
    if len(facts.ids) < settings.min_customers:
        raise TooFewCustomersError(len(facts.ids), settings.min_customers, settings.min_products)
    old = homes_before(before, facts.ids)
    rows = facts.vectors(items, settings.habit_share)
    found = fit(facts.products, rows, settings, old)
    was_there = np.isin(facts.ids, before.anchors.ids) if before else np.zeros(len(old), bool)
    return Found(
        buyers=everybody,
        items=items,
        facts=facts,
        fit=found,
        match=match(
            old[was_there],
            found.homes[was_there],
            len(before.communities) if before else 0,
            found.communities,
        ),
    )


def events(found: Match, old: list[Community], new: list[Community]) -> Iterator[Event]:
    """What became of the *old* communities, and where the *new* ones came from."""
    for index, community in enumerate(new):
        origin, share = int(found.came_from[index]), float(found.came_share[index])
        if found.old_of[index] >= 0:
            yield Event(kind="kept", name=community.name, overlap=float(found.overlap[index]))
        elif origin >= 0:
            yield Event(kind="split", name=community.name, other=old[origin].name, overlap=share)
        else:
            yield Event(kind="born", name=community.name)
    for index, community in enumerate(old):
        goal, share = int(found.went_to[index]), float(found.went_share[index])
        if index in found.old_of:
            continue
        if goal >= 0:
            yield Event(kind="merged", name=community.name, other=new[goal].name, overlap=share)
        else:
            yield Event(kind="died", name=community.name)
