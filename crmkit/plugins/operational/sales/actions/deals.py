"""Deals: opened, moved, changed, assigned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import attrs
import sqlalchemy as sa

from crmkit import InvalidValueError, Money, RecordNotFoundError, StaleVersionError, Unit, atomic
from crmkit.sql import insert_many, update_rows

from .. import queries
from ..assigning import chosen
from ..config import Pipeline, Settings
from ..errors import NoSuchMoveError, ReasonNeededError, UnknownNameError
from ..model import Deal, DealDraft
from ..tables import sales_deal, sales_move

_COLUMNS: Final = tuple(sales_deal.c.keys())
_MOVED: Final = ("stage", "stage_since", "closed_at", "outcome", "reason", "version")


_CHANGEABLE: Final = (
    "name", "owner", "amount", "monthly", "term_months", "probability", "expected_on",
)  # fmt: skip


@atomic
def open_deals(unit: Unit, drafts: Sequence[DealDraft]) -> list[Deal]:
    """
    Open deals. One known by its source is returned.

    Ask :func:`crmkit.plugins.operational.sales.alike` before, to be warned of the same deal.

    Raises:
        RecordNotFoundError: If a customer does not exist.
        UnknownNameError: If the settings have no such pipeline or stage.
    """
    settings = unit.settings(Settings)
    pairs = [(each.source, each.source_key) for each in drafts]
    known = queries.deals_by_source(unit, sales_deal, pairs)
    fresh = [each for each in drafts if (each.source, each.source_key) not in known]
    _refuse_unknown(unit, {each.customer_id for each in fresh})
    ids = unit.new_ids(sales_deal, len(fresh)) if fresh else ()
    opened = [_opened(unit, each, n, settings) for each, n in zip(fresh, ids, strict=True)]
    insert_many(unit.connection, sales_deal, map(_row, opened), _COLUMNS)
    _write_moves(unit, [(each.id, "", each.stage, 0) for each in opened])
    new = iter(opened)
    there = {each.id: each for each in queries.deals(unit, set(known.values()))}
    return [there[known[pair]] if pair in known else next(new) for pair in pairs]


def _refuse_unknown(unit: Unit, customer_ids: Iterable[int]) -> None:
    wanted = sorted(customer_ids)
    there = {each.id for each in unit.customers.get_many(wanted)}
    for each in wanted:
        if each not in there:
            raise RecordNotFoundError("customer", each)


def _opened(unit: Unit, draft: DealDraft, new_id: int, settings: Settings) -> Deal:
    pipeline = _pipeline(settings, draft.pipeline or settings.pipelines[0].name)
    stage = pipeline.stage(draft.stage or pipeline.stages[0].name)
    if stage is None:
        raise UnknownNameError("stage", draft.stage, [each.name for each in pipeline.stages])
    money = draft.amount or draft.monthly
    return Deal(
        id=new_id,
        customer_id=draft.customer_id,
        name=draft.name,
        pipeline=pipeline.name,
        stage=stage.name,
        owner=draft.owner,
        amount_minor=draft.amount.amount_minor if draft.amount else 0,
        monthly_minor=draft.monthly.amount_minor if draft.monthly else 0,
        term_months=draft.term_months,
        currency=money.currency if money else settings.currency,
        probability=draft.probability,
        expected_on=draft.expected_on,
        opened_at=unit.now,
        stage_since=unit.now,
        closed_at=unit.now if stage.outcome else None,
        outcome=stage.outcome,
        reason="",
        next_at=None,
        next_what="",
        lead_id=draft.lead_id,
        source=draft.source,
        source_key=draft.source_key,
        version=1,
    )


def _pipeline(settings: Settings, name: str) -> Pipeline:
    found = settings.pipeline(name)
    if found is None:
        raise UnknownNameError("pipeline", name, [each.name for each in settings.pipelines])
    return found


def _row(deal: Deal) -> tuple[Any, ...]:
    day = deal.expected_on.isoformat() if deal.expected_on else None
    return tuple(day if name == "expected_day" else getattr(deal, name) for name in _COLUMNS)


@atomic
def move(
    unit: Unit,
    deal_ids: Iterable[int],
    stage: str,
    *,
    reason: str = "",
    version: int | None = None,
) -> list[Deal]:
    """
    Move deals to a stage, all or none of them; who is there already stays untouched.

    Args:
        reason: Why they are won or lost.
        version: What the one deal was read with.

    Raises:
        RecordNotFoundError: If a deal does not exist.
        UnknownNameError: If their pipeline has no such stage, or no such reason.
        NoSuchMoveError: If their pipeline has no way there.
        ReasonNeededError: If the pipeline wants a reason, and none is given.
        StaleVersionError: If somebody else changed a deal meanwhile.
    """
    settings = unit.settings(Settings)
    found = _read(unit, deal_ids, version)
    pairs = [(each, _moved(unit, each, stage, reason, settings)) for each in found]
    moved = [(before, after) for before, after in pairs if after is not before]
    _write(unit, moved)
    _write_moves(
        unit,
        [
            (before.id, before.stage, after.stage, _micros(unit.now, before.stage_since))
            for before, after in moved
        ],
    )
    return [after for _, after in pairs]


def _write(unit: Unit, moved: Sequence[tuple[Deal, Deal]]) -> None:
    rows = [
        (
            after.stage,
            unit.instant(after.stage_since),
            after.closed_at and unit.instant(after.closed_at),
            after.outcome,
            after.reason,
            after.version,
            after.id,
            before.version,
        )
        for before, after in moved
    ]
    if rows:
        done = update_rows(unit.connection, sales_deal, rows, key=("id", "version"), values=_MOVED)
        if done != len(rows):
            raise StaleVersionError("deal", [each.id for each, _ in moved])


def _micros(now: datetime, since: datetime) -> int:
    return round((now - since).total_seconds() * 1_000_000)


def _read(unit: Unit, deal_ids: Iterable[int], version: int | None) -> list[Deal]:
    ids = list(dict.fromkeys(deal_ids))
    found = {each.id: each for each in queries.deals(unit, ids)}
    for each in ids:
        if each not in found:
            raise RecordNotFoundError("deal", each)
        if version is not None and found[each].version != version:
            raise StaleVersionError("deal", [each])
    return [found[each] for each in ids]


def _moved(unit: Unit, deal: Deal, stage: str, reason: str, settings: Settings) -> Deal:
    pipeline = _pipeline(settings, deal.pipeline)
    after = pipeline.stage(stage)
    if after is None:
        raise UnknownNameError("stage", stage, [each.name for each in pipeline.stages])
    if deal.stage == stage:
        return deal
    ways = pipeline.ways(deal.stage)
    if stage not in ways:
        raise NoSuchMoveError(deal.id, deal.stage, stage, ways)
    reasons = pipeline.reasons(after.outcome)
    if reasons and not reason:
        raise ReasonNeededError(stage, reasons)
    if reasons and reason not in reasons:
        raise UnknownNameError(f"reason for {stage}", reason, reasons)
    return attrs.evolve(
        deal,
        stage=stage,
        stage_since=unit.now,
        closed_at=unit.now if after.outcome else None,
        outcome=after.outcome,
        reason=reason if after.outcome else "",
        version=deal.version + 1,
    )


def _write_moves(unit: Unit, told: Sequence[tuple[int, str, str, int]]) -> None:
    ids = unit.new_ids(sales_move, len(told)) if told else ()
    rows = [
        (new, deal_id, unit.now, unit.actor, before, after, stayed)
        for new, (deal_id, before, after, stayed) in zip(ids, told, strict=True)
    ]
    insert_many(unit.connection, sales_move, rows)


def change(unit: Unit, deal_id: int, *, version: int | None = None, **wanted: Any) -> Deal:
    """
    Change the ``name``, ``owner``, ``amount``, ``monthly``, ``term_months``, ``probability`` or
    ``expected_on`` of a deal.

    Raises:
        RecordNotFoundError: If it does not exist.
        StaleVersionError: If somebody else changed it meanwhile.
        MixedCurrenciesError: If one amount is in another currency than the other.
        InvalidValueError: If a value is none.
    """
    (before,) = _read(unit, [deal_id], version)
    for name in wanted:
        if name not in _CHANGEABLE:
            raise InvalidValueError("field", name, f"one of {', '.join(_CHANGEABLE)}")
    after = attrs.evolve(_as_draft(before), **wanted)
    money = after.amount or after.monthly
    theirs = sales_deal.c
    done = unit.connection.execute(
        sa.update(sales_deal)
        .where(theirs.id == deal_id, theirs.version == before.version)
        .values(
            name=after.name,
            owner=after.owner,
            amount_minor=after.amount.amount_minor if after.amount else 0,
            monthly_minor=after.monthly.amount_minor if after.monthly else 0,
            term_months=after.term_months,
            currency=money.currency if money else before.currency,
            probability=after.probability,
            expected_day=after.expected_on.isoformat() if after.expected_on else None,
            version=before.version + 1,
        )
    )
    if done.rowcount != 1:
        raise StaleVersionError("deal", [deal_id])
    return queries.deal(unit, deal_id)


def _as_draft(deal: Deal) -> DealDraft:
    def amount(minor: int) -> Money | None:
        return Money(minor, deal.currency) if minor else None

    return DealDraft(
        customer_id=deal.customer_id,
        name=deal.name,
        amount=amount(deal.amount_minor),
        monthly=amount(deal.monthly_minor),
        term_months=deal.term_months,
        owner=deal.owner,
        probability=deal.probability,
        expected_on=deal.expected_on,
    )


def set_next(unit: Unit, deal_id: int, what: str, at: datetime | None) -> Deal:
    """
    Say what is to be done next with a deal, and by when; None for nothing any more.

    Raises:
        RecordNotFoundError: If it does not exist.
    """
    (before,) = _read(unit, [deal_id], None)
    if at is not None and (at.utcoffset() is None or not what.strip()):
        raise InvalidValueError("next", what, "what is to be done, and an instant with a time zone")
    theirs = sales_deal.c
    statement = sa.update(sales_deal).where(theirs.id == deal_id)
    unit.connection.execute(
        statement.values(next_at=at, next_what=what if at else "", version=before.version + 1)
    )
    return queries.deal(unit, deal_id)


@atomic
def assign(unit: Unit, deal_ids: Iterable[int] | None = None) -> dict[int, str]:
    """
    Give open deals that nobody owns to sellers: of those whose team sells from that pipeline, and
    whose territory the customer is in, to whom has most of their capacity left. Who is full gets
    none; a deal may stay nobody's.

    Returns the owner of each deal that was given away.
    """
    settings = unit.settings(Settings)
    if deal_ids is None:
        waiting = queries.find_deals(unit, owner="", size=1_000_000)[::-1]
    else:
        waiting = [e for e in _read(unit, deal_ids, None) if not e.owner and not e.outcome]
    people = {each.id: each for each in unit.customers.get_many({d.customer_id for d in waiting})}
    asked = [(each, people[each.customer_id]) for each in waiting]
    given = chosen(asked, settings, queries.loads(unit))
    versions = {each.id: each.version for each in waiting}
    rows = [
        (owner, versions[deal_id] + 1, deal_id, versions[deal_id])
        for deal_id, owner in given.items()
    ]
    if rows:
        done = update_rows(
            unit.connection, sales_deal, rows, key=("id", "version"), values=("owner", "version")
        )
        if done != len(rows):
            raise StaleVersionError("deal", list(given))
    return given
