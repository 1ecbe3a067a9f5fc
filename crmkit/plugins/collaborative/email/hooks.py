"""What e-mail adds to a CRM."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from crmkit import CRM, Channel, Finding, InteractionKind, Step, Turn, Unit, hookimpl

from . import actions, channel
from .config import Settings
from .fetching import fetch
from .model import BOUNCED, COMPLAINED, RECEIVED, EmailBounced, EmailComplained, EmailReceived
from .queries import exported, quarantined
from .tokens import link

PREVIEW: Final = "preview"
"""The purpose of links in messages that are not sent."""


@hookimpl
def crmkit_channels() -> Iterable[Channel]:
    summary = "E-mail through a mail server, or into a local maildir."
    yield Channel(name="email", summary=summary, contact_kind="email", open=channel.opened)


@hookimpl
def crmkit_interaction_kinds() -> Iterable[InteractionKind]:
    told = "They sent us a mail."
    yield InteractionKind(name=RECEIVED, summary=told, payload=EmailReceived)
    told = "A mail of ours came back."
    yield InteractionKind(name=BOUNCED, summary=told, payload=EmailBounced)
    told = "They called a mail of ours spam."
    yield InteractionKind(name=COMPLAINED, summary=told, payload=EmailComplained)


@hookimpl
def crmkit_cycle_steps() -> Iterable[Step]:
    yield Step(phase="listen", name="email", summary="Read the mailboxes.", run=_listen)


def _listen(crm: CRM, turn: Turn) -> str:
    told = fetch(crm, dry_run=turn.dry_run)
    problems = [each.problem for each in told if each.problem]
    new, aside = sum(each.new for each in told), sum(each.quarantined for each in told)
    return "; ".join([f"{new:,} new mails, {aside:,} kept aside", *problems])


@hookimpl
def crmkit_export(unit: Unit, customer_ids: Sequence[int]) -> Mapping[int, Mapping[str, object]]:
    return exported(unit, customer_ids)


@hookimpl
def crmkit_erase(unit: Unit, customer_ids: Sequence[int]) -> int:
    return actions.forget(unit, customer_ids)


@hookimpl
def crmkit_tokens(
    unit: Unit, customer_ids: Sequence[int], purpose: str
) -> Mapping[int, Mapping[str, object]]:
    settings = unit.settings(Settings)
    url, secret = settings.unsubscribe_url, settings.unsubscribe_secret
    mailto = f"mailto:{settings.unsubscribe_to}?subject=unsubscribe"
    other = mailto if settings.unsubscribe_to else None
    return {
        each: {
            "unsubscribe_url": link(url, secret, each, purpose or PREVIEW) if url else other,
        }
        for each in customer_ids
    }


@hookimpl
def crmkit_diagnose(unit: Unit) -> Iterable[Finding]:
    settings = unit.settings(Settings)
    if problem := channel.missing(settings):
        mend = "set it under [email] in crmkit.toml"
        yield Finding(level="warn", subject="email", text=problem, mend=mend)
    else:
        yield Finding(level="ok", subject="email", text=f"sends to {settings.target}")
    kept = len(quarantined(unit))
    if kept:
        text = f"{kept:,} mails could not be read or believed"
        mend = "look at them with `crmkit email quarantine`"
        yield Finding(level="warn", subject="email", text=text, mend=mend)
