"""The channel: check, hand over, say what became of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager

from crmkit import CRM, Outgoing, Receipt

from .config import Settings, basic_of
from .errors import NotConfiguredError, UnsendableError
from .gateways import Gateway
from .numbers import check_installed, number
from .segments import Segments, split
from .wire import Connection

_UNSAFE = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


@contextmanager
def opened(crm: CRM) -> Iterator[Callable[[Outgoing], Receipt]]:
    """
    Raises:
        NotConfiguredError: If there is no gateway or no sender.
        MissingExtraError: Without the extra ``ident``: a number nobody checked is not texted.
    """
    settings = crm.settings(Settings)
    gateway = settings.chosen
    if (problem := missing(settings)) or gateway is None:
        raise NotConfiguredError(f"[sms] {problem}")
    check_installed()
    with closing(Connection(gateway, settings, crm.clock)) as connection:

        def send(outgoing: Outgoing) -> Receipt:
            try:
                values = rendered(outgoing, settings, gateway)
            except UnsendableError as exc:
                return Receipt(state="failed", detail=str(exc))
            return connection.deliver(values)

        yield send


def missing(settings: Settings) -> str:
    """What has to be set before anything can be sent; empty when nothing has."""
    gateway = settings.chosen
    if gateway is None:
        return 'gateway is not set: such as gateway = "twilio", or [sms.custom]'
    told = repr((gateway.url, dict(gateway.headers), dict(gateway.body)))
    needs = {"from": "sender", "user": "user", "secret": "secret"}
    for place, name in needs.items():
        if f"{{{place}}}" in told and not getattr(settings, name):
            return f"{name} is not set"
    if "{basic}" in told and not (settings.user and settings.secret):
        return "user and secret are not both set"
    return ""


def rendered(outgoing: Outgoing, settings: Settings, gateway: Gateway) -> Mapping[str, str]:
    """
    The placeholders of one message.

    Raises:
        UnsendableError: If the number may not be texted, or the text is none or too dear.
    """
    to = number(outgoing.address, settings.region).e164
    parts = checked(outgoing.text, settings)
    return {
        "to": to,
        "to_digits": to.removeprefix("+"),
        "from": settings.sender,
        "text": outgoing.text,
        "encoding": gateway.encodings[parts.encoding == "ucs-2"],
        "key": outgoing.key,
        "user": settings.user,
        "secret": settings.secret,
        "basic": basic_of(settings),
    }


def checked(text: str, settings: Settings) -> Segments:
    """
    Raises:
        UnsendableError: If there is nothing to say, or it is too long for the settings.
    """
    if not text.strip() or _UNSAFE.search(text):
        raise UnsendableError("text: empty, or holds control characters; accepted: plain text")
    found = split(text)
    if len(found.parts) > settings.most_parts:
        why = f", because of {found.outside[:10]!r}" if found.outside else ""
        raise UnsendableError(
            f"text: {len(found.parts)} parts ({found.encoding}{why}); accepted: at most "
            f"{settings.most_parts}; shorten it, or raise most_parts under [sms]"
        )
    return found
