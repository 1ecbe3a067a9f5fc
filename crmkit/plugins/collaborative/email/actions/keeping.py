"""Writes: how far mailboxes are read, and what is kept aside."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

import sqlalchemy as sa

from crmkit import Unit
from crmkit.sql import delete_where, insert_many

from .. import queries
from ..inbound.parsing import MOST_BYTES
from ..tables import email_mailbox, email_quarantine


def quarantine(unit: Unit, mailbox: str, raw: bytes, why: str) -> bool:
    """Keep a mail aside, with why; False if it is there already. Of one too large, its size."""
    digest = sha256(raw).hexdigest()
    known = sa.select(email_quarantine.c.id).where(email_quarantine.c.digest == digest)
    if unit.connection.scalar(known) is not None:
        return False
    content = b64encode(raw).decode() if len(raw) <= MOST_BYTES else ""
    (new,) = unit.new_ids(email_quarantine, 1)
    row = (new, mailbox, digest, unit.now, why, len(raw), content)
    insert_many(unit.connection, email_quarantine, [row])
    return True


def drop_quarantined(unit: Unit, number: int) -> None:
    """
    Raises:
        RecordNotFoundError: If nothing has that number.
    """
    queries.kept_aside(unit, number)
    delete_where(unit.connection, email_quarantine, "id", [number])


def read_up_to(unit: Unit, mailbox: str, uid_validity: int, uid: int) -> None:
    told = {"uid_validity": uid_validity, "last_uid": uid}
    theirs = email_mailbox.c
    done = unit.connection.execute(
        sa.update(email_mailbox).where(theirs.name == mailbox).values(told)
    )
    if not done.rowcount:
        unit.connection.execute(sa.insert(email_mailbox).values(name=mailbox, **told))
