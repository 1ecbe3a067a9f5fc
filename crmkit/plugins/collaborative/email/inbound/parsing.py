"""From the bytes of a mail to what they say, within limits, whatever the bytes are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from hashlib import sha256
from html import unescape
from typing import Final

from ..errors import PoisonError
from .automatic import is_automatic
from .headers import clean, decoded, ids_of, recipients_of, sender_of, sent_at, text_of
from .model import Attachment, Incoming
from .quoting import said_of
from .reports import bounce_of, complaint_of

OWN_KEY: Final = "X-CRMKit-Key"
MOST_BYTES: Final = 30_000_000
MOST_PARTS: Final = 500
DEEPEST: Final = 30
LONGEST_TEXT: Final = 500_000
LONGEST_NAME: Final = 120
_BROKEN: Final = (
    AssertionError, AttributeError, IndexError, KeyError, LookupError, RecursionError, TypeError,
    ValueError,
)  # fmt: skip
"""What the standard library raises on mails that somebody broke on purpose."""
_TAGS = re.compile(r"<(style|script|head)\b.*?</\1\s*>|<[^>]{0,2000}>", re.IGNORECASE | re.DOTALL)
_BREAKS = re.compile(r"<(br|/p|/div|/tr|/li|/h\d)\b[^>]{0,200}>", re.IGNORECASE)
_FILE = re.compile(r"[^\w .()@+,=-]", re.UNICODE)


def parse(raw: bytes, received_at: datetime) -> Incoming:
    """
    Raises:
        PoisonError: If it is too large, too deep, or cannot be read.
    """
    if len(raw) > MOST_BYTES:
        raise PoisonError(f"{len(raw):,} bytes, more than {MOST_BYTES:,}")
    if raw.lower().count(b"content-type:") > MOST_PARTS:
        raise PoisonError(f"more than {MOST_PARTS} parts")
    try:
        return _parsed(raw, message_from_bytes(raw), received_at)
    except _BROKEN as exc:
        raise PoisonError(f"cannot be read: {type(exc).__name__}: {exc}"[:300]) from exc


def _parsed(raw: bytes, mail: Message, received_at: datetime) -> Incoming:
    leaves = list(_leaves(mail))
    plain, html = _text(leaves, "text/plain"), _text(leaves, "text/html")
    text = plain or _words_of(html)
    sender, name = sender_of(mail)
    complaint = complaint_of(mail)
    ids = ids_of(mail, "message-id")
    answered = [*reversed(ids_of(mail, "in-reply-to")), *reversed(ids_of(mail, "references"))]
    return Incoming(
        key=_key(raw, ids[0] if ids else ""),
        message_id=ids[0] if ids else "",
        sender=sender,
        sender_name=name,
        recipients=recipients_of(mail),
        subject=text_of(mail, "subject"),
        sent_at=sent_at(mail, received_at),
        references=tuple(dict.fromkeys(answered)),
        text=text,
        said=said_of(text),
        html=html,
        attachments=tuple(_attachments(leaves)),
        is_automatic=is_automatic(mail, sender, OWN_KEY),
        bounce=None if complaint else bounce_of(mail, text),
        complaint=complaint,
    )


def _key(raw: bytes, message_id: str) -> str:
    """
    One mail that came by two ways has other trace headers, but one Message-ID and one body; two
    mails with one Message-ID have two bodies.
    """
    body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[2]
    told = message_id.encode("utf-8", "replace") + b"\0" + body if message_id else raw
    return sha256(told).hexdigest()[:40]


def _leaves(mail: Message, depth: int = 0) -> Iterator[Message]:
    if depth > DEEPEST:
        raise PoisonError(f"parts within parts, deeper than {DEEPEST}")
    payload = mail.get_payload()
    if isinstance(payload, list) and mail.get_content_maintype() == "multipart":
        for each in payload:
            if isinstance(each, Message):
                yield from _leaves(each, depth + 1)
    else:
        yield mail


def _is_attached(part: Message) -> bool:
    return part.get_content_disposition() == "attachment" or part.get_filename() is not None


def _text(leaves: list[Message], media_type: str) -> str:
    told = [
        _decoded(part)
        for part in leaves
        if part.get_content_type() == media_type and not _is_attached(part)
    ]
    return "\n".join(told)[:LONGEST_TEXT]


def _decoded(part: Message) -> str:
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return ""
    charset = part.get_content_charset() or "utf-8"
    try:
        told = raw.decode(charset)
    except (LookupError, UnicodeError):
        told = raw.decode("utf-8", "replace")
    return clean(told.replace("\r\n", "\n").replace("\r", "\n"))


def _words_of(html: str) -> str:
    return unescape(_TAGS.sub("", _BREAKS.sub("\n", html))).strip()


def _attachments(leaves: list[Message]) -> Iterator[Attachment]:
    for part in leaves:
        kind = part.get_content_type()
        is_text = kind in ("text/plain", "text/html") and not _is_attached(part)
        if is_text or kind in ("message/delivery-status", "message/feedback-report"):
            continue
        raw = part.get_payload(decode=True)
        yield Attachment(
            name=file_name(part.get_filename() or ""),
            media_type=kind,
            content_id=str(part.get("content-id", "")).strip().strip("<>")[:LONGEST_NAME],
            content=raw if isinstance(raw, bytes) else part.as_bytes(),
        )


def file_name(given: str) -> str:
    """What an attachment is called on a screen; it leads nowhere, and turns nothing round."""
    last = decoded(given).replace("\\", "/").rpartition("/")[2]
    kept = _FILE.sub("_", last).strip(" .")
    return kept[:LONGEST_NAME] or "attachment"
