"""Statements: the facts of a period and what other books say, line by line, exact to the unit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import attrs

from crmkit import Money, Unit

from .books import (
    amounts,
    booked_sources,
    contributed,
    noted_minor,
    partition,
    refuse_mixed,
    rows_of,
)
from .config import Pool, Settings
from .margins import goods_by_line
from .model import LINES, Concentration, Entries, Period, Reconciliation, Statement
from .queries import stamp
from .scoring import concentration as measured
from .scoring import goods_minor

_UNASSIGNED = "(none)"
_ANY = "EUR"
"""Where nothing was booked there is no currency, and minor units are shared out alike in all."""
COUNTED = ("contacts", "minutes", "messages")


def statements(
    unit: Unit, period: Period, customer_ids: Sequence[int] | None = None
) -> list[Statement]:
    """
    A profit and loss for every customer something happened with in the period, by id.

    Args:
        customer_ids: Only these, one statement each, also for those nothing happened with.

    Raises:
        MixedCurrenciesError: If amounts are in several currencies.
        PluginConflictError: If two plugins replace the same line.
    """
    settings = unit.settings(Settings)
    only = None if settings.pools else customer_ids
    books = contributed(unit, period)
    drawn = _drawn(unit, period, settings, books, only)
    shared = _with_overheads(drawn, settings.pools, period)
    if customer_ids is None:
        return [shared[each] for each in sorted(shared)]
    return [shared.get(each, Statement(customer_id=each)) for each in customer_ids]


def _drawn(
    unit: Unit,
    period: Period,
    settings: Settings,
    books: Sequence[Entries],
    only: Sequence[int] | None,
) -> dict[int, Statement]:
    rows = rows_of(unit, period, only, booked=booked_sources(books))
    replaced = {line for each in books for line in each.replaces}
    found = {row["customer_id"]: row for row in _with_goods(rows, settings.margin_share)}
    added: dict[int, dict[str, int]] = {}
    currencies = {row[name] for row in rows for name in ("currency", "other_currency")}
    for entries in books:
        for customer_id, line, amount, currency in amounts(unit, entries, only):
            lines = added.setdefault(customer_id, {})
            lines[line] = lines.get(line, 0) + amount
            currencies.add(currency)
    currency = refuse_mixed(currencies)
    return {
        each: _statement(each, currency, found.get(each, {}), replaced, added.get(each, {}))
        for each in found.keys() | added.keys()
    }


def _with_goods(rows: Sequence[Mapping[str, Any]], margin_share: float) -> list[dict[str, Any]]:
    names = ("revenue_minor", "returns_minor", "costed_minor", "cost")
    revenue, returns, costed, cost = ([row[name] for row in rows] for name in names)
    goods = goods_minor(revenue, returns, margin_share, costed, cost).tolist()
    return [
        {**row, "goods_minor": -cost, "discounts_minor": -row["discount_minor"]}
        | {"service_minor": -row["service_minor"]}
        for row, cost in zip(rows, goods, strict=True)
    ]


def _statement(
    customer_id: int,
    currency: str,
    row: Mapping[str, Any],
    replaced: set[str],
    added: Mapping[str, int],
) -> Statement:
    told: dict[str, Any] = {name: row[name] for name in COUNTED if name in row}
    for name in LINES:
        ours = 0 if name in replaced else row.get(f"{name}_minor", 0)
        told[f"{name}_minor"] = ours + added.get(name, 0)
    return Statement(customer_id=customer_id, currency=currency, **told)


_DRIVERS: Mapping[str, Callable[[Statement], int]] = {
    "contacts": lambda each: each.contacts,
    "minutes": lambda each: round(each.minutes * 60),
    "revenue": lambda each: max(0, each.revenue_minor + each.returns_minor),
}


def _with_overheads(
    drawn: Mapping[int, Statement], pools: Sequence[Pool], period: Period
) -> dict[int, Statement]:
    """Each pool shared out by its driver, to the unit; equally where nobody drove it."""
    found = dict(drawn)
    ids = sorted(found)
    days = (period.until - period.since).total_seconds() / 86_400
    for pool in pools if ids else ():
        weights = [_DRIVERS[pool.driver](found[each]) for each in ids]
        currency = found[ids[0]].currency or _ANY
        whole = Money(round(pool.amount_minor * days), currency)
        parts = whole.allocate(weights if any(weights) else [1] * len(ids))
        for each, part in zip(ids, parts, strict=True):
            overhead = found[each].overhead_minor - part.amount_minor
            found[each] = attrs.evolve(found[each], overhead_minor=overhead)
    return found


def total(drawn: Iterable[Statement], name: str = "") -> Statement:
    """Several statements as one."""
    found = list(drawn)
    sums = {f"{line}_minor": sum(each.line(line) for each in found) for line in LINES}
    return Statement(
        name=name,
        customers=len(found),
        currency=refuse_mixed(each.currency for each in found),
        contacts=sum(each.contacts for each in found),
        minutes=sum(each.minutes for each in found),
        messages=sum(each.messages for each in found),
        **sums,
    )


def by_segment(unit: Unit, period: Period, prefix: str) -> list[Statement]:
    """
    A statement for each segment whose name begins with *prefix*, and one for who is in none.

    Raises:
        OverlappingSegmentsError: If a customer is in two of them.
    """
    segments = partition(unit, prefix)
    groups: dict[str, list[Statement]] = {}
    for each in statements(unit, period):
        groups.setdefault(segments.get(each.customer_id, _UNASSIGNED), []).append(each)
    found = [total(each, name) for name, each in groups.items()]
    return sorted(found, key=lambda each: (-each.profit_minor, each.name))


def reconcile(unit: Unit, period: Period, prefix: str = "") -> Reconciliation:
    """
    Add the statements up every way there is, and hold them against the books they come from.

    Args:
        prefix: Of the segments to add up too.
    """
    drawn = statements(unit, period)
    books = contributed(unit, period)
    replaced = {line for each in books for line in each.replaces}
    whole = total(drawn)
    parts = {"revenue": "purchase.order", "returns": "purchase.return"}
    told = [
        (
            kind,
            whole.line(line) - _added(unit, books, line),
            noted_minor(unit, period, kind, booked_sources(books)),
        )
        for line, kind in parts.items()
        if line not in replaced
    ]
    if "goods" not in replaced and stamp(unit):
        ours = whole.line("goods") - _added(unit, books, "goods")
        told.append(("goods", ours, -goods_by_line(unit, period, booked_sources(books))))
    for each in books:
        if each.total_minor is not None:
            ours = sum(amount for _, _, amount, _ in amounts(unit, each))
            told.append((each.name, ours, each.total_minor))
    segments = by_segment(unit, period, prefix) if prefix else None
    return Reconciliation(
        currency=whole.currency,
        customers_minor=sum(each.profit_minor for each in drawn),
        segments_minor=None if segments is None else sum(each.profit_minor for each in segments),
        books=tuple(told),
    )


def _added(unit: Unit, books: Sequence[Entries], line: str) -> int:
    found = (row for each in books for row in amounts(unit, each))
    return sum(amount for _, name, amount, _ in found if name == line)


def concentration(unit: Unit, period: Period) -> Concentration | None:
    """How unevenly the profit of the period is spread; None where there is none to spread."""
    profits = [each.profit_minor for each in statements(unit, period)]
    return measured(profits) if sum(profits) > 0 else None
