"""Reads: leads, deals and their moves, quotes, preferences, what looks alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs
import sqlalchemy as sa

from crmkit import Money, RecordNotFoundError, Unit
from crmkit.sql import contact_point, fold, id_list, one_of

from .config import Settings
from .model import (
    MICRO,
    Alike,
    Deal,
    Lead,
    Preference,
    Quote,
    QuoteLine,
    StageChange,
)
from .tables import (
    sales_deal,
    sales_lead,
    sales_move,
    sales_preference,
    sales_quote,
    sales_quote_line,
)

ALIKE = 0.5
"""Share of words that two names must have in common."""


def deal(unit: Unit, deal_id: int) -> Deal:
    """
    Raises:
        RecordNotFoundError: If there is none.
    """
    found = deals(unit, [deal_id])
    if not found:
        raise RecordNotFoundError("deal", deal_id)
    return found[0]


def deals(unit: Unit, ids: Iterable[int]) -> list[Deal]:
    """Those that exist, by id."""
    select = sa.select(sales_deal).where(one_of(sales_deal.c.id)).order_by(sales_deal.c.id)
    rows = unit.connection.execute(select, {"ids": id_list(unit.connection, list(ids))})
    return [deal_of(dict(row)) for row in rows.mappings()]


def deal_of(row: dict[str, Any]) -> Deal:
    """From a row of the table."""
    day = row.pop("expected_day")
    return Deal(expected_on=date.fromisoformat(day) if day else None, **row)


def find_deals(
    unit: Unit,
    *,
    pipeline: str = "",
    stage: str = "",
    owner: str | None = None,
    outcome: str | None = "",
    customer_id: int | None = None,
    before: int | None = None,
    size: int = 50,
) -> list[Deal]:
    """
    Deals, latest first; *before* continues after the last id seen.

    Args:
        outcome: Empty for open ones, None for all.
        owner: Empty for nobody's.
    """
    theirs = sales_deal.c
    select = sa.select(sales_deal)
    wanted = {theirs.pipeline: pipeline, theirs.stage: stage, theirs.customer_id: customer_id}
    select = select.where(*(column == value for column, value in wanted.items() if value))
    if owner is not None:
        select = select.where(theirs.owner == owner)
    if outcome is not None:
        select = select.where(theirs.outcome == outcome)
    if before is not None:
        select = select.where(theirs.id < before)
    rows = unit.connection.execute(select.order_by(theirs.id.desc()).limit(size))
    return [deal_of(dict(row)) for row in rows.mappings()]


def all_deals(unit: Unit, *, is_open: bool, pipeline: str = "") -> list[Deal]:
    """Every open, or every closed, deal of a pipeline, or of all."""
    theirs = sales_deal.c
    select = sa.select(sales_deal).where(theirs.outcome == "" if is_open else theirs.outcome != "")
    if pipeline:
        select = select.where(theirs.pipeline == pipeline)
    rows = unit.connection.execute(select.order_by(theirs.id))
    return [deal_of(dict(row)) for row in rows.mappings()]


def deals_by_source(
    unit: Unit, table: sa.Table, pairs: Sequence[tuple[str, str | None]]
) -> dict[tuple[str, str | None], int]:
    """Ids of the deals, or leads, that came from these systems under these keys."""
    keys = [key for _, key in pairs if key is not None]
    if not keys:
        return {}
    theirs = table.c
    select = sa.select(theirs.source, theirs.source_key, theirs.id).where(one_of(theirs.source_key))
    rows = unit.connection.execute(select, {"ids": id_list(unit.connection, keys)})
    return {(row.source, row.source_key): row.id for row in rows}


def moves(unit: Unit, deal_ids: Iterable[int] | None = None) -> list[StageChange]:
    """The moves of deals, oldest first; of all of them where none are named."""
    theirs = sales_move.c
    select = sa.select(
        theirs.deal_id, theirs.at, theirs.actor, theirs.before, theirs.after, theirs.stayed_micros
    ).order_by(theirs.id)
    given = {}
    if deal_ids is not None:
        select = select.where(one_of(theirs.deal_id))
        given = {"ids": id_list(unit.connection, list(deal_ids))}
    return [
        StageChange(
            deal_id=row.deal_id,
            at=row.at,
            actor=row.actor,
            before=row.before,
            after=row.after,
            stayed=timedelta(microseconds=row.stayed_micros),
        )
        for row in unit.connection.execute(select, given)
    ]


def overdue(unit: Unit, *, owner: str = "", team: str = "") -> list[tuple[Deal, str]]:
    """Open deals whose next step is late, or that have none and stay too long in a stage."""
    settings = unit.settings(Settings)
    found = []
    for each in owned(unit, all_deals(unit, is_open=True), owner, team):
        pipeline = settings.pipeline(each.pipeline)
        stage = pipeline.stage(each.stage) if pipeline else None
        if each.next_at is not None and each.next_at < unit.now:
            found.append((each, f"{each.next_what} was due on {each.next_at:%Y-%m-%d}"))
        elif each.next_at is None and stage and stage.days and _is_stale(unit, each, stage.days):
            days = (unit.now - each.stage_since).days
            found.append((each, f"{days} days in {each.stage}, {stage.days} are usual"))
    return found


def owned(unit: Unit, deals: Iterable[Deal], owner: str, team: str) -> list[Deal]:
    """
    Those of one owner, of a team, or, where neither is named, all.

    Raises:
        InvalidValueError: If both are named, or there is no such team.
    """
    owners = unit.settings(Settings).owners(owner, team)
    return [each for each in deals if owners is None or each.owner in owners]


def _is_stale(unit: Unit, deal: Deal, days: int) -> bool:
    return unit.now - deal.stage_since > timedelta(days=days)


def loads(unit: Unit) -> dict[str, int]:
    """How many open deals each owner has."""
    theirs = sales_deal.c
    select = (
        sa.select(theirs.owner, sa.func.count()).where(theirs.outcome == "").group_by(theirs.owner)
    )
    return {row[0]: row[1] for row in unit.connection.execute(select)}


def lead(unit: Unit, lead_id: int) -> Lead:
    """
    Raises:
        RecordNotFoundError: If there is none.
    """
    found = leads(unit, [lead_id])
    if not found:
        raise RecordNotFoundError("lead", lead_id)
    return found[0]


def leads(unit: Unit, ids: Iterable[int]) -> list[Lead]:
    """Those that exist, by id."""
    select = sa.select(sales_lead).where(one_of(sales_lead.c.id)).order_by(sales_lead.c.id)
    rows = unit.connection.execute(select, {"ids": id_list(unit.connection, list(ids))})
    return [Lead(**row) for row in rows.mappings()]


def find_leads(unit: Unit, *, status: str = "", size: int = 50) -> list[Lead]:
    """Leads, latest first."""
    theirs = sales_lead.c
    select = sa.select(sales_lead).order_by(theirs.id.desc()).limit(size)
    select = select.where(theirs.status == status) if status else select
    return [Lead(**row) for row in unit.connection.execute(select).mappings()]


def quote(unit: Unit, quote_id: int) -> Quote:
    """
    Raises:
        RecordNotFoundError: If there is none.
    """
    found = _quotes(unit, sales_quote.c.id == quote_id)
    if not found:
        raise RecordNotFoundError("quote", quote_id)
    return found[0]


def quotes_of(unit: Unit, deal_id: int) -> list[Quote]:
    """All quotes of a deal, oldest first."""
    return _quotes(unit, sales_quote.c.deal_id == deal_id)


def _quotes(unit: Unit, where: sa.ColumnElement[bool]) -> list[Quote]:
    select = sa.select(sales_quote).where(where).order_by(sales_quote.c.id)
    rows = [dict(row) for row in unit.connection.execute(select).mappings()]
    lines = _lines(unit, [row["id"] for row in rows])
    return [
        Quote(
            valid_until=date.fromisoformat(row.pop("valid_day")),
            lines=tuple(lines.get(row["id"], ())),
            **row,
        )
        for row in rows
    ]


def _lines(unit: Unit, quote_ids: Sequence[int]) -> dict[int, list[QuoteLine]]:
    theirs = sales_quote_line.c
    select = (
        sa.select(sales_quote_line)
        .where(one_of(theirs.quote_id))
        .order_by(theirs.quote_id, theirs.position)
    )
    found: dict[int, list[QuoteLine]] = {}
    rows = unit.connection.execute(select, {"ids": id_list(unit.connection, quote_ids)})
    for row in map(dict, rows.mappings()):
        row["quantity"] = Decimal(row.pop("quantity_micro")) / MICRO
        found.setdefault(row.pop("quote_id"), []).append(QuoteLine(**row))
    return found


def preferences(unit: Unit, customer_ids: Sequence[int]) -> list[Preference]:
    """The last that each customer said on each topic."""
    theirs = sales_preference.c
    place = sa.func.row_number().over(
        partition_by=(theirs.customer_id, theirs.topic),
        order_by=(theirs.at.desc(), theirs.interaction_id.desc()),
    )
    last = (
        sa.select(
            theirs.customer_id,
            theirs.topic,
            theirs.what,
            theirs.at,
            theirs.deal_id,
            place.label("place"),
        )
        .where(one_of(theirs.customer_id))
        .subquery()
        .c
    )
    select = sa.select(last.customer_id, last.topic, last.what, last.at, last.deal_id).where(
        last.place == 1
    )
    given = {"ids": id_list(unit.connection, customer_ids)}
    rows = unit.connection.execute(select.order_by(last.customer_id, last.topic), given)
    return [Preference(**row) for row in rows.mappings()]


def alike(unit: Unit, customer_id: int, name: str) -> list[Alike]:
    """
    What may be the same as a deal that is about to be opened: open deals of the customer, or of
    others who share an address with them, whose names have half of their words in common.
    """
    sharing = _sharing(unit, customer_id)
    theirs = sales_deal.c
    select = sa.select(theirs.id, theirs.customer_id, theirs.name).where(
        one_of(theirs.customer_id), theirs.outcome == ""
    )
    given = {"ids": id_list(unit.connection, [customer_id, *sharing])}
    found = []
    for row in unit.connection.execute(select.order_by(theirs.id), given):
        if _in_common(row.name, name) >= ALIKE:
            whose = "of the same customer" if row.customer_id == customer_id else _whose(row)
            why = f"open deal {row.name!r} {whose}"
            found.append(Alike(deal_id=row.id, customer_id=row.customer_id, why=why))
    told = {each.customer_id for each in found}
    for other, value in sharing.items():
        if other not in told:
            why = f"customer {other} has the same address {value}"
            found.append(Alike(deal_id=None, customer_id=other, why=why))
    return found


def _whose(row: Any) -> str:
    return f"of customer {row.customer_id}, who has the same address"


def _sharing(unit: Unit, customer_id: int) -> dict[int, str]:
    """Other customers with an e-mail address or telephone number of this one."""
    mine, other = contact_point.alias().c, contact_point.alias().c
    select = (
        sa.select(other.customer_id, sa.func.min(other.value))
        .where(
            mine.customer_id == customer_id,
            mine.kind.in_(["email", "phone"]),
            other.key == mine.key,
            other.kind == mine.kind,
            other.customer_id != customer_id,
        )
        .group_by(other.customer_id)
    )
    return {row[0]: row[1] for row in unit.connection.execute(select)}


def _in_common(one: str, other: str) -> float:
    first, second = set(fold(one).split()), set(fold(other).split())
    return len(first & second) / max(1, min(len(first), len(second)))


def plain(record: attrs.AttrsInstance) -> Mapping[str, Any]:
    """A record as JSON can hold it."""

    def serialized(_: object, __: object, value: object) -> object:
        if isinstance(value, datetime | date):
            return value.isoformat()
        return str(value) if isinstance(value, Decimal | Money | timedelta) else value

    return attrs.asdict(record, value_serializer=serialized)
