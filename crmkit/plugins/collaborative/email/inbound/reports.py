"""Reports of machines: what became of a mail of ours, and who called it spam."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message
from typing import Final

from .headers import clean
from .model import Bounce, Complaint

_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_CODE = re.compile(r"\b([45])\d\d\b")
_TAG = re.compile(r"[+=/?]([a-z0-9]{1,64}-[a-z2-7]{16})\b", re.IGNORECASE)
LONGEST: Final = 500


def bounce_of(mail: Message, text: str) -> Bounce | None:
    """
    Of a delivery status notification (RFC 3464): the worst it tells of; where a server writes its
    own, what its words let guess. None for a mail that is neither.
    """
    fields = list(_fields(mail, "message/delivery-status"))
    found = [_told(each) for each in fields if each.get("action") or each.get("final-recipient")]
    if found:
        order = {"hard": 0, "soft": 1, "none": 2}
        return min(found, key=lambda each: order[each.severity])
    is_report = mail.get_content_type() == "multipart/report"
    status = _STATUS.search(text)
    code = _CODE.search(text)
    if not is_report and not status and not code:
        return None
    told = ".".join(status.groups()) if status else (f"{code[1]}.0.0" if code else "")
    return Bounce(action="failed", status=told, recipient="", diagnostic=clean(text[:LONGEST]))


def _told(fields: Message) -> Bounce:
    status = _STATUS.search(str(fields.get("status", "")))
    recipient = fields.get("final-recipient") or fields.get("original-recipient") or ""
    return Bounce(
        action=str(fields.get("action", "failed")).split("(")[0].strip().lower() or "failed",
        status=".".join(status.groups()) if status else "",
        recipient=clean(str(recipient).partition(";")[2].strip())[:LONGEST],
        diagnostic=clean(" ".join(str(fields.get("diagnostic-code", "")).split()))[:LONGEST],
        is_report=True,
    )


def complaint_of(mail: Message) -> Complaint | None:
    """Of a feedback report (RFC 5965); None for any other mail."""
    for fields in _fields(mail, "message/feedback-report"):
        kind = str(fields.get("feedback-type", "")).strip().lower()
        recipient = clean(str(fields.get("original-rcpt-to", "")).strip("<> "))
        return Complaint(kind=kind or "other", recipient=recipient, tags=tuple(_tags(mail)))
    return None


def _tags(mail: Message) -> Iterator[str]:
    """The tags of ours in the headers of the mail that the report brings along."""
    for part in mail.walk():
        if part.get_content_type() not in ("message/rfc822", "text/rfc822-headers"):
            continue
        payload = part.get_payload()
        inner = payload[0] if isinstance(payload, list) else payload
        headers = inner.items() if isinstance(inner, Message) else [("", str(inner))]
        for name, value in headers:
            if name.lower() in ("", "reply-to", "return-path", "list-unsubscribe"):
                yield from _TAG.findall(str(value)[:5_000])


def _fields(mail: Message, media_type: str) -> Iterator[Message]:
    """The blocks of fields of a report."""
    for part in mail.walk():
        if part.get_content_type() == media_type:
            blocks = part.get_payload()
            if isinstance(blocks, list):
                yield from (each for each in blocks if isinstance(each, Message))
            else:
                from email import message_from_string

                raw = part.get_payload(decode=True)
                told = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
                yield message_from_string(told.lstrip())
