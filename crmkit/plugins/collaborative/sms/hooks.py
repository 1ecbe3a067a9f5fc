"""What text messages add to a CRM."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from crmkit import (
    Channel,
    Contact,
    Finding,
    InteractionKind,
    MissingExtraError,
    Objection,
    Unit,
    hookimpl,
)

from . import channel, queries
from .config import Settings
from .model import (
    OPTED_IN,
    OPTED_OUT,
    RECEIVED,
    REPORTED,
    SmsOptedOut,
    SmsReceived,
    SmsReported,
)
from .numbers import check_installed

SUMMARY = "Text messages through an HTTP gateway, to valid mobile numbers only."


@hookimpl
def crmkit_channels() -> Iterable[Channel]:
    yield Channel(name="sms", summary=SUMMARY, contact_kind="phone", open=channel.opened)


@hookimpl
def crmkit_interaction_kinds() -> Iterable[InteractionKind]:
    told = "They sent us a text message."
    yield InteractionKind(name=RECEIVED, summary=told, payload=SmsReceived)
    told = "What a gateway says became of a text message."
    yield InteractionKind(name=REPORTED, summary=told, payload=SmsReported)
    told = "They want no more text messages."
    yield InteractionKind(name=OPTED_OUT, summary=told, payload=SmsOptedOut)
    yield InteractionKind(name=OPTED_IN, summary="They want text messages again.")


@hookimpl
def crmkit_may_contact(unit: Unit, contacts: Sequence[Contact]) -> Iterator[Objection]:
    asked = [(i, each) for i, each in enumerate(contacts) if each.channel == "sms"]
    said_no = queries.opted_out(unit, [each.customer_id for _, each in asked]) if asked else set()
    for index, each in asked:
        if each.customer_id in said_no:
            yield Objection(index, "the customer opted out by text message")


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
    if not settings.webhook_secret:
        text = "answers and opt-outs do not come in by themselves: webhook_secret is not set"
        mend = "set it under [sms] and mount sms.receiver(crm)"
        yield Finding(level="warn", subject="sms", text=text, mend=mend)
