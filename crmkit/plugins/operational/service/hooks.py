"""Where service takes part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crmkit import (
    Cause,
    Changes,
    Columns,
    Customer,
    Finding,
    InteractionKind,
    MissingExtraError,
    Ref,
    Remark,
    Scored,
    Scorer,
    Segment,
    Step,
    Unit,
    hookimpl,
)

from . import actions, queries, telling, turning
from .actions.noting import CES, CSAT
from .config import Settings
from .features import answers, segments
from .model import Effort, Satisfaction
from .tables import service_case, service_clock


@hookimpl
def crmkit_interaction_kinds() -> Iterable[InteractionKind]:
    content = "How content they were with us, 1 to 5."
    yield InteractionKind(name=CSAT, summary=content, payload=Satisfaction)
    easy = "Whether it was easy to get their matter settled, 1 to 7."
    yield InteractionKind(name=CES, summary=easy, payload=Effort)


@hookimpl
def crmkit_saved(unit: Unit, changes: Changes) -> None:
    actions.note(unit, changes)


@hookimpl
def crmkit_scorers() -> Iterable[Scorer]:
    yield Scorer(
        name="satisfaction",
        version="1",
        summary="How content they are with our service, 0 to 1, by their answers of a year.",
        features=answers,
        fit=lambda columns: _scoring().fit(columns),
        score=_score,
    )


def _score(columns: Columns, parameters: Mapping[str, object]) -> Scored:
    scored: Scored = _scoring().score(columns, parameters)
    return scored


def _scoring() -> Any:
    """
    Raises:
        MissingExtraError: Without NumPy.
    """
    try:
        from . import scoring
    except ModuleNotFoundError as exc:
        raise MissingExtraError("Satisfaction", "analytics") from exc
    return scoring


@hookimpl
def crmkit_define_segments(unit: Unit) -> Iterable[Segment]:
    return segments(unit.settings(Settings))


@hookimpl
def crmkit_cycle_steps() -> Iterable[Step]:
    summary = "Note what is late or about to be, and hand it on."
    yield Step(phase="act", name="service", summary=summary, run=turning.watch)


@hookimpl
def crmkit_describe(unit: Unit, customers: Sequence[Customer]) -> Iterator[Remark]:
    for customer_id, (count, since) in queries.open_counts(unit, [c.id for c in customers]).items():
        cases = "an open case" if count == 1 else f"{count} open cases"
        yield Remark(customer_id=customer_id, text=f"has {cases}, since {since:%Y-%m-%d}")


@hookimpl
def crmkit_explain(unit: Unit, refs: Sequence[Ref]) -> Iterator[Cause]:
    for each in queries.cases(unit, [ref.id for ref in refs if ref.noun == "case"]):
        text = f"{each.kind} {each.subject!r}, {each.status}"
        yield Cause(ref=Ref("case", each.id), at=each.opened_at, text=text)


@hookimpl
def crmkit_diagnose(unit: Unit) -> Iterator[Finding]:
    settings = unit.settings(Settings)
    known = {each.name for each in settings.statuses}
    for status in unit.connection.scalars(sa.select(service_case.c.status).distinct()):
        if status not in known:
            yield Finding(
                level="warn",
                subject="service",
                text=f"cases are in the status {status!r}, which the settings do not have",
                mend="put the status back, or move those cases with `crmkit case move`",
            )
    offices = {"always", *(each.name for each in settings.calendars)}
    running = sa.select(service_clock.c.calendar).where(service_clock.c.due_at.is_not(None))
    for name in unit.connection.scalars(running.distinct()):
        if name not in offices:
            yield Finding(
                level="warn",
                subject="service",
                text=f"clocks run by the calendar {name!r}, which the settings do not have",
                mend="put the calendar back; until then those clocks run day and night",
            )


@hookimpl
def crmkit_export(unit: Unit, customer_ids: Sequence[int]) -> Mapping[int, Mapping[str, object]]:
    return telling.exported(unit, customer_ids)


@hookimpl
def crmkit_erase(unit: Unit, customer_ids: Sequence[int]) -> int:
    return actions.forget(unit, customer_ids)
