"""What statements are drawn from: the facts, what other books say, the partition into segments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crmkit import PluginConflictError, Scope, Unit, ask
from crmkit.plugins.foundation import scoring
from crmkit.sql import Count, customer, id_list, interaction, one_of

from .config import Settings
from .costing import bought
from .errors import MixedCurrenciesError, OverlappingSegmentsError
from .features import facts
from .model import Attention, Entries, Period
from .queries import stamp

_ASKED = "profit_asked"


def rows_of(
    unit: Unit,
    period: Period,
    customer_ids: Sequence[int] | None = None,
    *,
    booked: Sequence[str] = (),
) -> list[Mapping[str, Any]]:
    """
    The facts of the period by customer, in the order of their ids, without the purchases of
    sources that are *booked* elsewhere.

    Raises:
        MixedCurrenciesError: If amounts are in several currencies.
    """
    scope, given = _only(unit, period.until, customer_ids)
    select = facts(
        unit.settings(Settings),
        period.since,
        period.until,
        scope,
        booked=booked,
        costed=bool(stamp(unit)),
    )
    found: list[Mapping[str, Any]] = [
        dict(each) for each in unit.connection.execute(select, given).mappings()
    ]
    return sorted(found, key=lambda each: each["customer_id"])


def contributed(unit: Unit, period: Period) -> list[Entries]:
    """
    What other plugins put in.

    Raises:
        PluginConflictError: If two replace the same line.
    """
    answers = unit.hooks.all("profit_entries", unit=unit, since=period.since, until=period.until)
    found: list[Entries] = []
    owners: dict[str, str] = {}
    for plugin, books in answers:
        for entries in books or ():
            for line in entries.replaces:
                if line in owners:
                    told = f"{owners[line]} and {plugin} both replace the line {line!r}"
                    raise PluginConflictError(plugin, told)
                owners[line] = plugin
            found.append(entries)
    return found


def booked_sources(books: Iterable[Entries]) -> list[str]:
    """Sources of interactions whose purchases one of the books holds."""
    return sorted({source for each in books for source in each.sources})


def amounts(
    unit: Unit, entries: Entries, customer_ids: Sequence[int] | None = None
) -> list[tuple[int, str, int, str]]:
    """
    Customer, line, sum and currency of the entries of one book.

    Raises:
        MixedCurrenciesError: If a customer's line is in several currencies.
    """
    booked = entries.select.subquery().c
    select = sa.select(
        booked.customer_id,
        booked.line,
        sa.cast(sa.func.sum(booked.amount_minor), Count),
        sa.func.min(booked.currency),
        sa.func.max(booked.currency),
    ).group_by(booked.customer_id, booked.line)
    given: dict[str, Any] = {}
    if customer_ids is not None:
        select = select.where(one_of(booked.customer_id, _ASKED))
        given = {_ASKED: id_list(unit.connection, customer_ids)}
    found = []
    for customer_id, line, amount, currency, other in unit.connection.execute(select, given):
        refuse_mixed({currency, other})
        found.append((customer_id, line, amount, currency))
    return found


def noted_minor(unit: Unit, period: Period, kind: str, booked: Sequence[str]) -> int:
    """What the interactions of one kind that no book holds add up to, whoever they are of."""
    told = interaction.c
    total = sa.select(sa.cast(sa.func.coalesce(sa.func.sum(told.amount_minor), 0), Count)).where(
        bought(kind, booked), told.at >= period.since, told.at < period.until
    )
    return int(unit.connection.scalar(total) or 0)


def attention(
    unit: Unit, period: Period, customer_ids: Sequence[int] | None = None
) -> list[Attention]:
    """What each customer with an interaction in the period was given in it."""
    return [
        Attention(
            customer_id=each["customer_id"],
            service_minor=each["service_minor"],
            discount_minor=each["discount_minor"],
            minutes=each["minutes"],
            messages=each["messages"],
        )
        for each in rows_of(unit, period, customer_ids)
    ]


def partition(unit: Unit, prefix: str) -> dict[int, str]:
    """
    Which segment, of those whose names begin with *prefix*, each customer is in now.

    Raises:
        OverlappingSegmentsError: If a customer is in two of them.
    """
    names = sorted(name for name in ask.segments(unit) if name.startswith(prefix))
    found: dict[int, str] = {}
    for name in names:
        members: Iterable[Any] = unit.connection.scalars(scoring.members(name))
        for customer_id in members:
            if customer_id in found:
                raise OverlappingSegmentsError(customer_id, found[customer_id], name)
            found[customer_id] = name
    return found


def refuse_mixed(currencies: Iterable[str | None]) -> str:
    """
    The one currency there is, empty without any.

    Raises:
        MixedCurrenciesError: If there are several.
    """
    found = sorted({each for each in currencies if each})
    if len(found) > 1:
        raise MixedCurrenciesError(", ".join(found[:-1]) + f" and {found[-1]}")
    return found[0] if found else ""


def _only(
    unit: Unit, until: datetime, customer_ids: Sequence[int] | None
) -> tuple[Scope | None, dict[str, Any]]:
    if customer_ids is None:
        return None, {}
    asked = sa.select(customer.c.id).where(one_of(customer.c.id, _ASKED))
    return Scope(as_of=until, customers=asked), {_ASKED: id_list(unit.connection, customer_ids)}
