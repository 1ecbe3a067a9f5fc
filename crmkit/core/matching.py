"""Keys by which names and addresses match, the same on every database."""

from __future__ import annotations

import re
import unicodedata

_INVISIBLE = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    r"\ud800-\udfff]"
)
_SPACES = re.compile(r"\s+")
_NOT_DIGITS = re.compile(r"\D")
_UNSTORABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_MARKS = re.compile(r"[\u0300-\u036f]")


def fold(text: str) -> str:
    """
    Case-, accent-, width- and space-insensitive form: ``"Zoë  STRASSE"`` -> ``"zoe strasse"``.

    Letters of other scripts stay themselves: a Cyrillic "а" never matches a Latin "a".
    """
    if text.isascii():
        return " ".join(_INVISIBLE.sub("", text).lower().split())
    wide = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).casefold()
    bare = _MARKS.sub("", unicodedata.normalize("NFD", wide))
    return _SPACES.sub(" ", unicodedata.normalize("NFC", bare)).strip()


def email_key(value: str) -> str:
    """
    Lower-cased, NFC, without the trailing dot of a rooted domain.

    Accents, "ß" and "ſ" stay themselves: they are other domains, and mail would go elsewhere.
    """
    visible = _INVISIBLE.sub("", value).strip()
    return unicodedata.normalize("NFC", visible).lower().rstrip(".")


def phone_key(value: str) -> str:
    """Digits only, with a leading ``+`` kept: ``+44 20 7946`` and ``+44-207946`` are one key."""
    digits = "".join(str(unicodedata.digit(c)) for c in _NOT_DIGITS.sub("", value))
    return f"+{digits}" if value.strip().startswith("+") else digits


def contact_key(kind: str, value: str) -> str:
    """The key under which a contact point of *kind* is stored and found."""
    if kind == "email":
        return email_key(value)
    if kind == "phone":
        return phone_key(value)
    return fold(value)


def has_control(text: str) -> bool:
    """Whether *text* holds half a surrogate pair, or control characters but tab and line breaks."""
    return _UNSTORABLE.search(text) is not None
