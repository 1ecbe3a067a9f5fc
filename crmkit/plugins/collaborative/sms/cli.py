"""``crmkit sms``."""

from __future__ import annotations

import click

from crmkit import CRM
from crmkit.cli import emit, emit_one, examples, pass_crm

from .channel import checked
from .config import Settings
from .errors import UnsendableError
from .gateways import GATEWAYS
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
