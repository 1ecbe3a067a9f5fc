"""Reads: runs, items, neighbours, what customers avoid."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

import sqlalchemy as sa

from crmkit import RecordNotFoundError, Unit
from crmkit.sql import id_list, one_of

from .model import Item, Neighbour, Run
from .tables import recommend_avoided, recommend_item, recommend_neighbour, recommend_run


def last_run(unit: Unit) -> Run | None:
    select = sa.select(recommend_run).order_by(recommend_run.c.id.desc()).limit(1)
    row = unit.connection.execute(select).mappings().first()
    return None if row is None else Run(**row)


def runs(unit: Unit, ids: Sequence[int]) -> list[Run]:
    """The runs with one of these ids."""
    select = sa.select(recommend_run).where(recommend_run.c.id.in_(ids))
    return [Run(**row) for row in unit.connection.execute(select).mappings()]


def items(unit: Unit, skus: Collection[str] | None = None) -> dict[str, Item]:
    """What is known of these items, or of all, by sku; the most bought first."""
    theirs = recommend_item.c
    select = sa.select(recommend_item).order_by(theirs.buyers.desc(), theirs.sku)
    if skus is not None:
        select = select.where(theirs.sku.in_(skus))
    return {row["sku"]: Item(**row) for row in unit.connection.execute(select).mappings()}


def item(unit: Unit, sku: str) -> Item:
    """
    Raises:
        RecordNotFoundError: If nobody bought it and nobody told of it.
    """
    found = items(unit, [sku])
    if sku not in found:
        raise RecordNotFoundError("item", sku)
    return found[sku]


def neighbours(unit: Unit, skus: Iterable[str]) -> dict[str, list[Neighbour]]:
    """What goes with each of these items, the most alike first."""
    theirs = recommend_neighbour.c
    found: dict[str, list[Neighbour]] = {each: [] for each in skus}
    select = (
        sa.select(recommend_neighbour)
        .where(theirs.sku.in_(list(found)))
        .order_by(theirs.likeness.desc(), theirs.other)
    )
    for row in unit.connection.execute(select).mappings():
        found[row["sku"]].append(Neighbour(**row))
    return found


def avoided_of_many(unit: Unit, customer_ids: Sequence[int]) -> dict[int, set[str]]:
    """The tags each of these customers does not want."""
    theirs = recommend_avoided.c
    found: dict[int, set[str]] = {each: set() for each in customer_ids}
    select = sa.select(theirs.customer_id, theirs.tag).where(one_of(theirs.customer_id))
    for row in unit.connection.execute(select, {"ids": id_list(unit.connection, customer_ids)}):
        found[row[0]].add(row[1])
    return found


def avoided_told(
    unit: Unit, customer_ids: Sequence[int]
) -> Iterator[tuple[int, list[dict[str, str]]]]:
    """What is held of each of these customers, JSON-ready."""
    theirs = recommend_avoided.c
    select = sa.select(recommend_avoided).where(one_of(theirs.customer_id)).order_by(theirs.tag)
    found: dict[int, list[dict[str, str]]] = {}
    for row in unit.connection.execute(select, {"ids": id_list(unit.connection, customer_ids)}):
        told = {"tag": row.tag, "since": row.since.isoformat(), "source": row.source}
        found.setdefault(row.customer_id, []).append(told)
    yield from found.items()
