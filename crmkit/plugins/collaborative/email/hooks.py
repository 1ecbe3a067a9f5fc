"""What e-mail adds to a CRM."""

from __future__ import annotations

from collections.abc import Iterable

from crmkit import Channel, Finding, Unit, hookimpl

from . import channel
from .config import Settings


@hookimpl
def crmkit_channels() -> Iterable[Channel]:
    summary = "E-mail through a mail server, or into a local maildir."
    yield Channel(name="email", summary=summary, contact_kind="email", open=channel.opened)


@hookimpl
def crmkit_diagnose(unit: Unit) -> Iterable[Finding]:
    settings = unit.settings(Settings)
    if problem := channel.missing(settings):
        mend = "set it under [email] in crmkit.toml"
        yield Finding(level="warn", subject="email", text=problem, mend=mend)
    else:
        yield Finding(level="ok", subject="email", text=f"sends to {settings.target}")
