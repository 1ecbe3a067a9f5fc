"""Where sales takes part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crmkit import (
    Cause,
    Changes,
    Customer,
    Finding,
    InteractionKind,
    Ref,
    Remark,
    Scope,
    Segment,
    Unit,
    hookimpl,
)
from crmkit.sql import Text

from . import actions, queries, telling
from .actions.noting import HEARD
from .config import Settings
from .model import Heard
from .tables import sales_deal


@hookimpl
def crmkit_interaction_kinds() -> Iterable[InteractionKind]:
    summary = "What they like, or want to be spared."
    yield InteractionKind(name=HEARD, summary=summary, payload=Heard)


@hookimpl
def crmkit_saved(unit: Unit, changes: Changes) -> None:
    actions.note(unit, changes)


@hookimpl
def crmkit_segments() -> Iterable[Segment]:
    summary = "May buy: have an open deal."
    yield Segment(name="sales.in_talks", summary=summary, members=_in_talks)


def _in_talks(scope: Scope) -> sa.Select[Any]:
    theirs = sales_deal.c
    why = sa.literal("an open deal", Text).label("why")
    return (
        sa.select(theirs.customer_id, why)
        .where(
            theirs.opened_at < scope.as_of,
            sa.or_(theirs.closed_at.is_(None), theirs.closed_at >= scope.as_of),
            scope.covers(theirs.customer_id),
        )
        .distinct()
    )


@hookimpl
def crmkit_describe(unit: Unit, customers: Sequence[Customer]) -> Iterator[Remark]:
    ids = [each.id for each in customers]
    for each in queries.preferences(unit, ids):
        yield Remark(customer_id=each.customer_id, text=f"{each.topic}: {each.what}")
    for customer_id in ids:
        for deal in queries.find_deals(unit, customer_id=customer_id, size=3):
            text = f"deal {deal.name!r} over {deal.value}, in {deal.stage}"
            step = f"; next: {deal.next_what} by {deal.next_at:%Y-%m-%d}" if deal.next_at else ""
            yield Remark(customer_id=customer_id, text=text + step)


@hookimpl
def crmkit_explain(unit: Unit, refs: Sequence[Ref]) -> Iterator[Cause]:
    for deal in queries.deals(unit, [ref.id for ref in refs if ref.noun == "deal"]):
        because = (Ref("lead", deal.lead_id),) if deal.lead_id else ()
        text = f"{deal.name!r} over {deal.value}, in {deal.stage}"
        yield Cause(ref=Ref("deal", deal.id), at=deal.opened_at, text=text, because=because)
    for lead in queries.leads(unit, [ref.id for ref in refs if ref.noun == "lead"]):
        text = f"{lead.interest!r}, {lead.status.replace('_', ' ')}"
        yield Cause(ref=Ref("lead", lead.id), at=lead.opened_at, text=text)


@hookimpl
def crmkit_diagnose(unit: Unit) -> Iterator[Finding]:
    theirs, settings = sales_deal.c, unit.settings(Settings)
    select = (
        sa.select(theirs.pipeline, theirs.stage, sa.func.count().label("deals"))
        .where(theirs.outcome == "")
        .group_by(theirs.pipeline, theirs.stage)
    )
    for row in unit.connection.execute(select):
        pipeline = settings.pipeline(row.pipeline)
        if pipeline is None or pipeline.stage(row.stage) is None:
            where = f"the stage {row.stage!r} of the pipeline {row.pipeline!r}"
            yield Finding(
                level="warn",
                subject="sales",
                text=f"{row.deals} open deals are in {where}, which the settings do not have",
                mend="put the stage back, or move those deals with `crmkit deal move`",
            )


@hookimpl
def crmkit_export(unit: Unit, customer_ids: Sequence[int]) -> Mapping[int, Mapping[str, object]]:
    return telling.exported(unit, customer_ids)


@hookimpl
def crmkit_erase(unit: Unit, customer_ids: Sequence[int]) -> int:
    return actions.forget(unit, customer_ids)
