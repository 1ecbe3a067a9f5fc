"""Headers as people wrote them, read without trusting a byte of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from typing import Final

MOST_ADDRESSES: Final = 200
LONGEST: Final = 2_000
"""Characters of one header that are looked at."""
DELIVERED: Final = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to", "cc")
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,250})>")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\]{1,253}")
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


def text_of(mail: Message, name: str) -> str:
    """A header in words, on one line, without control characters."""
    value = mail.get(name)
    return "" if value is None else decoded(str(value))


def decoded(value: str) -> str:
    try:
        parts = decode_header(value[:LONGEST])
    except (HeaderParseError, ValueError):
        parts = [(value[:LONGEST], None)]
    words = [each if isinstance(each, str) else _words(each, charset) for each, charset in parts]
    return clean(" ".join("".join(words).split()))


def _words(raw: bytes, charset: str | None) -> str:
    for name in (charset, "utf-8"):
        try:
            return raw.decode(name or "utf-8")
        except (LookupError, UnicodeError):
            continue
    return raw.decode("latin-1")


def clean(value: str) -> str:
    """Without what would move or turn round the text beside it; surrogates become ``?``."""
    return _CONTROL.sub("", value).encode("utf-8", "replace").decode()


def sender_of(mail: Message) -> tuple[str, str]:
    """Address and name of who says to have written it; empty unless there is exactly one."""
    given = mail.get_all("from", [])
    if len(given) != 1:
        return "", ""
    found = list(_addresses([str(given[0])]))
    return found[0] if len(found) == 1 else ("", "")


def recipients_of(mail: Message) -> tuple[str, ...]:
    headers = (str(each) for name in DELIVERED for each in mail.get_all(name, []))
    return tuple(dict.fromkeys(address for address, _ in _addresses(headers)))


def _addresses(headers: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Addresses with their names; what is no address is left out."""
    found = 0
    for header in headers:
        for name, address in getaddresses([header[:LONGEST]]):
            if _ADDRESS.fullmatch(address) and (found := found + 1) <= MOST_ADDRESSES:
                yield clean(address).lower(), decoded(name)


def ids_of(mail: Message, name: str) -> list[str]:
    """Message-IDs in a header, without their brackets."""
    told = " ".join(str(each)[:LONGEST] for each in mail.get_all(name, []))
    return [clean(each) for each in _MESSAGE_ID.findall(told)]


def sent_at(mail: Message, received_at: datetime) -> datetime | None:
    """None where it is told wrongly, before there was mail, or after it was received."""
    try:
        at = parsedate_to_datetime(str(mail.get("date", "")))
        at = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return at if _EARLIEST <= at <= received_at else None
