"""Where decisions take part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from crmkit import Cause, Customer, Ref, Remark, Step, Unit, hookimpl

from . import actions, cycle, queries
from .model import Decision


@hookimpl
def crmkit_cycle_steps() -> Iterable[Step]:
    yield Step(
        phase="decide",
        name="decide",
        summary="Decide for every active customer: an offer, a place in the holdout, or silence.",
        run=cycle.decide,
    )
    yield Step(
        phase="learn",
        name="learn",
        summary="Tie purchases to the offers they answer.",
        run=cycle.learn,
    )


@hookimpl
def crmkit_explain(unit: Unit, refs: Sequence[Ref]) -> Iterator[Cause]:
    for each in queries.decisions(unit, [ref.id for ref in refs if ref.noun == "decision"]):
        because = (Ref("policy", each.policy_version), *map(Ref.parse, each.because))
        yield Cause(ref=Ref("decision", each.id), at=each.at, text=_told(each), because=because)
    offers = [ref.id for ref in refs if ref.noun == "offer"]
    for each in queries.decisions_behind(unit, offers):
        assert each.offer_id is not None
        text = f"proposed because: {each.why}"
        because = (Ref("decision", each.id),)
        yield Cause(ref=Ref("offer", each.offer_id), at=each.at, text=text, because=because)


@hookimpl
def crmkit_describe(unit: Unit, customers: Sequence[Customer]) -> Iterator[Remark]:
    latest: dict[int, Decision] = {}
    for each in queries.decisions_about(unit, [customer.id for customer in customers]):
        latest[each.customer_id] = each
    for customer_id, each in latest.items():
        what = f"offer {each.offer_id}, {each.what!r}" if each.offer_id else each.arm
        told = f"{each.at:%Y-%m-%d} in run {each.run}: {what}, because {each.why}"
        yield Remark(customer_id=customer_id, text=told)


@hookimpl
def crmkit_export(unit: Unit, customer_ids: Sequence[int]) -> Mapping[int, Mapping[str, object]]:
    found: dict[int, dict[str, list[object]]] = {}
    for each in queries.decisions_about(unit, customer_ids):
        line: dict[str, Any] = attrs.asdict(each)
        line |= {name: line[name].isoformat() for name in ("at", "window_until")}
        found.setdefault(each.customer_id, {"decisions": []})["decisions"].append(line)
    return found


@hookimpl
def crmkit_erase(unit: Unit, customer_ids: Sequence[int]) -> int:
    return actions.forget(unit, customer_ids)


def _told(decision: Decision) -> str:
    others = len(decision.considered) - 1
    vetoed = sum(1 for each in decision.considered if each.outcome == "vetoed")
    weighed = f"{others} other candidates, {vetoed} of them vetoed"
    what = f": {decision.what!r}" if decision.what else ""
    return f"{decision.arm} in run {decision.run}{what}, because {decision.why} ({weighed})"
