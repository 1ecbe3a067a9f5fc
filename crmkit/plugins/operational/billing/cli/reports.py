"""Who owes what, reminders, the journal, profit and loss."""

from __future__ import annotations

from datetime import datetime

import attrs
import click

from crmkit import CRM, Money
from crmkit.cli import (
    dry_run_option,
    emit,
    examples,
    pass_crm,
    say,
    writing,
)

from .. import actions, books, queries
from .group import billing
from .values import DAY, period, period_options


@billing.command(epilog=examples("crmkit billing ageing"))
@click.option("--on", type=DAY, help="As of this day; default today.")
@pass_crm
def ageing(crm: CRM, on: datetime | None) -> None:
    """List who owes what, by how late it is."""
    with crm.unit(write=False) as unit:
        found = queries.ageing(unit, on.date() if on else queries.today(unit))
    names = ("not_due", "to_30_days", "to_60_days", "to_90_days", "later")
    emit(
        {"customer_id": each.customer_id}
        | {
            name: Money(minor, each.currency)
            for name, minor in zip(names, each.buckets_minor, strict=True)
        }
        | {"credit": Money(each.credit_minor, each.currency)}
        | {"balance": Money(each.balance_minor, each.currency)}
        for each in found
    )


@billing.command(epilog=examples("crmkit billing remind --dry-run"))
@dry_run_option
@pass_crm
def remind(crm: CRM, dry_run: bool) -> None:
    """Remind of every invoice that has reached a further level of [[billing.dunning]]."""
    with writing(crm, dry_run) as unit:
        found = actions.remind(unit)
    say(f"{len(found):,} invoices reminded of.")
    emit(
        [queries.plain(each) for each in found],
        columns=("number", "customer_id", "level", "days_late", "open", "message_id"),
    )


@billing.command(epilog=examples("crmkit --format csv billing journal --since 2026-01-01"))
@period_options
@pass_crm
def journal(crm: CRM, since: datetime | None, until: datetime | None) -> None:
    """Write double entries for an accountant's program; with `--format csv` as a file of it."""
    with crm.unit(write=False) as unit:
        emit(queries.plain(each) for each in books.journal(unit, *period(unit.now, since, until)))


@billing.command(epilog=examples("crmkit billing pnl --since 2026-01-01"))
@click.option("--customer", default="", help="Only this one's.")
@period_options
@pass_crm
def pnl(crm: CRM, customer: str, since: datetime | None, until: datetime | None) -> None:
    """Show the profit and loss of each customer as these books have it."""
    with crm.unit(write=False) as unit:
        whose = [unit.customers.find(customer).id] if customer else None
        found = books.profit_and_loss(unit, *period(unit.now, since, until), whose)
    emit(attrs.asdict(each) for each in found)
