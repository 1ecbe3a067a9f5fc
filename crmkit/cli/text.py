"""Text as it may be shown: no control bytes, a known width, cells that no spreadsheet runs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Final

_UNSEEN: Final = r"\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff"
_CONTROL = re.compile(rf"[\x00-\x1f{_UNSEEN}]")
_LEFT_BY_JSON = re.compile(f"[{_UNSEEN}]")
_FORMULA = re.compile(r"[\t\r\n]|\s*[=+\-@＝＋－＠]")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*([eE][+-]?\d+)?")
_PHONE = re.compile(r"\+\d(?:[ ().-]*\d){6,}")
ELLIPSIS: Final = "…"


def visible(text: str) -> str:
    """*text* with control, bidirectional and unencodable characters written as escapes."""
    return text if text.isprintable() else _CONTROL.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def json_escapes(document: str) -> str:
    """A JSON document in which also the characters that JSON leaves alone cannot act."""
    return _LEFT_BY_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", document)


def width(text: str) -> int:
    """Columns *text* takes on a terminal."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def clipped(text: str, columns: int) -> str:
    """*text* in at most *columns* columns, its cut end marked."""
    if width(text) <= columns:
        return text
    while text and width(text) > columns - 1:
        text = text[:-1]
    return text + ELLIPSIS


def cell(value: object) -> str:
    """*value* for people, in one line."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.6g}"
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}".removesuffix(":00")
        case str():
            return value
        case Mapping():
            stated = ((key, cell(each)) for key, each in value.items() if each is not False)
            return ", ".join(f"{key}={text}" for key, text in stated if text)
        case Sequence() | set() | frozenset():
            return ", ".join(cell(each) for each in value)
    return str(value)


def plain(value: object) -> object:
    """*value* as JSON knows it: instants in ISO 8601, amounts as ``"12.50 EUR"``."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if abs(value) < float("inf") else None
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case Mapping():
            return {str(key): plain(each) for key, each in value.items()}
        case Sequence() | set() | frozenset():
            return [plain(each) for each in value]
    return str(value)


def harmless(value: object) -> str:
    """
    *value* as a cell of a CSV file.

    Text that a spreadsheet would run gets a leading apostrophe; numbers and telephone numbers stay.
    """
    if not isinstance(value, str):
        value = plain(value)
        if not isinstance(value, str):
            return "" if value is None else _flat(value)
    elif _FORMULA.match(value) and not (_NUMBER.fullmatch(value) or _PHONE.fullmatch(value)):
        value = "'" + value
    return _quoted(value)


def _flat(value: object) -> str:
    if isinstance(value, bool | int | float):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return harmless(", ".join(value))
    import json

    return _quoted(json.dumps(value, ensure_ascii=False))


def _quoted(text: str) -> str:
    if any(mark in text for mark in ',;"\t\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text
