"""Where communities take part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from crmkit import Cause, Changes, Customer, Finding, Ref, Remark, Segment, Step, Unit, hookimpl

from . import actions, explaining, queries, turning


@hookimpl
def crmkit_cycle_steps() -> Iterable[Step]:
    summary = "Find communities anew when due; else place who is new or changed."
    return [Step(phase="value", name="communities", summary=summary, run=turning.value)]


@hookimpl
def crmkit_define_segments(unit: Unit) -> Iterable[Segment]:
    return queries.segments(unit)


@hookimpl
def crmkit_saved(unit: Unit, changes: Changes) -> None:
    actions.mark_changed(unit, changes)


@hookimpl
def crmkit_explain(unit: Unit, refs: Sequence[Ref]) -> Iterable[Cause]:
    return explaining.causes(unit, refs)


@hookimpl
def crmkit_describe(unit: Unit, customers: Sequence[Customer]) -> Iterator[Remark]:
    found = queries.memberships_of_many(unit, [each.id for each in customers])
    for customer_id, memberships in found.items():
        for each in memberships:
            if each.belongs:
                told = f"community {each.name} ({each.strength:.2f}): {each.why}"
                yield Remark(customer_id=customer_id, text=told)


@hookimpl
def crmkit_export(unit: Unit, customer_ids: Sequence[int]) -> Mapping[int, Mapping[str, object]]:
    memberships = queries.memberships_of_many(unit, customer_ids)
    anchored = queries.anchored_on(unit, customer_ids)
    return {
        customer_id: {
            "memberships": [attrs.asdict(each) for each in memberships[customer_id]],
            "found_among": anchored.get(customer_id),
        }
        for customer_id in customer_ids
        if memberships[customer_id] or customer_id in anchored
    }


@hookimpl
def crmkit_erase(unit: Unit, customer_ids: Sequence[int]) -> int:
    return actions.forget(unit, customer_ids)


@hookimpl
def crmkit_diagnose(unit: Unit) -> Iterator[Finding]:
    last = queries.last_run(unit)
    if last is None:
        mend = "crmkit communities run"
        yield Finding(level="warn", subject="communities", text="never run", mend=mend)
    elif last.state == "refused":
        text = f"last run refused: {last.reason}"
        yield Finding(level="warn", subject="communities", text=text)
    else:
        text = f"found as of {last.as_of:%Y-%m-%d}, modularity {last.modularity:.3f}"
        yield Finding(level="ok", subject="communities", text=text)
