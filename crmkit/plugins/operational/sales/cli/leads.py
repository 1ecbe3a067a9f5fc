"""``crmkit lead``."""

from __future__ import annotations

from typing import Any

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

from .. import actions, queries
from ..config import CRITERIA
from ..model import LeadDraft
from .values import row


@click.group(epilog=examples("crmkit lead list"))
def lead() -> None:
    """Who may want to buy: take in, qualify, convert leads."""


@lead.command("add", epilog=examples("crmkit lead add bo@example.com 'A lamp for the hall'"))
@customer_argument
@click.argument("interest", default="")
@click.option("--owner", default="")
@click.option("--key", "source_key", help="Another system's id: the same one is taken in once.")
@dry_run_option
@pass_crm
def add_lead(crm: CRM, customer: str, dry_run: bool, **given: Any) -> None:
    """Take in a lead of CUSTOMER."""
    with writing(crm, dry_run) as unit:
        whose = unit.customers.find(customer).id
        source = "cli" if given["source_key"] else ""
        (taken,) = actions.take_in(unit, [LeadDraft(customer_id=whose, source=source, **given)])
    say(f"Lead {taken.id} of customer {whose}.")
    emit_one(queries.plain(taken))


@lead.command("list", epilog=examples("crmkit lead list --status new"))
@click.option("--status", default="", help="new, qualified, converted or given_up.")
@click.option("--size", default=50)
@pass_crm
def list_leads(crm: CRM, status: str, size: int) -> None:
    """List leads, latest first."""
    with crm.unit(write=False) as unit:
        found = queries.find_leads(unit, status=status, size=size)
    shown = ("id", "customer_id", "status", "interest", "owner", "criteria", "deal_id")
    emit([queries.plain(each) for each in found], columns=shown)


@lead.command(epilog=examples("crmkit lead qualify 1 --yes budget --yes need --no timing"))
@click.argument("lead_id", type=int)
@click.option("--yes", multiple=True, type=click.Choice(CRITERIA))
@click.option("--no", multiple=True, type=click.Choice(CRITERIA))
@dry_run_option
@pass_crm
def qualify(
    crm: CRM, lead_id: int, yes: tuple[str, ...], no: tuple[str, ...], dry_run: bool
) -> None:
    """Note what is known of a lead."""
    criteria = dict.fromkeys(yes, True) | dict.fromkeys(no, False)
    with writing(crm, dry_run) as unit:
        known = actions.qualify(unit, lead_id, criteria)
    emit_one(queries.plain(known))


@lead.command(epilog=examples("crmkit lead convert 1 --dry-run"))
@click.argument("lead_id", type=int)
@dry_run_option
@pass_crm
def convert(crm: CRM, lead_id: int, dry_run: bool) -> None:
    """Make a deal of a lead; converting it again gives the same deal."""
    with writing(crm, dry_run) as unit:
        became = actions.convert(unit, lead_id)
    say(f"Lead {lead_id} is deal {became.id}.")
    emit_one(row(became))


@lead.command("give-up", epilog=examples("crmkit lead give-up 1 'no budget' --dry-run"))
@click.argument("lead_id", type=int)
@click.argument("reason")
@dry_run_option
@pass_crm
def give_up(crm: CRM, lead_id: int, reason: str, dry_run: bool) -> None:
    """Give a lead up."""
    with writing(crm, dry_run) as unit:
        over = actions.give_up(unit, lead_id, reason)
    emit_one(queries.plain(over))
