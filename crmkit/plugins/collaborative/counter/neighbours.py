"""What the plugins that are enabled beside this one know; each is asked at its public door."""

from __future__ import annotations

from collections.abc import Iterator, Set
from datetime import timedelta

from crmkit import Customer, Unit, ask

from .config import Settings
from .model import Suggestion

TOLD_HERE = frozenset(
    {"billing", "consent", "counter", "decisions", "recommend", "scoring", "service"}
)
"""Plugins whose remarks stand on the screen in its own words."""


def cases(unit: Unit, customer_id: int) -> tuple[list[str], list[str]]:
    """What is open in service, and why nothing should be sold because of it."""
    if not unit.crm.is_enabled("service"):
        return [], []
    from crmkit.plugins.operational import service

    since = unit.now - timedelta(days=unit.settings(Settings).complaint_days)
    first, silence = [], []
    for each in service.find(unit, customer_id=customer_id, size=20):
        if each.solved_at is None:
            told = f"{each.kind} {each.subject!r}, open since {each.opened_at:%Y-%m-%d}"
            first.append(f"{told} (case {each.id})")
        if each.kind == "complaint" and (each.solved_at is None or each.opened_at > since):
            silence.append(f"they complained on {each.opened_at:%Y-%m-%d}")
    return first, silence


def owed(unit: Unit, customer_id: int) -> Iterator[str]:
    if unit.crm.is_enabled("billing"):
        from crmkit import Money
        from crmkit.plugins.operational import billing

        for due in billing.ageing(unit, billing.today(unit), [customer_id]):
            late = sum(due.buckets_minor[1:])
            if due.balance_minor > 0:
                tail = f", {Money(late, due.currency)} of it late" if late > 0 else ""
                yield f"owes {Money(due.balance_minor, due.currency)}{tail}"
            elif due.balance_minor < 0:
                yield f"we owe them {Money(-due.balance_minor, due.currency)}"


def standing(unit: Unit, customer_id: int) -> Iterator[str]:
    if unit.crm.is_enabled("scoring"):
        from crmkit.plugins.foundation import scoring

        for each in scoring.memberships_of(unit, customer_id):
            if each.until is None:
                yield each.segment.rpartition(".")[2].replace("_", " ")
    if unit.crm.is_enabled("billing"):
        from crmkit.plugins.operational import billing

        if points := billing.points_of(unit, customer_id).points:
            yield f"{points:,} points"


def objections(unit: Unit, customer_id: int) -> Iterator[str]:
    """Why nothing may be proposed to them at all."""
    if unit.crm.is_enabled("consent"):
        from crmkit.plugins.foundation import consent

        objected = [x.at for x in consent.standing(unit, customer_id) if x.state == "objected"]
        if objected:
            yield f"they objected to marketing on {objected[0]:%Y-%m-%d}"


def avoided(unit: Unit, customer_id: int) -> Iterator[str]:
    if unit.crm.is_enabled("recommend"):
        from crmkit.plugins.analytical import recommend

        for tag in sorted(recommend.avoided_of_many(unit, [customer_id])[customer_id]):
            yield f"no {tag}"


def idea(unit: Unit, customer_id: int, tabooed: Set[str]) -> Suggestion | None:
    """The best recommendation that they did not turn down."""
    if not unit.crm.is_enabled("recommend"):
        return None
    from crmkit.plugins.analytical import recommend

    if recommend.last_run(unit) is None:
        return None
    for each in recommend.recommendations(unit, [customer_id])[customer_id]:
        name = each.item.name or each.item.sku
        if not {each.item.sku, name} & tabooed:
            return Suggestion(what=name, why=each.why, sku=each.item.sku)
    return None


def remarks(unit: Unit, customer: Customer) -> Iterator[str]:
    """What the others, also those not bundled, say about a customer."""
    for plugin, remark in ask.describe(unit, [customer]):
        if plugin not in TOLD_HERE:
            yield remark.text
