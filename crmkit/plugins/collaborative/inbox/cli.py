"""``crmkit inbox``."""

from __future__ import annotations

from typing import Any

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

from . import actions, queries
from .model import STATES, State

_COLUMNS = ("id", "at", "channel", "customer", "sure", "case_id", "offer", "state", "text")
SNIPPET = 50
_entry = click.argument("message", type=int)


@click.group(epilog=examples("crmkit inbox list", "crmkit inbox list --unresolved"))
def inbox() -> None:
    """What came in through every channel: whose it is, and what becomes of it."""


@inbox.command("list", epilog=examples("crmkit inbox list", "crmkit inbox list --state done"))
@click.option("--state", type=click.Choice([*STATES, "any"]), default="open", show_default=True)
@click.option("--unresolved", is_flag=True, help="Only of people of whom nobody is sure.")
@click.option("--channel", default="", help="Only what came through it.")
@click.option("--before", type=int, help="Go on after this number.")
@click.option("--size", default=50, show_default=True, type=click.IntRange(1, 1_000))
@pass_crm
def list_(crm: CRM, state: str, unresolved: bool, **given: Any) -> None:
    """List messages, the latest first."""
    only = None if state == "any" else state
    with crm.unit(write=False) as unit:
        found = queries.entries(unit, state=only, unresolved=unresolved or None, **given)  # type: ignore[arg-type]
    emit(
        [
            attrs.asdict(each)
            | {"sure": "no" if each.is_unresolved else each.how or "yes"}
            | {"text": " ".join(each.text.split())[:SNIPPET]}
            for each in found
        ],
        columns=_COLUMNS,
    )


@inbox.command(epilog=examples("crmkit inbox show 1"))
@_entry
@pass_crm
def show(crm: CRM, message: int) -> None:
    """Show MESSAGE in full."""
    with crm.unit(write=False) as unit:
        emit_one(attrs.asdict(queries.entry(unit, message)))


@inbox.command(epilog=examples("crmkit inbox settle 1 done --note 'answered by phone' --dry-run"))
@_entry
@click.argument("state", type=click.Choice(STATES))
@click.option("--note", default="", help="Why.")
@dry_run_option
@pass_crm
def settle(crm: CRM, message: int, state: State, note: str, dry_run: bool) -> None:
    """Say what became of MESSAGE; open puts it back."""
    with writing(crm, dry_run) as unit:
        done = actions.settle(unit, message, state, note)
    say(f"Message {done.id} is {done.state}.")


@inbox.command(epilog=examples("crmkit inbox identify 1 ana@example.com --dry-run"))
@_entry
@customer_argument
@dry_run_option
@pass_crm
def identify(crm: CRM, message: int, customer: str, dry_run: bool) -> None:
    """Say that the stranger of MESSAGE is CUSTOMER."""
    with writing(crm, dry_run) as unit:
        done = actions.identify(unit, message, unit.customers.find(customer).id)
    say(f"Message {done.id} is from {done.customer}.")


@inbox.command(epilog=examples("crmkit inbox case 1 --subject 'The lamp' --dry-run"))
@_entry
@click.option("--subject", default="", help="Default: its first line.")
@dry_run_option
@pass_crm
def case(crm: CRM, message: int, subject: str, dry_run: bool) -> None:
    """Open a case that begins with MESSAGE."""
    with writing(crm, dry_run) as unit:
        done = actions.open_case(unit, message, subject)
    say(f"Message {done.id} begins case {done.case_id}.")
