"""From the database to sets of products and habits; writes nothing."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, TypeAlias

import attrs
import numpy as np
import sqlalchemy as sa
from scipy import sparse  # type: ignore[import-untyped, unused-ignore]

from crmkit import Scope, Unit
from crmkit.sql import customer, id_list, line, one_of

from . import features
from .config import Settings
from .habits import QUARTERS, RETURNS, WEEKDAYS, basket, in_words, usual
from .neighbours import idf, vectors

Array = np.ndarray[Any, Any]
Feature: TypeAlias = Callable[[Scope, datetime], sa.Select[Any]]


@attrs.frozen(kw_only=True)
class Items:
    """
    The products and habits of a run, and what each weighs.

    Attributes:
        skus, habits: In the order of the columns.
        names: Of the products.
    """

    skus: Sequence[str]
    names: Sequence[str]
    sku_weights: Sequence[float]
    habits: Sequence[str]
    habit_weights: Sequence[float]


@attrs.frozen(kw_only=True, eq=False)
class Facts:
    """
    Who takes part, with what.

    Attributes:
        ids: Ascending, shape (n,).
        products, habits: 0/1, sparse, one row for each.
    """

    ids: Array
    products: Any
    habits: Any

    def vectors(self, items: Items, habit_share: float) -> Any:
        return vectors(
            [
                (self.products, np.asarray(items.sku_weights, float), 1 - habit_share),
                (self.habits, np.asarray(items.habit_weights, float), habit_share),
            ]
        )


@attrs.frozen(eq=False)
class Pairs:
    """
    Who has what, before anybody or anything is left out.

    Attributes:
        ids, codes: A customer, and the place in *keys* of what they have; equally long.
    """

    ids: Array
    codes: Array
    keys: Sequence[str]


@attrs.frozen(kw_only=True, eq=False)
class Raw:
    """
    Attributes:
        ids: Everybody who bought, ascending.
    """

    ids: Array
    bought: Pairs
    does: Pairs


def buyers(unit: Unit, as_of: datetime, settings: Settings) -> Array:
    """The active customers who ordered anything of late, by id."""
    scope = Scope(as_of=as_of, customers=_active())
    select = features.buyers(scope, _since(as_of, settings))
    return np.array(sorted(unit.connection.scalars(select)), np.int64)


def read(unit: Unit, ids: Array, as_of: datetime, settings: Settings) -> Raw:
    """What the active ones of *ids* bought and do."""
    scope = Scope(as_of=as_of, customers=_active().where(one_of(customer.c.id)))
    since, bound = _since(as_of, settings), {"ids": id_list(unit.connection, ids.tolist())}

    def rows(feature: Feature) -> Iterable[Any]:
        return unit.connection.execute(feature(scope, since), bound)

    bought = _pairs(rows(features.products))
    known = np.unique(bought.ids)
    does = chain(
        _moments(known, list(rows(features.moments))),
        _baskets(list(rows(features.baskets))),
        ((row[0], RETURNS) for row in rows(features.returners)),
    )
    return Raw(ids=known, bought=bought, does=_pairs(does))


def _active() -> sa.Select[tuple[int]]:
    return sa.select(customer.c.id).where(customer.c.status == "active")


def _since(as_of: datetime, settings: Settings) -> datetime:
    return as_of - timedelta(days=settings.days)


def _pairs(rows: Iterable[Any]) -> Pairs:
    """One at a time into numbers, so that no more than numbers is held."""
    places: dict[str, int] = {}
    ids, codes = array("q"), array("q")
    for customer_id, key in rows:
        ids.append(customer_id)
        codes.append(places.setdefault(key, len(places)))
    return Pairs(np.array(ids, np.int64), np.array(codes, np.int64), list(places))


def _moments(known: Array, rows: Sequence[Any]) -> Iterator[tuple[int, str]]:
    """Usual weekday, time of day and channel of the *known* customers."""
    if not rows:
        return
    ids, weekdays, quarters, channels, orders = map(np.array, zip(*rows, strict=True))
    is_known = np.isin(ids, known)
    place, times = np.searchsorted(known, ids[is_known]), orders[is_known].astype(float)
    kinds, channel = np.unique(channels[is_known], return_inverse=True)
    told = [
        ("mostly on {}s", weekdays[is_known], WEEKDAYS),
        ("mostly {}", quarters[is_known], QUARTERS),
        ("mostly through {}", channel, [str(each) for each in kinds]),
    ]
    for template, codes, words in told:
        habit = usual(place, codes.astype(np.int64), times, len(known), len(words))
        for customer_id, said in zip(known.tolist(), in_words(template, habit, words), strict=True):
            if said is not None and said != template.format(""):
                yield customer_id, said


def _baskets(rows: Sequence[Any]) -> Iterator[tuple[int, str]]:
    if not rows:
        return
    ids, orders, lines = map(np.array, zip(*rows, strict=True))
    for customer_id, said in zip(ids.tolist(), basket(lines, orders), strict=True):
        if said is not None:
            yield customer_id, said


def items_of(unit: Unit, raw: Raw, settings: Settings) -> Items:
    """The most bought products of *raw*, ties by sku, and its habits; rare ones weigh more."""
    keys, counts = raw.bought.keys, np.bincount(raw.bought.codes).tolist()
    most = sorted(range(len(keys)), key=lambda place: (-counts[place], keys[place]))
    chosen = sorted(keys[place] for place in most[: settings.max_items])
    habits, named = sorted(raw.does.keys), _names(unit, chosen)
    facts = _sets(raw, chosen, habits, settings.min_products)
    return Items(
        skus=chosen,
        names=[named.get(each) or each for each in chosen],
        sku_weights=idf(facts.products).tolist(),
        habits=habits,
        habit_weights=idf(facts.habits).tolist(),
    )


def _names(unit: Unit, skus: Sequence[str]) -> Mapping[str, str]:
    select = sa.select(line.c.sku, sa.func.max(line.c.name)).where(one_of(line.c.sku))
    bound = {"ids": id_list(unit.connection, skus)}
    rows = unit.connection.execute(select.group_by(line.c.sku), bound)
    return {row[0]: row[1] for row in rows}


def facts_of(raw: Raw, items: Items, min_products: int) -> Facts:
    """Who of *raw* bought at least *min_products* of the products of *items*."""
    return _sets(raw, items.skus, items.habits, min_products)


def _sets(raw: Raw, skus: Sequence[str], habits: Sequence[str], min_products: int) -> Facts:
    products, theirs = _matrix(raw.ids, raw.bought, skus), _matrix(raw.ids, raw.does, habits)
    enough = np.diff(products.indptr) >= min_products
    return Facts(ids=raw.ids[enough], products=products[enough], habits=theirs[enough])


def _matrix(ids: Array, pairs: Pairs, keys: Sequence[str]) -> Any:
    """0/1, one row for each of *ids*, one column for each of *keys*."""
    column = {key: place for place, key in enumerate(keys)}
    columns = np.array([column.get(key, -1) for key in pairs.keys], np.int64)[pairs.codes]
    is_known = (columns >= 0) & np.isin(pairs.ids, ids)
    rows, columns = np.searchsorted(ids, pairs.ids[is_known]), columns[is_known]
    made = sparse.csr_array(
        sparse.coo_array((np.ones(len(rows)), (rows, columns)), shape=(len(ids), len(keys)))
    )
    made.sort_indices()
    return made


def chosen_among(ids: Array, count: int) -> Array:
    """
    *count* of *ids*, the same ones as long as they are there: those with the lowest hash.

    The hash is the finalizer of SplitMix64 (Steele, Lea & Flood 2014).
    """
    x = ids.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return np.sort(ids[np.argsort(x, kind="stable")[:count]])
