"""What the four directions cost and gained, and whether keeping costs less than winning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from crmkit import Unit
from crmkit.plugins.analytical import profit

from . import queries
from .config import Settings
from .model import DIRECTIONS, NO_DIRECTION, Keeping, Ledger

_NOTHING = (0, 0)


@attrs.frozen
class _Share:
    """What one customer brought and cost while the policy wanted one thing of them."""

    direction: str
    customer_id: int
    gain_minor: int
    cost_minor: int


def ledgers(unit: Unit, period: profit.Period) -> list[Ledger]:
    """
    One ledger for each direction, and one for what happened while the policy named none.

    Gain is what is left of revenue when returns and goods are paid; cost is what offers gave away,
    serving and overheads. Together they are the profit of everybody in the period, to the unit: of
    the gain with a referred customer, ``referral_share`` is moved to ``advocate``.
    """
    drawn = profit.statements(unit, period)
    currency = next((each.currency for each in drawn if each.currency), "")
    shares = list(_shares(unit, period))
    shares += _left_over(drawn, shares)
    moved = _moved(unit, shares)
    by_direction: dict[str, list[_Share]] = {each: [] for each in (*DIRECTIONS, NO_DIRECTION)}
    for each in shares:
        by_direction[each.direction].append(each)
    return [_ledger(name, currency, each, moved) for name, each in by_direction.items()]


def keeping(unit: Unit, period: profit.Period) -> Keeping:
    """
    Cost per customer won, of those to be acquired, against cost per customer kept, of those to be
    retained, in the period; in minor units.

    Won is who ordered for the first time in it, kept who ordered in it at all.
    """
    from .scoring.keeping import compare

    spent: dict[str, dict[int, float]] = {"acquire": {}, "retain": {}}
    for each in queries.stays(unit, period.since, period.until):
        if each.direction in spent:
            spent[each.direction].setdefault(each.customer_id, 0.0)
    for share in _shares(unit, period):
        if share.direction in spent:
            spent[share.direction][share.customer_id] += share.cost_minor
    ids = sorted({each for customers in spent.values() for each in customers})
    first, last = queries.orders_of(unit, ids, period.until)
    to_win, to_keep = sorted(spent["acquire"]), sorted(spent["retain"])
    return compare(
        [spent["acquire"][each] for each in to_win],
        [each in first and first[each] >= period.since for each in to_win],
        [spent["retain"][each] for each in to_keep],
        [each in last and last[each] >= period.since for each in to_keep],
    )


def _shares(unit: Unit, period: profit.Period) -> Iterator[_Share]:
    """The statements of each customer, cut where their objective changed."""
    cut: dict[tuple[str, profit.Period], list[int]] = {}
    for each in queries.stays(unit, period.since, period.until):
        since = max(each.since, period.since)
        until = period.until if each.until is None else min(each.until, period.until)
        cut.setdefault((each.direction, profit.Period(since, until)), []).append(each.customer_id)
    for (direction, part), ids in cut.items():
        for told in profit.statements(unit, part, ids):
            yield _Share(direction, told.customer_id, *_gain_and_cost(told))


def _gain_and_cost(told: profit.Statement) -> tuple[int, int]:
    cost = -(told.discounts_minor + told.service_minor + told.overhead_minor)
    return told.profit_minor + cost, cost


def _left_over(drawn: Sequence[profit.Statement], shares: Sequence[_Share]) -> list[_Share]:
    """What of each statement lies in no objective's time."""
    known: dict[int, tuple[int, int]] = {}
    for each in shares:
        gain, cost = known.get(each.customer_id, _NOTHING)
        known[each.customer_id] = (gain + each.gain_minor, cost + each.cost_minor)
    left = []
    for told in drawn:
        gain, cost = _gain_and_cost(told)
        mine = known.get(told.customer_id, _NOTHING)
        if (gain, cost) != mine:
            rest = (gain - mine[0], cost - mine[1])
            left.append(_Share(NO_DIRECTION, told.customer_id, *rest))
    return left


def _moved(unit: Unit, shares: Sequence[_Share]) -> dict[str, int]:
    """By direction, the gain that is owed to who sent the customer."""
    share = unit.settings(Settings).referral_share
    sent = queries.senders_of(unit, [each.customer_id for each in shares])
    moved: dict[str, int] = {}
    for each in shares:
        if each.customer_id in sent:
            owed = round(share * each.gain_minor)
            moved[each.direction] = moved.get(each.direction, 0) + owed
    return moved


def _ledger(
    direction: str, currency: str, shares: Sequence[_Share], moved: dict[str, int]
) -> Ledger:
    gain = sum(each.gain_minor for each in shares) - moved.get(direction, 0)
    return Ledger(
        direction=direction,
        customers=len({each.customer_id for each in shares}),
        gain_minor=gain + (sum(moved.values()) if direction == "advocate" else 0),
        cost_minor=sum(each.cost_minor for each in shares),
        currency=currency,
    )
