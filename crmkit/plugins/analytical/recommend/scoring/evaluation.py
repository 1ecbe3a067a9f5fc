"""How well a ranking of items foretold what was bought next."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np

from .baskets import Array, Purchases
from .models import ItemModel


@attrs.frozen(kw_only=True)
class Evaluation:
    """
    Means over the customers who bought something new after the cut, of the first *n* items.

    Attributes:
        precision: Of the n, the share that was bought.
        recall: Of what was bought, the share among the n.
        hit_rate: Share of customers with at least one.
        average_precision: MAP: mean over the customers of the mean precision at each hit, by the
            smaller of n and what was bought.
        ndcg: Sum of 1 / log2(place + 1) over the hits, by the best sum possible.
        coverage: Share of all items that are recommended to anybody.
        novelty: Mean of -log2 of the share of customers who had the item already; 1 customer at
            least counts.
    """

    model: str
    n: int
    customers: int
    precision: float
    recall: float
    hit_rate: float
    average_precision: float
    ndcg: float
    coverage: float
    novelty: float


def first_of(scores: Array, owned: Array, n: int) -> Array:
    """
    The *n* items of each customer with the highest score, without what they own, shape (c, n).

    Of equal scores the smaller position comes first.
    """
    open_to = np.where(owned, -np.inf, scores)
    order: Array = np.argsort(-open_to, axis=1, kind="stable")[:, :n]
    return order


def evaluate(
    model: ItemModel, before: Purchases, bought: Sequence[set[int]], n: int, chunk: int = 1_000
) -> Evaluation:
    """
    Args:
        before: What was known at the cut.
        bought: What each customer bought after it; items they had before do not count.
    """
    counted = before.matrix()
    had = np.asarray(counted.sum(axis=0)).ravel()
    rows: list[tuple[float, ...]] = []
    shown: set[int] = set()
    information: list[float] = []
    rarity = -np.log2(np.maximum(had, 1.0) / max(before.shape[0], 1))
    for start in range(0, before.shape[0], chunk):
        part = _customers(before, start, min(start + chunk, before.shape[0]))
        owned = part.matrix().toarray() > 0
        for at, ranked in enumerate(first_of(model.scores(part), owned, n)):
            wanted = bought[start + at] - set(np.flatnonzero(owned[at]).tolist())
            if wanted:
                items = ranked.tolist()
                rows.append(_one(items, wanted, n))
                shown.update(items)
                information += rarity[items].tolist()
    means = np.mean(rows, axis=0) if rows else np.zeros(5)
    return Evaluation(
        model=model.name,
        n=n,
        customers=len(rows),
        precision=float(means[0]),
        recall=float(means[1]),
        hit_rate=float(means[2]),
        average_precision=float(means[3]),
        ndcg=float(means[4]),
        coverage=len(shown) / before.shape[1] if before.shape[1] else 0.0,
        novelty=float(np.mean(information)) if information else 0.0,
    )


def _one(items: Sequence[int], wanted: set[int], n: int) -> tuple[float, ...]:
    hits = np.array([each in wanted for each in items], float)
    places = np.arange(1, len(items) + 1)
    most = min(n, len(wanted))
    reached = np.cumsum(hits) / places
    gain = 1 / np.log2(places + 1)
    best = (1 / np.log2(np.arange(1, most + 1) + 1)).sum()
    return (
        hits.sum() / n,
        hits.sum() / len(wanted),
        float(hits.any()),
        float((reached * hits).sum()) / most,
        float((gain * hits).sum()) / best,
    )


def _customers(purchases: Purchases, start: int, end: int) -> Purchases:
    inside = (purchases.customers >= start) & (purchases.customers < end)
    return Purchases(
        purchases.customers[inside] - start,
        purchases.items[inside],
        purchases.times[inside],
        purchases.counts[inside],
        (end - start, purchases.shape[1]),
    )
