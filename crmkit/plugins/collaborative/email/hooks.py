"""What e-mail adds to a CRM."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from crmkit import Channel, Finding, Unit, hookimpl

from . import channel
from .config import Settings
from .tokens import link

PREVIEW: Final = "preview"
"""The purpose of links in messages that are not sent."""


@hookimpl
def crmkit_channels() -> Iterable[Channel]:
    summary = "E-mail through a mail server, or into a local maildir."
    yield Channel(name="email", summary=summary, contact_kind="email", open=channel.opened)


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
