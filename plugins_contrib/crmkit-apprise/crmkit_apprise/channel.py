"""
The channel: a customer's address names the service and where they are there: ``telegram:4711``.

Apprise says yes or no, and no more: a no may be a refusal, a broken line, or an answer that came
too late. What it does not say yes to is therefore ``unknown``: a person looks at it, and it is
never sent twice.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final
from urllib.parse import quote

from crmkit import CRM, Outgoing, Receipt

from .config import Settings
from .errors import NotConfiguredError, UnsendableError

LONGEST: Final = 500
_UNSAFE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


@contextmanager
def opened(crm: CRM) -> Iterator[Callable[[Outgoing], Receipt]]:
    """
    Raises:
        NotConfiguredError: If there is no service, or Apprise does not know one of them.
    """
    services = crm.settings(Settings).services
    if problem := missing(services):
        raise NotConfiguredError(f"[apprise] {problem}")

    def send(outgoing: Outgoing) -> Receipt:
        try:
            url, service = target(services, outgoing)
            return _handed_over(url, service, outgoing)
        except UnsendableError as exc:
            return Receipt(state="failed", detail=str(exc))

    yield send


def missing(services: Mapping[str, str]) -> str:
    """What has to be set before anything can be sent; empty when nothing has."""
    if not services:
        return 'services is not set: such as services.telegram = "tgram://TOKEN/{address}"'
    from apprise import Apprise

    for name, url in services.items():
        if Apprise.instantiate(url.format(address="1", key="1"), suppress_exceptions=True) is None:
            return f"services.{name} is no URL that Apprise knows"
    return ""


def target(services: Mapping[str, str], outgoing: Outgoing) -> tuple[str, str]:
    """
    The URL of one message, and its service. An address stays where it is put: nothing in it can
    name another host, or add a parameter.

    Raises:
        UnsendableError: If the address names no service, or nobody there.
    """
    service, colon, address = outgoing.address.partition(":")
    if not colon or service not in services:
        known = ", ".join(sorted(services))
        raise UnsendableError(f"address: {outgoing.address!r:.80} begins with none of {known}")
    if not address.strip() or len(address) > LONGEST or _UNSAFE.search(address):
        raise UnsendableError(f"address: {outgoing.address!r:.80} names nobody at {service}")
    places = {"address": quote(address, safe=""), "key": quote(outgoing.key, safe="")}
    return services[service].format(**places), service


def _handed_over(url: str, service: str, outgoing: Outgoing) -> Receipt:
    from apprise import Apprise, LogCapture, NotifyFormat

    if not (outgoing.text.strip() or outgoing.subject.strip()):
        raise UnsendableError("text: there is nothing to say")
    if _CONTROL.search(outgoing.text) or _UNSAFE.search(outgoing.subject):
        raise UnsendableError("text: holds a control character")
    notifier = Apprise.instantiate(url, suppress_exceptions=True)
    if notifier is None:
        raise UnsendableError(f"address: {outgoing.address!r:.80} is none for {service}")
    with LogCapture(level=logging.WARNING) as said:  # type: ignore[no-untyped-call]
        done = notifier.notify(  # the service's own: that of all services leaves threads behind
            body=outgoing.text or outgoing.subject,
            title=outgoing.subject if outgoing.text else "",
            body_format=NotifyFormat.TEXT,
        )
        told = " ".join(said.getvalue().split())[:LONGEST]
    if done:
        return Receipt(state="sent", detail=f"{service} took it")
    return Receipt(
        state="unknown", detail=f"{service} did not say yes: {told or 'no reason given'}"
    )
