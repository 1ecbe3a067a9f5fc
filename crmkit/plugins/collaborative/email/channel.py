"""The channel: render, hand over, say what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from crmkit import CRM, Outgoing, Receipt

from . import maildir, signing, smtp
from .config import Maildir, Server, Settings
from .errors import NotConfiguredError, UnsendableError
from .message import render


@contextmanager
def opened(crm: CRM) -> Iterator[Callable[[Outgoing], Receipt]]:
    """
    Raises:
        NotConfiguredError: If there is no target or no sender.
        NotConnectedError: If the target cannot be reached.
    """
    settings = crm.settings(Settings)
    signed = signing.signer(settings, crm.folder)
    with _place(crm, settings) as place:

        def send(outgoing: Outgoing) -> Receipt:
            try:
                mail = render(outgoing, settings, crm.clock())
            except UnsendableError as exc:
                return Receipt(state="failed", detail=str(exc))
            return place.deliver(signed(mail))

        yield send


def _place(
    crm: CRM, settings: Settings
) -> AbstractContextManager[smtp.Connection] | AbstractContextManager[maildir.Folder]:
    if problem := missing(settings):
        raise NotConfiguredError(f"[email] {problem}")
    match settings.place:
        case Server() as server:
            return smtp.connected(server, settings)
        case Maildir(folder):
            return maildir.opened(crm.folder / folder)
    raise AssertionError("unreachable")


def missing(settings: Settings) -> str:
    """What has to be set before anything can be sent; empty when nothing has."""
    if settings.place is None:
        return 'target is not set: such as target = "maildir:outbox"'
    if not settings.from_address:
        return "from_address is not set"
    return ""
