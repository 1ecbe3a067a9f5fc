"""What consent says to a wish to contact somebody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crmkit import Contact, Objection, Unit

from .model import CONTACT_KINDS
from .queries import accepted_bases, events_of, suppressions
from .standing import refusal


def objections(unit: Unit, contacts: Sequence[Contact]) -> Iterator[Objection]:
    """One objection for each contact nothing allows, and one for each suppressed address."""
    events = events_of(unit, {contact.customer_id for contact in contacts})
    accepted = accepted_bases(unit, (contact.purpose for contact in contacts))
    for index, contact in enumerate(contacts):
        reason = refusal(
            events.get(contact.customer_id, ()),
            contact.purpose,
            contact.channel,
            contact.at,
            accepted.get(contact.purpose),
        )
        if reason:
            yield Objection(index, reason)
    yield from _suppressed(unit, contacts)


def _suppressed(unit: Unit, contacts: Sequence[Contact]) -> Iterator[Objection]:
    asked = [
        (index, kind, contact.address)
        for index, contact in enumerate(contacts)
        for kind in _kinds(unit, contact.channel)
    ]
    found = suppressions(unit, [(kind, address) for _, kind, address in asked])
    for (index, _, _), suppression in zip(asked, found, strict=True):
        if suppression is not None:
            since = f"{suppression.at:%Y-%m-%d}"
            yield Objection(index, f"the address is suppressed since {since}: {suppression.reason}")


def _kinds(unit: Unit, channel: str) -> Sequence[str]:
    """What an address of *channel* may be; all kinds where no plugin contributes the channel."""
    known = unit.contributed.channels.get(channel)
    return (known.contact_kind,) if known else CONTACT_KINDS
