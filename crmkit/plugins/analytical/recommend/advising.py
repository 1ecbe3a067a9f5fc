"""What each of some customers might like next, and why; from what was learnt, on demand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import attrs
import sqlalchemy as sa

from crmkit import Scope, Unit
from crmkit.sql import customer, id_list, one_of

from .config import Settings
from .errors import NotFittedError
from .features import purchases
from .model import Because, Item, Neighbour, Recommendation
from .queries import avoided_of_many, items, last_run, neighbours

REASONS: Final = 3
_ASKED: Final = "recommend_asked"
_DAY: Final = 86_400


@attrs.frozen(kw_only=True)
class _Owned:
    """What a customer has: day of the last purchase, and how often."""

    last_day: int
    days: int


@attrs.frozen(kw_only=True)
class _Shelf:
    """What there is to recommend from."""

    settings: Settings
    items: Mapping[str, Item]
    near: Mapping[str, Sequence[Neighbour]]
    customers: int
    today: int


def recommendations(
    unit: Unit, customer_ids: Sequence[int], *, n: int = 5
) -> dict[int, list[Recommendation]]:
    """
    Up to *n* items for each customer, the best first.

    What somebody has speaks for what goes with it; with ``sar`` less the longer ago they bought it.
    Left out are items we do not sell or have not left, what carries a tag they avoid, and what they
    have, unless it is something that people buy again, and their last one is old enough. Who has
    bought nothing gets what most people buy.

    Raises:
        NotFittedError: If nothing was learnt yet.
    """
    run = last_run(unit)
    if run is None:
        raise NotFittedError
    owned = _owned(unit, customer_ids)
    known = items(unit)
    skus = {sku for mine in owned.values() for sku in mine if sku in known}
    shelf = _Shelf(
        settings=unit.settings(Settings),
        items=known,
        near=neighbours(unit, skus),
        customers=max(run.customers, 1),
        today=int(unit.now.timestamp() // _DAY),
    )
    avoided = avoided_of_many(unit, customer_ids)
    return {each: _for_one(shelf, each, owned[each], avoided[each], n) for each in customer_ids}


def _owned(unit: Unit, customer_ids: Sequence[int]) -> dict[int, dict[str, _Owned]]:
    settings = unit.settings(Settings)
    asked = sa.select(customer.c.id).where(one_of(customer.c.id, _ASKED))
    scope = Scope(as_of=unit.now, customers=asked)
    bought = purchases(scope, settings.history_days).subquery().c
    select = sa.select(bought.customer_id, bought.sku, bought.last_day, bought.days)
    found: dict[int, dict[str, _Owned]] = {each: {} for each in customer_ids}
    given: dict[str, Any] = {_ASKED: id_list(unit.connection, customer_ids)}
    for customer_id, sku, last_day, days in unit.connection.execute(select, given):
        found[customer_id][sku] = _Owned(last_day=last_day, days=days)
    return found


def _for_one(
    shelf: _Shelf, customer_id: int, owned: Mapping[str, _Owned], avoided: set[str], n: int
) -> list[Recommendation]:
    parts: dict[str, list[tuple[float, Neighbour]]] = {}
    for sku, mine in owned.items():
        weight = _weight(shelf, mine)
        for each in shelf.near.get(sku, ()):
            parts.setdefault(each.other, []).append((weight * each.likeness, each))
    made = [
        _reasoned(shelf, customer_id, shelf.items[sku], told)
        for sku, told in parts.items()
        if _may(shelf, sku, owned, avoided)
    ]
    best = sorted(made, key=lambda each: (-each.score, each.item.sku))[:n]
    return best or list(_popular(shelf, customer_id, owned, avoided, n))


def _weight(shelf: _Shelf, mine: _Owned) -> float:
    if shelf.settings.model != "sar":
        return 1.0
    age: float = (shelf.today - mine.last_day) / shelf.settings.half_life_days
    return float(0.5**age)


def _may(shelf: _Shelf, sku: str, owned: Mapping[str, _Owned], avoided: set[str]) -> bool:
    item = shelf.items.get(sku)
    if item is None or not item.active or item.stock == 0 or avoided & set(item.tags):
        return False
    if sku not in owned:
        return True
    is_bought_again = item.buyers > 0 and item.repeats / item.buyers >= shelf.settings.repeat_share
    return is_bought_again and shelf.today - owned[sku].last_day >= shelf.settings.repeat_days


def _reasoned(
    shelf: _Shelf, customer_id: int, item: Item, parts: Sequence[tuple[float, Neighbour]]
) -> Recommendation:
    ranked = sorted(parts, key=lambda each: (-each[0], each[1].sku))
    strongest = ranked[0][1]
    buyers = shelf.items[strongest.sku].buyers
    return Recommendation(
        customer_id=customer_id,
        item=item,
        score=sum(part for part, _ in ranked),
        chance=strongest.together / buyers if buyers else 0.0,
        because=tuple(
            Because(sku=each.sku, name=shelf.items[each.sku].name, part=part)
            for part, each in ranked
        ),
    )


def _popular(
    shelf: _Shelf, customer_id: int, owned: Mapping[str, _Owned], avoided: set[str], n: int
) -> Iterator[Recommendation]:
    left = n
    for sku, item in shelf.items.items():
        if left and item.buyers and _may(shelf, sku, owned, avoided):
            left -= 1
            chance = item.buyers / shelf.customers
            yield Recommendation(customer_id=customer_id, item=item, score=chance, chance=chance)
