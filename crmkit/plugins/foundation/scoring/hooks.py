"""Where scoring takes part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import attrs

from crmkit import (
    Cause,
    Changes,
    Customer,
    Finding,
    Ref,
    Remark,
    Segment,
    Step,
    Unit,
    hookimpl,
)

from . import actions, checks, defining, explaining, turning
from .queries import memberships_of_many, scores_of_many


@hookimpl
def crmkit_cycle_steps() -> Iterable[Step]:
    summary = "Score the customers something changed about, or all; refresh the segments."
    return [Step(phase="value", name="score", summary=summary, run=turning.value)]


@hookimpl
def crmkit_define_segments(unit: Unit) -> Iterable[Segment]:
    return defining.defined(unit)


@hookimpl
def crmkit_saved(unit: Unit, changes: Changes) -> None:
    actions.mark_changed(unit, changes)


@hookimpl
def crmkit_explain(unit: Unit, refs: Sequence[Ref]) -> Iterable[Cause]:
    return explaining.causes(unit, refs)


@hookimpl
def crmkit_describe(unit: Unit, customers: Sequence[Customer]) -> Iterator[Remark]:
    for customer_id, scores in scores_of_many(unit, [each.id for each in customers]).items():
        for score in scores:
            label = f" ({score.label})" if score.label else ""
            told = f"{score.scorer} {score.value:g}{label} as of {score.as_of:%Y-%m-%d}"
            yield Remark(customer_id=customer_id, text=told)


@hookimpl
def crmkit_export(unit: Unit, customer_ids: Sequence[int]) -> Mapping[int, Mapping[str, object]]:
    scores = scores_of_many(unit, customer_ids)
    memberships = memberships_of_many(unit, customer_ids)
    return {
        customer_id: {
            "scores": [attrs.asdict(each, value_serializer=_plain) for each in scores[customer_id]],
            "segments": [
                attrs.asdict(each, value_serializer=_plain) for each in memberships[customer_id]
            ],
        }
        for customer_id in customer_ids
    }


@hookimpl
def crmkit_erase(unit: Unit, customer_ids: Sequence[int]) -> int:
    return actions.forget(unit, customer_ids)


@hookimpl
def crmkit_diagnose(unit: Unit) -> Iterable[Finding]:
    return checks.findings(unit)


def _plain(_: object, field: object, value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
