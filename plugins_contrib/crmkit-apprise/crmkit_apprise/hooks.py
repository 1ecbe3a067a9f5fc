"""What Apprise adds to a CRM."""

from __future__ import annotations

from collections.abc import Iterable

from crmkit import Channel, Finding, Unit, hookimpl

from . import channel
from .config import Settings


@hookimpl
def crmkit_channels() -> Iterable[Channel]:
    summary = "Any service that Apprise knows; the address names which."
    yield Channel(name="apprise", summary=summary, contact_kind="social", open=channel.opened)


@hookimpl
def crmkit_diagnose(unit: Unit) -> Iterable[Finding]:
    services = unit.settings(Settings).services
    if problem := channel.missing(services):
        mend = "set it under [apprise] in crmkit.toml"
        yield Finding(level="warn", subject="apprise", text=problem, mend=mend)
    else:
        text = f"sends to {', '.join(sorted(services))}"
        yield Finding(level="ok", subject="apprise", text=text)
