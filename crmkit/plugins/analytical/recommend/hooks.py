"""Where recommendations take part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from crmkit import (
    Cause,
    Customer,
    Finding,
    Proposal,
    Ref,
    Remark,
    Step,
    Unit,
    hookimpl,
)

from . import actions, advising, proposing, queries, turning
from .config import Settings


@hookimpl
def crmkit_cycle_steps() -> Iterable[Step]:
    summary = "Learn which items go together, when that is due."
    yield Step(phase="value", name="recommend", summary=summary, run=turning.learn)


@hookimpl
def crmkit_propose_offers(unit: Unit, customers: Sequence[Customer]) -> Iterable[Proposal]:
    return proposing.proposals(unit, customers)


@hookimpl
def crmkit_explain(unit: Unit, refs: Sequence[Ref]) -> Iterator[Cause]:
    asked = [ref.id for ref in refs if ref.noun == "recommend_run"]
    for run in queries.runs(unit, asked) if asked else ():
        told = f"{run.model} learnt {run.items} items from {run.customers} customers"
        yield Cause(ref=Ref("recommend_run", run.id), at=run.at, text=told)


@hookimpl
def crmkit_describe(unit: Unit, customers: Sequence[Customer]) -> Iterator[Remark]:
    if queries.last_run(unit) is None:
        return
    ids = [each.id for each in customers]
    for customer_id, found in advising.recommendations(unit, ids, n=3).items():
        names = ", ".join(each.item.name or each.item.sku for each in found)
        if names:
            yield Remark(customer_id=customer_id, text=f"would probably like: {names}")
    for customer_id, tags in queries.avoided_of_many(unit, ids).items():
        if tags:
            yield Remark(customer_id=customer_id, text=f"wants no {' and no '.join(sorted(tags))}")


@hookimpl
def crmkit_tokens(
    unit: Unit, customer_ids: Sequence[int], purpose: str
) -> Mapping[int, Mapping[str, object]]:
    if queries.last_run(unit) is None:
        return {each: {"products": []} for each in customer_ids}
    found = advising.recommendations(unit, customer_ids, n=3)
    return {
        each: {"products": [{"sku": e.item.sku, "name": e.item.name, "why": e.why} for e in those]}
        for each, those in found.items()
    }


@hookimpl
def crmkit_export(unit: Unit, customer_ids: Sequence[int]) -> Mapping[int, Mapping[str, object]]:
    return {each: {"avoided": told} for each, told in queries.avoided_told(unit, customer_ids)}


@hookimpl
def crmkit_erase(unit: Unit, customer_ids: Sequence[int]) -> int:
    return actions.forget(unit, customer_ids)


@hookimpl
def crmkit_diagnose(unit: Unit) -> Iterator[Finding]:
    run = queries.last_run(unit)
    if run is None:
        text = "nothing is learnt yet"
        yield Finding(level="warn", subject="recommend", text=text, mend="crmkit recommend fit")
    if not unit.settings(Settings).purpose:
        yield Finding(
            level="warn",
            subject="recommend",
            text="no purpose is set: nothing is offered to anybody",
            mend="set `purpose` in [recommend] to a purpose of the policy",
        )
