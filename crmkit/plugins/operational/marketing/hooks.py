"""Where marketing takes part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from crmkit import Cause, Changes, Finding, InteractionKind, Ref, Step, Unit, hookimpl

from . import actions, queries, telling, turning
from .actions.responding import CLICKED, OPENED
from .model import Response


@hookimpl
def crmkit_interaction_kinds() -> Iterable[InteractionKind]:
    opened = "The picture of a message was loaded; by a machine, perhaps."
    yield InteractionKind(name=OPENED, summary=opened, payload=Response)
    clicked = "A link of a message was followed; by a machine, perhaps."
    yield InteractionKind(name=CLICKED, summary=clicked, payload=Response)


@hookimpl
def crmkit_saved(unit: Unit, changes: Changes) -> None:
    actions.note(unit, changes)


@hookimpl
def crmkit_cycle_steps() -> Iterable[Step]:
    launches = "Give the audiences of launched campaigns their arms and messages."
    yield Step(phase="decide", name="marketing.campaigns", summary=launches, run=turning.fill)
    journeys = "Let people on journeys go on."
    yield Step(phase="decide", name="marketing.journeys", summary=journeys, run=turning.walk)
    referrals = "Reward referrals that earned it, and take back what went back."
    yield Step(phase="learn", name="marketing.referrals", summary=referrals, run=turning.settle)


@hookimpl
def crmkit_explain(unit: Unit, refs: Sequence[Ref]) -> Iterator[Cause]:
    wanted = [ref.id for ref in refs if ref.noun == "campaign"]
    for each in queries.campaigns(unit, wanted) if wanted else ():
        size = each.audience.get("customers", 0)
        text = f"campaign {each.name!r} to {size:,} customers of {each.segment!r}"
        yield Cause(ref=Ref("campaign", each.id), at=each.launched_at, text=text)
    asked = [ref.id for ref in refs if ref.noun == "journey"]
    for journey in queries.journeys(unit) if asked else ():
        if journey.id in asked:
            text = f"version {journey.version} of the journey {journey.name!r}"
            yield Cause(ref=Ref("journey", journey.id), at=None, text=text)


@hookimpl
def crmkit_diagnose(unit: Unit) -> Iterator[Finding]:
    if unit.crm.is_enabled("billing"):
        return
    for each in queries.programmes(unit):
        if each.gives_points:
            yield Finding(
                level="warn",
                subject="marketing",
                text=f"rewards of {each.name!r} are points, which wait for the plugin billing",
                mend="`crmkit plugins enable billing`, or save the programme with offers",
            )


@hookimpl
def crmkit_export(unit: Unit, customer_ids: Sequence[int]) -> Mapping[int, Mapping[str, object]]:
    return telling.exported(unit, customer_ids)


@hookimpl
def crmkit_erase(unit: Unit, customer_ids: Sequence[int]) -> int:
    return actions.forget(unit, customer_ids)
