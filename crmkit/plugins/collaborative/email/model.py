"""What became of mails that came in."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

import attrs

RECEIVED: Final = "email.received"
BOUNCED: Final = "email.bounced"
COMPLAINED: Final = "email.complained"
SOURCE: Final = "email"
How = Literal["token", "reference", "address", "stranger"]
"""
How it is known whose a mail is: an address that only they were given, an answer to a mail of theirs
from their own address, their address alone, which anybody can write, or not at all.
"""


@attrs.frozen(kw_only=True)
class EmailReceived:
    """
    The payload of ``email.received``.

    Attributes:
        how: See :data:`How`; only ``token`` proves anything.
        shared_by: How many customers have the address.
        note: What is odd about it; empty for nothing.
    """

    address: str
    subject: str
    message_id: str = ""
    how: str = "address"
    shared_by: int = 1
    attachments: int = 0
    note: str = ""


@attrs.frozen(kw_only=True)
class EmailBounced:
    """The payload of ``email.bounced``: about a mail that we surely sent."""

    address: str
    status: str
    severity: str
    suppressed: bool = False


@attrs.frozen(kw_only=True)
class EmailComplained:
    """The payload of ``email.complained``: about a mail that we surely sent."""

    address: str
    kind: str
    suppressed: bool = False


@attrs.frozen(kw_only=True)
class Heard:
    """What was recorded of a mail that came in; *is_new* is False if it was known."""

    interaction_id: int
    customer_id: int
    kind: str
    is_new: bool


@attrs.frozen(kw_only=True)
class Stored:
    """An attachment; its *name* is for people and leads nowhere."""

    id: int
    interaction_id: int
    customer_id: int
    name: str
    media_type: str
    content_id: str
    size_bytes: int
    sha256: str


@attrs.frozen(kw_only=True)
class Aside:
    """A mail in quarantine."""

    id: int
    mailbox: str
    received_at: datetime
    why: str
    size_bytes: int
