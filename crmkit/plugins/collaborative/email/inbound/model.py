"""A mail that came in, taken apart."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import attrs


@attrs.frozen(kw_only=True)
class Attachment:
    """
    Attributes:
        name: As the sender called it, made harmless; never a place to write to.
        content_id: What the HTML refers to it by, as ``cid:``; empty for none.
    """

    name: str
    media_type: str
    content_id: str
    content: bytes = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class Bounce:
    """
    What a mail server says about a mail of ours (RFC 3464, or as well as can be guessed).

    Attributes:
        action: ``failed``, ``delayed``, ``delivered``, ``relayed`` or ``expanded``.
        status: Of RFC 3463, such as ``5.1.1``; empty where none is told.
        is_report: Whether it is in the form of RFC 3464, not guessed from words.
    """

    action: str
    status: str
    recipient: str
    diagnostic: str
    is_report: bool = False

    @property
    def severity(self) -> Literal["hard", "soft", "none"]:
        """
        ``hard``: the address is wrong for good. A full mailbox, a refused content or a reputation
        of ours says nothing against the address, so those are ``soft`` whatever their class.
        """
        if self.action in ("delivered", "relayed", "expanded", "delayed"):
            return "none"
        kind, _, detail = self.status.partition(".")
        if kind == "5" and (detail.startswith("1.") or detail in ("2.1", "4.4")):
            return "hard"
        return "soft"


@attrs.frozen(kw_only=True)
class Complaint:
    """
    Somebody pressed "this is spam" (ARF, RFC 5965).

    Attributes:
        kind: ``abuse``, ``fraud``, ``not-spam`` ...
        tags: What stood behind a ``+``, or as token, in the headers of the mail complained about.
    """

    kind: str
    recipient: str
    tags: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Incoming:
    """
    Attributes:
        key: The same for the same mail, by whatever way and however often it came.
        message_id: Without its brackets; empty for none.
        sender: From; empty where there is none, or more than one. Anybody can write anything here.
        recipients: Everywhere it says it went, and where it was delivered to.
        sent_at: As the sender says; None where that cannot be.
        references: Message-IDs it answers or goes on from, the nearest first.
        said: The text without what it quotes.
        is_automatic: A machine answered (RFC 3834), or a list passed it on.
    """

    key: str
    message_id: str
    sender: str
    sender_name: str
    recipients: tuple[str, ...]
    subject: str
    sent_at: datetime | None
    references: tuple[str, ...]
    text: str
    said: str
    html: str = attrs.field(repr=False)
    attachments: tuple[Attachment, ...]
    is_automatic: bool
    bounce: Bounce | None = None
    complaint: Complaint | None = None
