"""From purchases to a model, and how well such a model foretells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import attrs
import numpy as np

from crmkit import Scope, Unit
from crmkit.plugins.foundation.scoring import read_columns

from .config import PLAIN, Settings
from .errors import TooThinError
from .features import baskets, purchases
from .model import Item
from .scoring.baskets import Array, Purchases
from .scoring.evaluation import Evaluation, evaluate
from .scoring.factors import als
from .scoring.models import ItemModel, cosine, ease, popular, sar
from .scoring.rules import Rule, association_rules

FEWEST_CUSTOMERS: Final = 20
FEWEST_ITEMS: Final = 5


@attrs.frozen(eq=False)
class Learnt:
    """A model, and what its positions stand for."""

    model: ItemModel
    items: tuple[Item, ...]
    customers: int


def learnt(unit: Unit) -> Learnt:
    """
    Learn from the purchases there are now; writes nothing.

    Raises:
        TooThinError: If fewer than twenty customers or five items are known.
        TooManyItemsError: If the model cannot take so many items.
    """
    settings = unit.settings(Settings)
    columns = _columns(unit, settings, Scope(as_of=unit.now))
    known = _items(columns, settings.max_items)
    kept, bought, customers = _purchases(columns, [each.sku for each in known])
    if customers < FEWEST_CUSTOMERS or len(known) < FEWEST_ITEMS:
        raise TooThinError(
            f"{customers} customers bought {len(known)} different items; to learn from it takes "
            f"{FEWEST_CUSTOMERS} and {FEWEST_ITEMS}"
        )
    return Learnt(model_of(settings.model, settings, bought), tuple(known), len(kept))


def model_of(name: str, settings: Settings, bought: Purchases) -> ItemModel:
    """The model of that name, with the settings it has."""
    made: ItemModel
    if name == "sar":
        made = sar(bought, settings.neighbours, settings.half_life_days)
    elif name == "cosine":
        made = cosine(bought, settings.neighbours)
    elif name == "ease":
        made = ease(bought, settings.regularisation)
    elif name == "als":
        made = als(bought, settings.neighbours, settings.factors)
    else:
        made = popular(bought, settings.half_life_days)
    return made


def evaluated(
    unit: Unit, *, cut: datetime, n: int = 10, names: Sequence[str] = PLAIN
) -> list[Evaluation]:
    """
    Learn from what was bought before *cut*, and compare with what was bought after it.

    Raises:
        TooThinError: If there is too little on either side of the cut.
    """
    settings = unit.settings(Settings)
    before = _columns(unit, settings, Scope(as_of=cut))
    after = read_columns(
        unit.connection,
        "recommend",
        purchases(Scope(as_of=unit.now), settings.history_days, since=cut),
    )
    skus = [each.sku for each in _items(before, settings.max_items)]
    customers, bought, count = _purchases(before, skus)
    later = _bought(after, customers, skus)
    if count < FEWEST_CUSTOMERS or sum(map(bool, later)) < FEWEST_CUSTOMERS:
        told = f"{count} customers bought before {cut:%Y-%m-%d}, {sum(map(bool, later))} after it"
        raise TooThinError(f"{told}; to compare takes {FEWEST_CUSTOMERS} of each")
    return [evaluate(model_of(name, settings, bought), bought, later, n) for name in names]


def rules(unit: Unit, *, min_support: str, min_confidence: str) -> list[Rule]:
    """Association rules among the orders there are, exact."""
    settings = unit.settings(Settings)
    select = baskets(Scope(as_of=unit.now), settings.history_days)
    held: dict[int, set[str]] = {}
    for order, sku in unit.connection.execute(select):
        held.setdefault(order, set()).add(sku)
    if not held:
        raise TooThinError("there are no orders with lines")
    return association_rules(held.values(), min_support=min_support, min_confidence=min_confidence)


def _columns(unit: Unit, settings: Settings, scope: Scope) -> Mapping[str, Array]:
    columns: Mapping[str, Array] = read_columns(
        unit.connection, "recommend", purchases(scope, settings.history_days)
    )
    return columns


def _items(columns: Mapping[str, Array], most: int) -> list[Item]:
    """What the purchases say of each item, the most bought first; only so many."""
    skus, place, buyers = np.unique(
        columns["sku"].astype(str), return_inverse=True, return_counts=True
    )
    repeats = np.bincount(place, columns["days"] > 1, len(skus))
    amount = np.bincount(place, columns["amount_minor"], len(skus))
    quantity = np.bincount(place, columns["quantity"].astype(float), len(skus))
    price = np.divide(amount, quantity, out=np.zeros(len(skus)), where=quantity > 0)
    last: dict[int, int] = dict(zip(place.tolist(), range(len(place)), strict=True))
    order = sorted(range(len(skus)), key=lambda at: (-buyers[at], skus[at]))[:most]
    return [
        Item(
            sku=str(skus[at]),
            name=str(columns["name"][last[at]]),
            buyers=int(buyers[at]),
            repeats=int(repeats[at]),
            price_minor=round(float(price[at])),
            currency=str(columns["currency"][last[at]]),
        )
        for at in order
    ]


def _purchases(
    columns: Mapping[str, Array], skus: Sequence[str]
) -> tuple[list[int], Purchases, int]:
    """Customer ids, who bought what of *skus* by position, and how many customers that are."""
    place = {sku: at for at, sku in enumerate(skus)}
    inside = np.array([each in place for each in columns["sku"].tolist()], bool)
    ids, who = np.unique(columns["customer_id"][inside], return_inverse=True)
    what: list[Any] = [place[each] for each in columns["sku"][inside].tolist()]
    bought = Purchases.of(
        who, what, columns["last_day"][inside], columns["days"][inside], (len(ids), len(skus))
    )
    return ids.tolist(), bought, len(ids)


def _bought(
    columns: Mapping[str, Array], customers: Sequence[int], skus: Sequence[str]
) -> list[set[int]]:
    """What each of the customers bought, by position in *skus*."""
    place = {sku: at for at, sku in enumerate(skus)}
    found: dict[int, set[int]] = {each: set() for each in customers}
    for customer_id, sku in zip(
        columns["customer_id"].tolist(), columns["sku"].tolist(), strict=True
    ):
        if customer_id in found and sku in place:
            found[customer_id].add(place[sku])
    return list(found.values())
