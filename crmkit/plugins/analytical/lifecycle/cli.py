"""``crmkit lifecycle``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import isnan
from typing import Any, TypeVar

import attrs
import click

from crmkit import CRM
from crmkit.cli import (
    customer_argument,
    dry_run_option,
    emit,
    emit_one,
    examples,
    pass_crm,
    say,
    writing,
)
from crmkit.plugins.analytical import profit

from . import accounts, actions, measuring, queries
from .model import DIRECTIONS, NetPromoter

C = TypeVar("C", bound=Callable[..., Any])
DAY = click.DateTime(["%Y-%m-%d"])
_ADVOCATE = ("customer_id", "sent", "bought", "own_minor", "received_minor", "credited_minor")


def period_options(command: C) -> C:
    """The options ``--since`` and ``--until``."""
    since = click.option("--since", type=DAY, help="From this day on (UTC); default a year before.")
    until = click.option("--until", type=DAY, help="Before this day (UTC); default now.")
    return since(until(command))


@click.group(epilog=examples("crmkit lifecycle assign --dry-run", "crmkit lifecycle directions"))
def lifecycle() -> None:
    """Win, grow, keep, turn into advocates: where the policy wants each customer to go."""


@lifecycle.command(epilog=examples("crmkit lifecycle assign --dry-run", "crmkit lifecycle assign"))
@dry_run_option
@pass_crm
def assign(crm: CRM, dry_run: bool) -> None:
    """Give each customer the objective of the first direction of the policy that covers them."""
    with writing(crm, dry_run) as unit:
        done = actions.assign(unit)
    say(f"{done}.")
    emit_one(attrs.asdict(done))


@lifecycle.command(epilog=examples("crmkit lifecycle directions"))
@pass_crm
def directions(crm: CRM) -> None:
    """List the four directions, and how many customers each holds now."""
    with crm.unit(write=False) as unit:
        sizes = queries.sizes(unit)
        rows = [{"direction": each, "customers": sizes.get(each, 0)} for each in DIRECTIONS]
        rows.append({"direction": "none", "customers": queries.undirected(unit)})
    emit(rows)


@lifecycle.command(epilog=examples("crmkit lifecycle show ana@example.com"))
@customer_argument
@pass_crm
def show(crm: CRM, customer: str) -> None:
    """List the objectives CUSTOMER had and has: since when, under which policy, until when."""
    with crm.unit(write=False) as unit:
        customer_id = unit.customers.find(customer).id
        found = queries.objectives_of_many(unit, [customer_id])[customer_id]
    emit(attrs.asdict(each) for each in found)


@lifecycle.command(
    epilog=examples("crmkit lifecycle refer ana@example.com bo@example.com --dry-run")
)
@click.argument("referrer")
@click.argument("referred")
@dry_run_option
@pass_crm
def refer(crm: CRM, referrer: str, referred: str, dry_run: bool) -> None:
    """Note that customer REFERRER sent us customer REFERRED."""
    with writing(crm, dry_run) as unit:
        sender, sent = unit.customers.find(referrer), unit.customers.find(referred)
        number = actions.refer(unit, sender.id, sent.id)
    say(f"{sender.name} sent {sent.name}: interaction {number}.")


@lifecycle.command(epilog=examples("crmkit lifecycle advocates"))
@pass_crm
def advocates(crm: CRM) -> None:
    """List who sent us others, and what they are owed for it; nothing is counted twice."""
    with crm.unit(write=False) as unit:
        found = measuring.advocates(unit)
    emit([attrs.asdict(each) for each in found], columns=_ADVOCATE)


@lifecycle.command(epilog=examples("crmkit lifecycle ledger --since 2026-01-01"))
@period_options
@pass_crm
def ledger(crm: CRM, since: datetime | None, until: datetime | None) -> None:
    """Show what each direction cost and gained; together they are the profit of the time."""
    with crm.unit(write=False) as unit:
        found = accounts.ledgers(unit, _period(unit.now, since, until))
    emit(
        attrs.asdict(each) | {"direction": each.direction or "none", "net_minor": each.net_minor}
        for each in found
    )


@lifecycle.command(epilog=examples("crmkit lifecycle keeping --since 2026-01-01"))
@period_options
@pass_crm
def keeping(crm: CRM, since: datetime | None, until: datetime | None) -> None:
    """Show whether keeping a customer cost less than winning one; the figures may say no."""
    with crm.unit(write=False) as unit:
        found = accounts.keeping(unit, _period(unit.now, since, until))
    say(f"Keeping costs less than winning: {found.verdict}.")
    rows = {"winning": found.winning, "keeping": found.keeping}
    emit({"what": name, **_numbers(attrs.asdict(each))} for name, each in rows.items())
    if found.verdict != "not enough data":
        interval = f"{found.saved_low:,.0f} to {found.saved_high:,.0f}"
        say(f"Saved on each, in minor units: {found.saved:,.0f} ({interval}).")


@lifecycle.command(
    epilog=examples("crmkit lifecycle nps", "crmkit lifecycle nps --segment lifecycle.regulars")
)
@click.option("--since", type=DAY, help="Only answers from this day on (UTC).")
@click.option("--until", type=DAY, help="Only answers before this day (UTC).")
@click.option("--segment", default="", help="Only of customers who are in it now.")
@pass_crm
def nps(crm: CRM, since: datetime | None, until: datetime | None, segment: str) -> None:
    """Show the net promoter score, with the interval that so few or many answers allow."""
    with crm.unit(write=False) as unit:
        found = measuring.net_promoter_score(
            unit, since=_day(since), until=_day(until), segment=segment
        )
    emit_one(_told(found))


def _day(given: datetime | None) -> datetime | None:
    return None if given is None else given.replace(tzinfo=UTC)


def _period(now: datetime, since: datetime | None, until: datetime | None) -> profit.Period:
    end = _day(until) or now
    return profit.Period(_day(since) or end - timedelta(days=365), end)


def _numbers(row: dict[str, object]) -> dict[str, object]:
    """What is no number stays empty."""
    return {name: None if each != each else each for name, each in row.items()}


def _told(score: NetPromoter) -> dict[str, object]:
    bounds = {name: getattr(score, name) for name in ("value", "low", "high")}
    counts = {name: getattr(score, name) for name in ("promoters", "passives", "detractors")}
    return counts | {name: None if isnan(each) else each for name, each in bounds.items()}
