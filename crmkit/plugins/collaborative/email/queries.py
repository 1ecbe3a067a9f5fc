"""Reads: whose a mail is, what it brought along, what is kept aside."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence
from typing import Any

import attrs
import sqlalchemy as sa

from crmkit import Interaction, RecordNotFoundError, Unit
from crmkit.sql import id_list, one_of

from .model import Aside, Stored
from .tables import (
    email_attachment,
    email_body,
    email_mailbox,
    email_quarantine,
    email_reference,
)

_STORED = [email_attachment.c[each.name] for each in attrs.fields(Stored)]
_ASIDE = [email_quarantine.c[each.name] for each in attrs.fields(Aside)]


def sent_with(unit: Unit, key: str) -> Interaction | None:
    """The mail of ours that has this key; None if none was sent."""
    found = unit.interactions.ids_of("delivery", [key])
    return unit.interactions.get(found[key]) if found else None


def thread_of(unit: Unit, message_ids: Sequence[str], customer_ids: Sequence[int]) -> str:
    """The conversation in which one of these customers wrote one of these mails; else empty."""
    theirs = email_reference.c
    select = sa.select(theirs.thread).where(
        theirs.message_id.in_(message_ids), theirs.customer_id.in_(customer_ids)
    )
    return unit.connection.scalar(select.limit(1)) or ""


def attachments_of(unit: Unit, interaction_id: int) -> list[Stored]:
    theirs = email_attachment.c
    select = sa.select(*_STORED).where(theirs.interaction_id == interaction_id).order_by(theirs.id)
    return [Stored(**row) for row in unit.connection.execute(select).mappings()]


def content_of(unit: Unit, attachment_id: int) -> tuple[Stored, bytes]:
    """
    Raises:
        RecordNotFoundError: If there is no such attachment.
    """
    theirs = email_attachment.c
    select = sa.select(*_STORED, theirs.content).where(theirs.id == attachment_id)
    row = unit.connection.execute(select).mappings().first()
    if row is None:
        raise RecordNotFoundError("attachment", attachment_id)
    told = dict(row)
    content = b64decode(told.pop("content"))
    return Stored(**told), content


def html_of(unit: Unit, interaction_id: int) -> str:
    """The HTML as it came, which nobody should show: see :func:`shown_html`."""
    theirs = email_body.c
    select = sa.select(theirs.html).where(theirs.interaction_id == interaction_id)
    return unit.connection.scalar(select) or ""


def read_until(unit: Unit, mailbox: str) -> tuple[int, int]:
    """UIDVALIDITY and the last UID that was taken in; zeros for a mailbox never read."""
    theirs = email_mailbox.c
    select = sa.select(theirs.uid_validity, theirs.last_uid).where(theirs.name == mailbox)
    row = unit.connection.execute(select).first()
    return (0, 0) if row is None else (row[0], row[1])


def quarantined(unit: Unit) -> list[Aside]:
    """What is kept aside, the latest first."""
    select = sa.select(*_ASIDE).order_by(email_quarantine.c.id.desc())
    return [Aside(**row) for row in unit.connection.execute(select).mappings()]


def kept_aside(unit: Unit, number: int) -> tuple[Aside, bytes]:
    """
    Raises:
        RecordNotFoundError: If nothing has that number.
    """
    theirs = email_quarantine.c
    select = sa.select(*_ASIDE, theirs.content).where(theirs.id == number)
    row = unit.connection.execute(select).mappings().first()
    if row is None:
        raise RecordNotFoundError("quarantined mail", number)
    told = dict(row)
    content = b64decode(told.pop("content"))
    return Aside(**told), content


def exported(unit: Unit, customer_ids: Sequence[int]) -> dict[int, dict[str, object]]:
    """Bodies and attachments of these customers, JSON-ready."""
    given = {"ids": id_list(unit.connection, customer_ids)}
    found: dict[int, dict[str, Any]] = {}
    for name, held in (
        ("bodies", email_body),
        ("attachments", email_attachment),
        ("references", email_reference),
    ):
        select = sa.select(held).where(one_of(held.c.customer_id))
        for row in unit.connection.execute(select, given).mappings():
            told = {key: value for key, value in row.items() if key != "customer_id"}
            found.setdefault(row["customer_id"], {}).setdefault(name, []).append(told)
    return found
