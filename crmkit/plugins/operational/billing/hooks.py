"""Where billing takes part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from crmkit import Cause, Customer, Finding, Money, Ref, Remark, Segment, Step, Unit, hookimpl

from . import actions, books, checking, loyalty, ordering, queries, telling, turning
from .config import Settings
from .features import segments

if TYPE_CHECKING:
    from crmkit.plugins.analytical.profit import Entries
    from crmkit.plugins.operational.sales import Quote


@hookimpl
def crmkit_segments() -> Iterable[Segment]:
    return segments()


@hookimpl
def crmkit_cycle_steps() -> Iterable[Step]:
    lost = "Take points that were not spent in time."
    yield Step(phase="know", name="billing.points", summary=lost, run=turning.expire)
    late = "Remind of invoices that are late."
    yield Step(phase="act", name="billing.reminders", summary=late, run=turning.remind)


@hookimpl
def crmkit_describe(unit: Unit, customers: Sequence[Customer]) -> Iterator[Remark]:
    today = queries.today(unit)
    for due in queries.ageing(unit, today, [each.id for each in customers]):
        late = sum(due.buckets_minor[1:])
        owed = f"owes {Money(due.balance_minor, due.currency)}"
        text = f"{owed}, of which {Money(late, due.currency)} is late" if late else owed
        if due.balance_minor:
            yield Remark(customer_id=due.customer_id, text=text)
    if unit.settings(Settings).loyalty.points:
        for each in customers:
            account = loyalty.points_of(unit, each.id)
            tier = f", {account.tier}" if account.tier else ""
            if account.points:
                yield Remark(customer_id=each.id, text=f"has {account.points:,} points{tier}")


@hookimpl
def crmkit_tokens(
    unit: Unit, customer_ids: Sequence[int], purpose: str
) -> Mapping[int, Mapping[str, object]]:
    accounts = loyalty.points_of_many(unit, customer_ids)
    return {
        each: {
            "points": account.points,
            "tier": account.tier,
            "points_lost_next": account.next_loss and account.next_loss[0],
            "points_lost_on": account.next_loss and account.next_loss[1],
        }
        for each, account in accounts.items()
    }


@hookimpl
def crmkit_explain(unit: Unit, refs: Sequence[Ref]) -> Iterator[Cause]:
    found = queries.documents(unit, [ref.id for ref in refs if ref.noun == "billing"])
    for each in found:
        because = (Ref("billing", each.source_id),) if each.source_id else ()
        text = telling.sentence(each)
        yield Cause(ref=Ref("billing", each.id), at=each.at, text=text, because=because)


@hookimpl(optionalhook=True)
def profit_entries(unit: Unit, since: datetime, until: datetime) -> Iterable[Entries]:
    from crmkit.plugins.analytical.profit import Entries

    others = unit.settings(Settings).billed_sources
    noted = bool(others)
    by_currency = books.totals(unit, since, until, noted=noted)
    sums = [sum(each.values()) for each in by_currency.values() if any(each.values())]
    yield Entries(
        name="billing",
        select=books.entries(since, until, noted=noted),
        sources=("billing", *others),
        total_minor=sum(sums) if len(sums) < 2 else None,
    )


@hookimpl(optionalhook=True)
def sales_quotes_accepted(unit: Unit, quotes: Sequence[Quote]) -> None:
    actions.order(unit, [ordering.from_quote(each) for each in quotes])


@hookimpl
def crmkit_diagnose(unit: Unit) -> Iterable[Finding]:
    return checking.findings(unit)


@hookimpl
def crmkit_export(unit: Unit, customer_ids: Sequence[int]) -> Mapping[int, Mapping[str, object]]:
    return telling.exported(unit, customer_ids)


@hookimpl
def crmkit_erase(unit: Unit, customer_ids: Sequence[int]) -> int:
    return actions.forget(unit, customer_ids)
