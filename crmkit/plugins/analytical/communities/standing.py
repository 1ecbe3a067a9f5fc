"""The communities as they stand, and where customers belong in them; writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import attrs
import numpy as np
import sqlalchemy as sa
from scipy import sparse  # type: ignore[import-untyped, unused-ignore]

from crmkit import Unit

from .config import Settings
from .facts import Facts, Items, facts_of, read
from .model import Community, Run
from .neighbours import nearest
from .placing import strengths
from .queries import communities, items_of_run
from .tables import communities_anchor

Array = np.ndarray[Any, Any]
BATCH = 5_000
"""Customers placed at once."""
Row: TypeAlias = tuple[int, int, float, bool, str]
"""Customer, community, strength, whether it is enough, why."""
NAMED = 3
"""Marks named in a why."""


@attrs.frozen(kw_only=True, eq=False)
class Standing:
    """
    What placing a customer takes.

    Attributes:
        settings: Those of the run.
        anchors: Customers that communities were found among.
        homes: The place of each one's community in *communities*; -1 for none.
    """

    settings: Settings
    items: Items
    anchors: Facts
    homes: Array
    communities: Sequence[Community]


def standing(unit: Unit, run: Run) -> Standing:
    """What the last *run* that found communities left behind."""
    items = Items(**items_of_run(unit, run.id))
    anchor, living = communities_anchor.c, communities(unit)
    place = {each.id: index for index, each in enumerate(living)}
    rows = unit.connection.execute(sa.select(communities_anchor).order_by(anchor.customer_id)).all()
    facts = Facts(
        ids=np.array([row.customer_id for row in rows], np.int64),
        products=_sets([row.products for row in rows], len(items.skus)),
        habits=_sets([row.habits for row in rows], len(items.habits)),
    )
    homes = np.array([place.get(row.community_id, -1) for row in rows], np.int64)
    return Standing(
        settings=Settings(**run.parameters),  # type: ignore[arg-type]
        items=items,
        anchors=facts,
        homes=homes,
        communities=living,
    )


def _sets(rows: Sequence[Sequence[int]], width: int) -> Any:
    ends = np.cumsum([0, *map(len, rows)])
    flat = np.fromiter((each for row in rows for each in row), np.int64, int(ends[-1]))
    return sparse.csr_array((np.ones(len(flat)), flat, ends), shape=(len(rows), width))


def homes_before(now: Standing | None, ids: Array) -> Array:
    """The place of the community each of *ids* was in as an anchor; -1 for none."""
    found = np.full(len(ids), -1, np.int64)
    if now is not None:
        _, here, there = np.intersect1d(ids, now.anchors.ids, return_indices=True)
        found[here] = now.homes[there]
    return found


def placed(unit: Unit, now: Standing, ids: Array, as_of: datetime) -> Iterator[list[Row]]:
    """
    The memberships of those of *ids* who take part, batch by batch.

    The rule is the same for everybody, at any time: a customer's strength in a community is its
    share in the likeness of the k most alike anchors, the customer not being compared to themself.
    """
    anchors = now.anchors.vectors(now.items, now.settings.habit_share)
    for begin in range(0, len(ids), BATCH):
        raw = read(unit, ids[begin : begin + BATCH], as_of, now.settings)
        facts = facts_of(raw, now.items, now.settings.min_products)
        rows = facts.vectors(now.items, now.settings.habit_share)
        found = nearest(rows, anchors, now.settings.k, _own(facts.ids, now.anchors.ids))
        drawn = strengths(*found, now.homes, len(now.communities))
        yield list(_rows(now, facts, drawn))


def _own(ids: Array, anchors: Array) -> Array:
    found = np.full(len(ids), -1, np.int64)
    _, here, there = np.intersect1d(ids, anchors, return_indices=True)
    found[here] = there
    return found


def _rows(now: Standing, facts: Facts, drawn: Array) -> Iterator[Row]:
    ids = facts.ids.tolist()
    for place, which in zip(*(each.tolist() for each in np.nonzero(drawn)), strict=True):
        strength, community = float(drawn[place, which]), now.communities[which]
        belongs = strength >= now.settings.overlap
        told = _why(now, facts, place, community) if belongs else ""
        yield ids[place], community.id, strength, belongs, told


def _why(now: Standing, facts: Facts, place: int, community: Community) -> str:
    """In the customer's own products: which of the marks of the community they bought."""
    bought = {now.items.skus[each] for each in _row(facts.products, place)}
    does = {now.items.habits[each] for each in _row(facts.habits, place)}
    theirs = [mark.name for mark in community.marks if mark.key in bought]
    alike = [mark.name for mark in community.habits if mark.key in does]
    told = f"bought {len(theirs)} of its {len(community.marks)} marks"
    if theirs:
        told += ": " + ", ".join(theirs[:NAMED])
    else:
        told = "buys like its members, though none of its marks"
    return f"{told}; {alike[0]}" if alike else told


def _row(matrix: Any, place: int) -> list[int]:
    found: list[int] = matrix.indices[matrix.indptr[place] : matrix.indptr[place + 1]].tolist()
    return found
