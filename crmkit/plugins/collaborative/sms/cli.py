"""``crmkit sms``."""

from __future__ import annotations

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

from . import actions
from .channel import checked
from .config import Settings
from .errors import UnsendableError
from .gateways import GATEWAYS
from .model import Message, Report
from .numbers import number
from .segments import split


@click.group(epilog=examples("crmkit sms segments 'Your parcel is here.'", "crmkit sms gateways"))
def sms() -> None:
    """Text messages: what they cost in parts, and whom they may go to."""


@sms.command(epilog=examples("crmkit sms segments 'Tea is back: 5 €'"))
@click.argument("text")
@pass_crm
def segments(crm: CRM, text: str) -> None:
    """Show into how many parts TEXT is cut, and why."""
    found = split(text)
    try:
        checked(text, crm.settings(Settings))
        refused = ""
    except UnsendableError as exc:
        refused = str(exc)
    emit_one(
        {
            "encoding": found.encoding,
            "places": found.places,
            "parts": len(found.parts),
            "outside": found.outside,
            "refused": refused,
        }
    )


@sms.command(epilog=examples("crmkit sms check '+48 601 234 567'"))
@click.argument("given", metavar="NUMBER")
@pass_crm
def check(crm: CRM, given: str) -> None:
    """Say whether NUMBER may be texted; refuse it if not."""
    found = number(given, crm.settings(Settings).region)
    emit_one({"number": found.e164, "country": found.country, "kind": found.kind})


@sms.command(epilog=examples("crmkit sms gateways"))
def gateways() -> None:
    """List the gateways that need no description."""
    emit([{"gateway": name, "url": each.url} for name, each in GATEWAYS.items()])


@sms.command(epilog=examples("crmkit sms receive +48601234567 STOP --key test-1 --dry-run"))
@click.argument("number")
@click.argument("text")
@click.option("--key", required=True, help="The gateway's id: the same one is recorded once.")
@dry_run_option
@pass_crm
def receive(crm: CRM, number: str, text: str, key: str, dry_run: bool) -> None:
    """Take a message in as if NUMBER had sent TEXT; an opt-out counts."""
    with writing(crm, dry_run) as unit:
        heard = actions.receive_message(unit, Message(id=key, number=number, text=text))
    _say(heard.is_new, f"Interaction {heard.interaction_id} of customer {heard.customer_id}")
    if heard.opted_out:
        say("The number opted out and is not texted any more.")


@sms.command(epilog=examples("crmkit sms report SM1 +48601234567 delivered --dry-run"))
@click.argument("key")
@click.argument("number")
@click.argument("state")
@dry_run_option
@pass_crm
def report(crm: CRM, key: str, number: str, state: str, dry_run: bool) -> None:
    """Record that message KEY of the gateway to NUMBER came to STATE."""
    with writing(crm, dry_run) as unit:
        heard = actions.receive_report(unit, Report(id=key, number=number, state=state))
    if heard.interaction_id is None:
        say(f"Nobody has the number {number}; nothing is recorded.")
    else:
        _say(heard.is_new, f"Interaction {heard.interaction_id} of customer {heard.customer_id}")


@sms.command(epilog=examples("crmkit sms allow 1 --reason 'asked at the counter' --dry-run"))
@customer_argument
@click.option("--reason", required=True, help="How the customer said so.")
@dry_run_option
@pass_crm
def allow(crm: CRM, customer: str, reason: str, dry_run: bool) -> None:
    """Allow text messages to CUSTOMER again, who had opted out."""
    with writing(crm, dry_run) as unit:
        allowed = actions.allow_again(unit, unit.customers.find(customer).id, reason)
    say(f"Interaction {allowed.id}: they want text messages again.")


def _say(is_new: bool, told: str) -> None:
    say(f"{told} is recorded." if is_new else f"{told} was recorded before.")
