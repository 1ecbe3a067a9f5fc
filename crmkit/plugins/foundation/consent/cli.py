"""``crmkit consent``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

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
from .model import CONTACT_KINDS, EVERY, Basis, Event

_EVENT = ("at", "state", "purpose", "channel", "basis", "source", "evidence")
_STANDING = ("purpose", "channel", "state", "basis", "source", "at", "expires_at")

_evidence = click.option("--evidence", default="", help="How we know: what was ticked or said.")
_source = click.option("--source", default="cli", show_default=True, help="Where it comes from.")
_kind = click.option(
    "--kind",
    type=click.Choice(CONTACT_KINDS),
    help="What ADDRESS is; by default email if it has an @, else phone.",
)
_address = click.argument("address")


@click.group(epilog=examples("crmkit consent show ana@example.com"))
def consent() -> None:
    """Who allowed what: lawful bases, withdrawals, objections, suppressed addresses."""


@consent.command(epilog=examples("crmkit consent show ana@example.com"))
@customer_argument
@pass_crm
def show(crm: CRM, customer: str) -> None:
    """Show where a customer stands, per purpose and channel."""
    with crm.unit(write=False) as unit:
        found = queries.standing(unit, unit.customers.find(customer).id)
    emit([attrs.asdict(each) for each in found], columns=_STANDING)


@consent.command(epilog=examples("crmkit consent log 1"))
@customer_argument
@pass_crm
def log(crm: CRM, customer: str) -> None:
    """List everything recorded about a customer's consent."""
    with crm.unit(write=False) as unit:
        found = queries.log(unit, unit.customers.find(customer).id)
    emit([attrs.asdict(each) for each in found], columns=_EVENT)


@consent.command(
    epilog=examples(
        'crmkit consent grant bo@example.com --purpose care --channel email --source "phone call" '
        '--evidence "said yes on the phone, 5 January"'
    )
)
@customer_argument
@click.option("--purpose", required=True, help="A purpose of the policy, such as care.")
@click.option("--channel", required=True, help="A channel such as email; * for every one.")
@click.option("--basis", type=click.Choice(get_args(Basis)), default="consent", show_default=True)
@_evidence
@_source
@click.option("--expires", type=click.DateTime(["%Y-%m-%d"]), help="The day it ends.")
@click.option(
    "--after-objection",
    is_flag=True,
    help="The person took back an objection, for this purpose and channel alone.",
)
@dry_run_option
@pass_crm
def grant(
    crm: CRM,
    customer: str,
    purpose: str,
    channel: str,
    basis: Basis,
    evidence: str,
    source: str,
    expires: datetime | None,
    after_objection: bool,
    dry_run: bool,
) -> None:
    """Record that we may turn to a customer for a purpose by a channel."""
    with writing(crm, dry_run) as unit:
        event = actions.grant(
            unit,
            unit.customers.find(customer).id,
            purpose=purpose,
            channel=channel,
            basis=basis,
            evidence=evidence,
            source=source,
            expires_at=expires and expires.replace(tzinfo=UTC),
            after_objection=after_objection,
        )
    _emit(event)


@consent.command(epilog=examples("crmkit consent withdraw 1 --purpose win_back --dry-run"))
@customer_argument
@click.option("--purpose", default=EVERY, help="Only this purpose; default every one.")
@click.option("--channel", default=EVERY, help="Only this channel; default every one.")
@_evidence
@_source
@dry_run_option
@pass_crm
def withdraw(
    crm: CRM,
    customer: str,
    purpose: str,
    channel: str,
    evidence: str,
    source: str,
    dry_run: bool,
) -> None:
    """Record that a customer took back what was granted."""
    with writing(crm, dry_run) as unit:
        event = actions.withdraw(
            unit,
            unit.customers.find(customer).id,
            purpose=purpose,
            channel=channel,
            source=source,
            evidence=evidence,
        )
    _emit(event)


@consent.command(name="object", epilog=examples("crmkit consent object bo@example.com --dry-run"))
@customer_argument
@_evidence
@_source
@dry_run_option
@pass_crm
def object_(crm: CRM, customer: str, evidence: str, source: str, dry_run: bool) -> None:
    """Record that a customer objects to all marketing, once and for all."""
    with writing(crm, dry_run) as unit:
        event = actions.object_to_marketing(
            unit, unit.customers.find(customer).id, source=source, evidence=evidence
        )
    _emit(event)


@consent.command(epilog=examples("crmkit consent suppress old@example.com --reason bounced"))
@_address
@_kind
@click.option("--reason", required=True, help="Why nobody may write to it.")
@dry_run_option
@pass_crm
def suppress(crm: CRM, address: str, kind: str | None, reason: str, dry_run: bool) -> None:
    """Never write to ADDRESS again, whoever it belongs to."""
    with writing(crm, dry_run) as unit:
        is_new = actions.suppress(unit, kind or _guessed(address), address, reason)
    say("Suppressed." if is_new else "It was suppressed already.")


@consent.command(epilog=examples("crmkit consent lift old@example.com --reason 'mistaken bounce'"))
@_address
@_kind
@click.option("--reason", required=True, help="Why it may be written to again.")
@dry_run_option
@pass_crm
def lift(crm: CRM, address: str, kind: str | None, reason: str, dry_run: bool) -> None:
    """Allow ADDRESS again, on record."""
    with writing(crm, dry_run) as unit:
        is_new = actions.lift(unit, kind or _guessed(address), address, reason)
    say("Lifted." if is_new else "It was not suppressed.")


@consent.command(epilog=examples("crmkit consent suppressed old@example.com"))
@_address
@_kind
@pass_crm
def suppressed(crm: CRM, address: str, kind: str | None) -> None:
    """Say whether ADDRESS is suppressed, since when and why."""
    with crm.unit(write=False) as unit:
        (found,) = queries.suppressions(unit, [(kind or _guessed(address), address)])
    emit_one(
        {
            "suppressed": found is not None,
            "since": found and found.at,
            "reason": found and found.reason,
        }
    )


def _guessed(address: str) -> str:
    return "email" if "@" in address else "phone"


def _emit(event: Event) -> None:
    emit_one({name: getattr(event, name) for name in ("customer_id", *_EVENT)})
