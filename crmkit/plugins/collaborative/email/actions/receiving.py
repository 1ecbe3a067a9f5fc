"""Writes: mails that came in, each once, on whom it concerns as far as that can be known."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

import attrs

from crmkit import ContactPoint, Customer, Interaction, Unit, atomic
from crmkit.sql import delete_where, insert_many

from .. import addresses, queries
from ..config import Settings
from ..errors import UnprovenError
from ..inbound.model import Incoming
from ..model import RECEIVED, SOURCE, EmailReceived, Heard, How
from ..tables import email_attachment, email_body, email_reference
from . import returning
from .leaving import end

LONGEST_SUBJECT = 500


@attrs.frozen(kw_only=True)
class _Place:
    """Whose a mail is, and what it belongs to."""

    customer_id: int
    how: How
    thread: str = ""
    offer_id: int | None = None
    purpose: str = ""
    shared_by: int = 1
    note: str = ""


@atomic
def receive(unit: Unit, mail: Incoming, received_at: datetime) -> Heard:
    """
    Record a mail: a bounce or a complaint on whom it is about, any other on who wrote it.

    The sender is a claim. A mail is proven only by an address that we gave to one person for one
    message; that alone lets it end what that message was for. A stranger becomes a customer who is
    merely mentioned.

    Raises:
        UnprovenError: If it is a report, about no mail that we surely sent.
    """
    if known := unit.interactions.ids_of(SOURCE, [mail.key]):
        stored = unit.interactions.get(known[mail.key])
        return Heard(
            interaction_id=stored.id, customer_id=stored.customer_id, kind=stored.kind, is_new=False
        )
    if (told := returning.report(unit, mail, received_at)) is not None:
        return told
    if not mail.sender:
        raise UnprovenError("it names no sender, or several")
    place = _place(unit, mail)
    stored = unit.interactions.add(_interaction(mail, place, received_at))
    _keep(unit, mail, stored)
    if place.how == "token" and not mail.is_automatic and _says_stop(unit, mail):
        end(unit, place.customer_id, place.purpose, source="a mail they wrote")
    return Heard(
        interaction_id=stored.id, customer_id=stored.customer_id, kind=RECEIVED, is_new=True
    )


def _place(unit: Unit, mail: Incoming) -> _Place:
    settings = unit.settings(Settings)
    given = [addresses.tag_of(each, settings.reply_address) for each in mail.recipients]
    tags = [(each, addresses.REPLY) for each in given if each]
    if settings.unsubscribe_to.lower() in mail.recipients:
        tags.append((mail.subject.rpartition(" ")[2], addresses.LEAVE))
    for tag, use in tags:
        key = addresses.read(settings.address_secret, use, tag)
        if key and (sent := queries.sent_with(unit, key)) is not None:
            return _of_sent(unit, sent, "token")
    theirs = unit.customers.ids_at("email", mail.sender)
    note = "came to a reply address that is not ours" if any(given) else ""
    if theirs:
        found = _by_reference(unit, mail, theirs) or _by_address(unit, mail, theirs)
        return attrs.evolve(found, note=note)
    return _Place(customer_id=_stranger(unit, mail), how="stranger", note=note)


def _of_sent(unit: Unit, sent: Interaction, how: How) -> _Place:
    return _Place(
        customer_id=unit.customers.survivor(sent.customer_id).id,
        how=how,
        thread=f"email:{sent.source_key}",
        offer_id=sent.offer_id,
        purpose=str(sent.payload.get("purpose", "")),
    )


def _by_reference(unit: Unit, mail: Incoming, theirs: Sequence[int]) -> _Place | None:
    """An answer to a mail of ours to them, or going on from one of theirs."""
    for each in mail.references:
        sent = queries.sent_with(unit, each.partition("@")[0])
        if sent is not None:
            place = _of_sent(unit, sent, "reference")
            if place.customer_id in theirs:
                return place
    thread = queries.thread_of(unit, mail.references, theirs) if mail.references else ""
    if not thread:
        return None
    return attrs.evolve(_by_address(unit, mail, theirs), thread=thread, how="reference")


def _by_address(unit: Unit, mail: Incoming, theirs: Sequence[int]) -> _Place:
    who = unit.customers.survivor(theirs[0]).id
    return _Place(customer_id=who, how="address", shared_by=len(theirs))


def _stranger(unit: Unit, mail: Incoming) -> int:
    point = ContactPoint("email", mail.sender)
    name = mail.sender_name or mail.sender
    who = Customer(name=name, standing="mentioned", contact_points=(point,))
    return unit.customers.add(who).id


def _interaction(mail: Incoming, place: _Place, received_at: datetime) -> Interaction:
    told = EmailReceived(
        address=mail.sender,
        subject=mail.subject[:LONGEST_SUBJECT],
        message_id=mail.message_id,
        how=place.how,
        shared_by=place.shared_by,
        attachments=len(mail.attachments),
        note=place.note,
    )
    return Interaction(
        customer_id=place.customer_id,
        kind=RECEIVED,
        at=mail.sent_at or received_at,
        channel="email",
        text=mail.text.strip(),
        thread=place.thread or f"email:{mail.message_id or mail.key}",
        offer_id=None if mail.is_automatic else place.offer_id,
        machine=mail.is_automatic,
        payload=attrs.asdict(told),
        source=SOURCE,
        source_key=mail.key,
    )


def _keep(unit: Unit, mail: Incoming, stored: Interaction) -> None:
    who = stored.customer_id
    if mail.message_id and not queries.thread_of(unit, [mail.message_id], [who]):
        insert_many(unit.connection, email_reference, [(mail.message_id, who, stored.thread)])
    if mail.html:
        insert_many(unit.connection, email_body, [(stored.id, who, mail.html)])
    if mail.attachments:
        ids = unit.new_ids(email_attachment, len(mail.attachments))
        rows = [
            (
                new,
                stored.id,
                who,
                each.name,
                each.media_type,
                each.content_id,
                len(each.content),
                sha256(each.content).hexdigest(),
                b64encode(each.content).decode(),
            )
            for new, each in zip(ids, mail.attachments, strict=True)
        ]
        insert_many(unit.connection, email_attachment, rows)


def _says_stop(unit: Unit, mail: Incoming) -> bool:
    """The whole of what they wrote is a word that means no more; what they quote does not count."""
    settings = unit.settings(Settings)
    if settings.unsubscribe_to and settings.unsubscribe_to.lower() in mail.recipients:
        return True
    said = mail.said.strip(" .!\n").casefold()
    return said in settings.stop_words


def forget(unit: Unit, customer_ids: Sequence[int]) -> int:
    """Delete bodies, attachments and threads of these customers; returns rows."""
    tables = (email_attachment, email_body, email_reference)
    return sum(delete_where(unit.connection, each, "customer_id", customer_ids) for each in tables)
