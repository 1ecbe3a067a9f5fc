"""What text messages add to a CRM."""

from __future__ import annotations

from collections.abc import Iterable

from crmkit import Channel, Finding, MissingExtraError, Unit, hookimpl

from . import channel
from .config import Settings
from .numbers import check_installed

SUMMARY = "Text messages through an HTTP gateway, to valid mobile numbers only."


@hookimpl
def crmkit_channels() -> Iterable[Channel]:
    yield Channel(name="sms", summary=SUMMARY, contact_kind="phone", open=channel.opened)


@hookimpl
def crmkit_diagnose(unit: Unit) -> Iterable[Finding]:
    settings = unit.settings(Settings)
    try:
        check_installed()
    except MissingExtraError as exc:
        text = "nothing is sent: numbers cannot be checked"
        yield Finding(level="warn", subject="sms", text=text, mend=str(exc))
    if problem := channel.missing(settings):
        mend = "set it under [sms] in crmkit.toml"
        yield Finding(level="warn", subject="sms", text=problem, mend=mend)
    else:
        name = "a gateway of your own" if settings.custom else settings.gateway
        yield Finding(level="ok", subject="sms", text=f"sends through {name}")
