"""``crmkit decide``."""

from __future__ import annotations

import attrs
import click

from crmkit import CRM, Money, Turn
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

from . import actions, cycle, queries
from .model import Decision

_DECISION = ("id", "at", "run", "arm", "what", "purpose", "channel", "value", "why")


@click.group(epilog=examples("crmkit decide run --dry-run", "crmkit decide show ana@example.com"))
def decide() -> None:
    """Decide what to do for customers, and see what was decided."""


@decide.command(
    epilog=examples(
        "crmkit decide run --dry-run",
        "crmkit decide run --run spring --customer ana@example.com",
    )
)
@click.option("--run", "key", help="Name of the run; default the one of today's cycle.")
@click.option("--customer", metavar="REF", help="Only this customer; default all active ones.")
@dry_run_option
@pass_crm
def run(crm: CRM, key: str | None, customer: str | None, dry_run: bool) -> None:
    """Decide for each customer once per run: an offer, a place in the holdout, or silence."""
    with writing(crm, dry_run) as unit:
        ids = None if customer is None else [unit.customers.find(customer).id]
        name = key or cycle.run_key(Turn(as_of=unit.now))
        decided = actions.decide(unit, run=name, customer_ids=ids)
    say(f"{decided}.")
    emit_one(attrs.asdict(decided))


@decide.command(epilog=examples("crmkit decide show ana@example.com"))
@customer_argument
@pass_crm
def show(crm: CRM, customer: str) -> None:
    """List what was decided for a customer, and why."""
    with crm.unit(write=False) as unit:
        found = queries.decisions_of(unit, unit.customers.find(customer).id)
    emit([_line(each) for each in found], columns=_DECISION)


def _line(decision: Decision) -> dict[str, object]:
    value = Money(round(decision.value), decision.currency)
    return attrs.asdict(decision) | {"value": str(value)}
