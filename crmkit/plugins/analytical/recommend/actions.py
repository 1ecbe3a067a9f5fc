"""Writes: what was learnt, what is known of items, what customers avoid."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs
import sqlalchemy as sa

from crmkit import InvalidValueError, Unit
from crmkit.sql import delete_where, insert_many

from .config import Settings
from .model import Item, Run
from .queries import items
from .tables import recommend_avoided, recommend_item, recommend_neighbour, recommend_run

_ITEM = [*attrs.fields_dict(Item)]
LONGEST_TAG = 50
CHUNK = 5_000


def fit(unit: Unit) -> Run:
    """
    Learn which items go together, in place of what was learnt before.

    What was told of items (names, stock, tags, whether we sell them) stays.

    Raises:
        TooThinError: If too little was bought; what was learnt before stays then.
        TooManyItemsError: If the model cannot take so many items.
    """
    from .learning import learnt

    found = learnt(unit)
    known = items(unit)
    counted = [_merged(known.get(each.sku), each) for each in found.items]
    fresh = {each.sku for each in counted}
    rest = [attrs.evolve(known[sku], buyers=0, repeats=0) for sku in known.keys() - fresh]
    _write_items(unit, [*counted, *rest])
    unit.connection.execute(sa.delete(recommend_neighbour))
    model, skus = found.model, [each.sku for each in found.items]
    near, together = model.likeness.tocoo(), model.together
    rows = [
        (skus[i], skus[j], float(value), int(together[i, j]))
        for i, j, value in zip(near.row, near.col, near.data, strict=True)
        if value > 0
    ]
    insert_many(unit.connection, recommend_neighbour, _strongest(unit, rows))
    (new,) = unit.new_ids(recommend_run, 1)
    run = Run(
        id=new,
        model=model.name,
        items=len(skus),
        customers=found.customers,
        at=unit.now,
        actor=unit.actor,
    )
    unit.connection.execute(sa.insert(recommend_run).values(attrs.asdict(run)))
    return run


def _strongest(
    unit: Unit, rows: Iterable[tuple[str, str, float, int]]
) -> list[tuple[str, str, float, int]]:
    """Of each item so many neighbours as are kept; ease gives all of them."""
    most, kept = unit.settings(Settings).neighbours, dict[str, int]()
    found = []
    for row in sorted(rows, key=lambda each: (each[0], -each[2], each[1])):
        kept[row[0]] = kept.get(row[0], 0) + 1
        if kept[row[0]] <= most:
            found.append(row)
    return found


def _merged(told: Item | None, counted: Item) -> Item:
    if told is None:
        return counted
    return attrs.evolve(
        counted,
        name=told.name or counted.name,
        active=told.active,
        stock=told.stock,
        tags=told.tags,
    )


def tell(unit: Unit, told: Iterable[Item]) -> int:
    """
    Say what is known of items: name, whether we sell them, stock, tags. What was counted stays.

    Returns: how many are new or changed.
    """
    wanted = {each.sku: each for each in told}
    known = items(unit, list(wanted))
    counted = ("buyers", "repeats", "price_minor", "currency")
    changed = []
    for sku, each in wanted.items():
        if before := known.get(sku):
            kept = {name: getattr(before, name) for name in counted}
            each = attrs.evolve(each, **kept)
        if each != known.get(sku):
            changed.append(each)
    _write_items(unit, changed)
    return len(changed)


def _write_items(unit: Unit, records: Sequence[Item]) -> None:
    for start in range(0, len(records), CHUNK):
        part = records[start : start + CHUNK]
        gone = recommend_item.c.sku.in_([each.sku for each in part])
        unit.connection.execute(sa.delete(recommend_item).where(gone))
        rows = [attrs.asdict(each) | {"tags": list(each.tags)} for each in part]
        told = [tuple(row[name] for name in _ITEM) for row in rows]
        insert_many(unit.connection, recommend_item, told, _ITEM)


def avoid(unit: Unit, customer_id: int, tag: str, *, source: str = "") -> None:
    """
    Never offer the customer anything that carries *tag*; saying so twice is once.

    Raises:
        RecordNotFoundError: If there is no such customer.
        InvalidValueError: If *tag* is empty or longer than fifty characters.
    """
    word = tag.strip().lower()
    if not 0 < len(word) <= LONGEST_TAG:
        raise InvalidValueError("tag", tag, "a word such as meat, of at most 50 characters")
    unit.customers.get(customer_id)
    allow(unit, customer_id, word)
    insert_many(unit.connection, recommend_avoided, [(customer_id, word, unit.now, source)])


def allow(unit: Unit, customer_id: int, tag: str) -> bool:
    """Take :func:`avoid` back; returns whether there was something to take back."""
    theirs = recommend_avoided.c
    gone = sa.delete(recommend_avoided).where(
        theirs.customer_id == customer_id, theirs.tag == tag.strip().lower()
    )
    return bool(unit.connection.execute(gone).rowcount)


def forget(unit: Unit, customer_ids: Sequence[int]) -> int:
    """Delete what these customers avoid."""
    return delete_where(unit.connection, recommend_avoided, "customer_id", customer_ids)
