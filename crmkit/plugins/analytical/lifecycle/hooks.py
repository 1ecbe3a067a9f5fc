"""Where lifecycle takes part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from crmkit import (
    Cause,
    Changes,
    Customer,
    Finding,
    InteractionKind,
    Ref,
    Remark,
    Segment,
    Step,
    Unit,
    hookimpl,
)
from crmkit.plugins.foundation import policy

from . import actions, queries, turning
from .config import Settings
from .features import segments
from .model import DIRECTIONS, Answer, Sent

_NOUNS = {f"objective.{direction}": direction for direction in DIRECTIONS}


@hookimpl
def crmkit_interaction_kinds() -> Iterable[InteractionKind]:
    sent = "The customer sent us somebody."
    yield InteractionKind(name=actions.REFERRAL, summary=sent, payload=Sent)
    said = "How likely they are to recommend us, 0 to 10."
    yield InteractionKind(name=actions.ANSWER, summary=said, payload=Answer)


@hookimpl
def crmkit_saved(unit: Unit, changes: Changes) -> None:
    actions.note(unit, changes)


@hookimpl
def crmkit_define_segments(unit: Unit) -> Iterable[Segment]:
    return segments(unit.settings(Settings))


@hookimpl
def crmkit_cycle_steps() -> Iterable[Step]:
    summary = "Give customers the objective that the policy has for them."
    yield Step(phase="value", name="lifecycle", summary=summary, run=turning.assign)


@hookimpl
def crmkit_describe(unit: Unit, customers: Sequence[Customer]) -> Iterator[Remark]:
    for customer_id, history in queries.objectives_of_many(unit, [c.id for c in customers]).items():
        if history and history[-1].until is None:
            now = history[-1]
            told = f"to {now.direction} since {now.since:%Y-%m-%d}: {now.objective}"
            yield Remark(customer_id=customer_id, text=told)


@hookimpl
def crmkit_explain(unit: Unit, refs: Sequence[Ref]) -> Iterator[Cause]:
    asked = [ref for ref in refs if ref.noun in _NOUNS]
    known = queries.objectives_of_many(unit, [ref.id for ref in asked]) if asked else {}
    for ref in asked:
        for each in known[ref.id]:
            if each.direction == _NOUNS[ref.noun] and each.until is None:
                because = (
                    Ref("policy", each.policy_version),
                    Ref(f"segment.{each.segment}", ref.id),
                )
                yield Cause(ref=ref, at=each.since, text=each.objective, because=because)


@hookimpl
def crmkit_diagnose(unit: Unit) -> Iterator[Finding]:
    try:
        rules = policy.current(unit)
    except policy.NoPolicyError:
        return
    for each in queries.unevaluated(unit, rules):
        yield Finding(
            level="warn",
            subject="lifecycle",
            text=f"the direction {each.direction!r} is for {each.for_whom!r}, which is no segment",
            mend="name a segment of `crmkit segment list` in the policy, or follow it by hand",
        )


@hookimpl
def crmkit_export(unit: Unit, customer_ids: Sequence[int]) -> Mapping[int, Mapping[str, object]]:
    return queries.exported(unit, customer_ids)


@hookimpl
def crmkit_erase(unit: Unit, customer_ids: Sequence[int]) -> int:
    return actions.forget(unit, customer_ids)
