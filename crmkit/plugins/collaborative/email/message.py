"""
One message as the bytes of a mail to exactly one recipient.

The headers are written here and not by :mod:`email`, which has turned header values into new
headers before (CVE-2024-6923, CVE-2026-1299) and takes three times as long. The finished bytes are
parsed again and compared with what was meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes
from email.header import Header, decode_header, make_header
from email.utils import format_datetime
from typing import Final

import attrs

from crmkit import Outgoing

from . import body
from .config import Settings
from .errors import UnsendableError
from .tokens import link

LONGEST_LINE: Final = 998
OURS: Final = frozenset(
    {
        *("from", "to", "cc", "bcc", "sender", "reply-to", "return-path", "subject", "date"),
        *("message-id", "mime-version", "received", "x-crmkit-key", "auto-submitted"),
        *("list-unsubscribe", "list-unsubscribe-post", "dkim-signature"),
    }
)
"""Headers only this module writes, beside all of Content-* and Resent-*."""
_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@[^\s@<>()\[\],;:\\\"/]{1,253}")
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}")
_FOLD = re.compile(r"(\S.{38,68}?\S) (?=\S)")
_BARE = re.compile(rb"(?<!\r)\n|\r(?!\n)")


@attrs.frozen(kw_only=True)
class Mail:
    """
    Attributes:
        key: The intent's key, fit to be a file name.
        recipient: As servers take it, the domain in ASCII.
        needs_utf8: An address is not ASCII before the ``@``.
    """

    key: str
    sender: str
    recipient: str
    message_id: str
    content: bytes
    needs_utf8: bool


def render(outgoing: Outgoing, settings: Settings, now: datetime) -> Mail:
    """
    Raises:
        UnsendableError: If the mail would not say exactly what it should, to whom it should.
    """
    sender = _address("from_address", settings.from_address)
    recipient = _address("address", outgoing.address)
    if not _KEY.fullmatch(outgoing.key):
        raise UnsendableError(f"key: {outgoing.key!r:.80} is not a word of letters and digits")
    message_id = f"<{outgoing.key}@{sender.partition('@')[2]}>"
    content_headers, content_bytes = body.written(outgoing)
    headers = [
        ("From", _named(settings.from_name, sender)),
        ("To", recipient),
        ("Subject", _written("subject", outgoing.subject)),
        ("Date", format_datetime(now)),
        ("Message-ID", message_id),
        ("X-CRMKit-Key", outgoing.key),
        ("Auto-Submitted", "auto-generated"),
        *_answers(settings, outgoing),
        *_extra(outgoing),
        ("MIME-Version", "1.0"),
        *content_headers,
    ]
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    content = head.encode() + b"\r\n" + content_bytes
    _verify(content, headers, outgoing)
    return Mail(
        key=outgoing.key,
        sender=sender,
        recipient=recipient,
        message_id=message_id,
        content=content,
        needs_utf8=not (recipient.isascii() and sender.isascii()),
    )


def _address(field: str, given: str) -> str:
    text = _safe(field, given.strip())
    if not _ADDRESS.fullmatch(text) or "=?" in text:
        raise UnsendableError(f"{field}: {given!r:.80} is not one address such as ana@example.com")
    local, _, domain = text.partition("@")
    try:
        ascii_domain = domain.encode("idna").decode("ascii")
    except UnicodeError as exc:
        raise UnsendableError(f"{field}: {domain!r:.80} is not a domain: {exc}") from exc
    return f"{local}@{ascii_domain}"


def _safe(field: str, value: str) -> str:
    if _UNSAFE.search(value):
        raise UnsendableError(f"{field}: {value!r:.80} holds a line break or a control character")
    return value


def _written(field: str, value: str) -> str:
    """*value* as it stands in a header: as it is, or encoded where that could be read otherwise."""
    text = _safe(field, value)
    if text.isascii() and "=?" not in text and text == text.strip():
        return _FOLD.sub("\\1\r\n ", text)
    return Header(text, "utf-8", header_name=field).encode(linesep="\r\n")


def _named(name: str, address: str) -> str:
    if not name:
        return address
    if _safe("from_name", name).isascii() and "=?" not in name:
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{address}>'
    encoded = Header(name, "utf-8", header_name="From").encode(linesep="\r\n")
    return f"{encoded} <{address}>"


def _answers(settings: Settings, outgoing: Outgoing) -> Iterator[tuple[str, str]]:
    if settings.reply_to:
        yield "Reply-To", _address("reply_to", settings.reply_to)
    if ways := list(_ways_out(settings, outgoing)):
        yield "List-Unsubscribe", ",\r\n ".join(f"<{each}>" for each in ways)
    if settings.unsubscribe_url:
        yield "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"


def _ways_out(settings: Settings, outgoing: Outgoing) -> Iterator[str]:
    if url := settings.unsubscribe_url:
        secret = settings.unsubscribe_secret
        yield link(url, secret, outgoing.customer_id, outgoing.purpose)
    if settings.unsubscribe_to:
        to = _address("unsubscribe_to", settings.unsubscribe_to)
        yield f"mailto:{to}?subject=unsubscribe%20{outgoing.key}"


def _extra(outgoing: Outgoing) -> Iterator[tuple[str, str]]:
    for name, value in outgoing.headers:
        if not _HEADER_NAME.fullmatch(name):
            raise UnsendableError(f"header {name!r:.80} is not a header name")
        if name.lower() in OURS or name.lower().startswith(("content-", "resent-")):
            raise UnsendableError(f"header {name} belongs to the mail itself")
        yield name, _written(name, value)


def _verify(content: bytes, headers: list[tuple[str, str]], outgoing: Outgoing) -> None:
    mail = message_from_bytes(content)
    found = [(name, _unfolded(value)) for name, value in mail.raw_items()]
    if found != [(name, _unfolded(value)) for name, value in headers] or mail.defects:
        raise UnsendableError(f"the headers came out as {', '.join(name for name, _ in found)}")
    subject = str(make_header(decode_header(_unfolded(dict(found)["Subject"]))))
    if subject != outgoing.subject:
        raise UnsendableError(f"the subject came out as {subject!r:.80}")
    if _BARE.search(content) or max(map(len, content.split(b"\r\n"))) > LONGEST_LINE:
        raise UnsendableError("the mail holds a bare line break or too long a line")
    body.verify(mail, outgoing)


def _unfolded(value: object) -> str:
    """A header's value on one line, bytes beyond ASCII read as UTF-8."""
    line = str(value).replace("\r\n", "")
    return line if line.isascii() else line.encode("utf-8", "surrogateescape").decode()
