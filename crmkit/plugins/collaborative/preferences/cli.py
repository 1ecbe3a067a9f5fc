"""``crmkit preferences``."""

from __future__ import annotations

import attrs
import click

from crmkit import CRM, InvalidValueError
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

from . import actions, links, queries
from .model import Wish

_WISH = ("id", "customer_id", "channel", "address", "purposes", "asked_at", "expires_at")
_each = click.option("--on", "on", multiple=True, metavar="PURPOSE:CHANNEL", help="Say yes to it.")
_off = click.option("--off", multiple=True, metavar="PURPOSE:CHANNEL", help="Say no to it.")


@click.group(epilog=examples("crmkit preferences show ana@example.com"))
def preferences() -> None:
    """What people want to hear about: asked twice, and changed by themselves."""


@preferences.command(epilog=examples("crmkit preferences show ana@example.com"))
@customer_argument
@pass_crm
def show(crm: CRM, customer: str) -> None:
    """Show what CUSTOMER may choose, and what is on."""
    with crm.unit(write=False) as unit:
        found = queries.choices(unit, unit.customers.find(customer).id)
    emit([attrs.asdict(each) for each in found])


@preferences.command(
    name="set",
    epilog=examples(
        "crmkit preferences set ana@example.com --off care:email --evidence 'on the phone' "
        "--dry-run"
    ),
)
@customer_argument
@_each
@_off
@click.option("--evidence", required=True, help="How we know: what was ticked or said.")
@click.option("--source", default="cli", show_default=True, help="Where it comes from.")
@dry_run_option
@pass_crm
def set_(
    crm: CRM,
    customer: str,
    on: tuple[str, ...],
    off: tuple[str, ...],
    evidence: str,
    source: str,
    dry_run: bool,
) -> None:
    """Write down what CUSTOMER chose."""
    wanted = {_pair(each): True for each in on} | {_pair(each): False for each in off}
    with writing(crm, dry_run) as unit:
        who = unit.customers.find(customer)
        changed = actions.change(unit, who.id, wanted, evidence=evidence, source=source)
    say(f"{changed} changed." if changed else "It was so already.")


@preferences.command(
    epilog=examples(
        "crmkit preferences ask ana@example.com --purpose win_back --source counter "
        "--wording 'Yes, send me news.' --dry-run"
    )
)
@customer_argument
@click.option("--purpose", "purposes", multiple=True, required=True, help="Of the policy.")
@click.option("--channel", default="email", show_default=True)
@click.option("--address", help="One of the customer's; default the first.")
@click.option("--wording", required=True, help="What the person was shown, in full.")
@click.option("--source", default="cli", show_default=True, help="Where it was entered.")
@dry_run_option
@pass_crm
def ask(
    crm: CRM,
    customer: str,
    purposes: tuple[str, ...],
    channel: str,
    address: str | None,
    wording: str,
    source: str,
    dry_run: bool,
) -> None:
    """Ask CUSTOMER to confirm that they want to hear about something."""
    with writing(crm, dry_run) as unit:
        made = actions.ask(
            unit,
            unit.customers.find(customer).id,
            purposes,
            channel=channel,
            address=address,
            wording=wording,
            source=source,
        )
    emit_one(_told(made))


@preferences.command(epilog=examples("crmkit preferences pending"))
@pass_crm
def pending(crm: CRM) -> None:
    """List what waits for a confirmation."""
    with crm.unit(write=False) as unit:
        found = queries.wishes(unit, open_only=True)
    emit([_told(each) for each in found], columns=_WISH)


@preferences.command(epilog=examples("crmkit preferences link ana@example.com"))
@customer_argument
@pass_crm
def link(crm: CRM, customer: str) -> None:
    """Print the address of the page where CUSTOMER chooses."""
    with crm.unit(write=False) as unit:
        say(links.centre_link(unit, unit.customers.find(customer).id))


def _told(made: Wish) -> dict[str, object]:
    return {name: getattr(made, name) for name in _WISH} | {"purposes": ", ".join(made.purposes)}


def _pair(given: str) -> tuple[str, str]:
    purpose, _, channel = given.partition(":")
    if not purpose or not channel:
        raise InvalidValueError("choice", given, "PURPOSE:CHANNEL such as care:email")
    return purpose, channel
