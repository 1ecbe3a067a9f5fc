"""The mailboxes that are read, as ``[[email.mailboxes]]`` describes them."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import attrs

from crmkit import InvalidValueError

ACCEPTED: Final = "imaps://host/INBOX, imap://127.0.0.1:port/INBOX, maildir:folder or mbox:file"
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,60}")


def _name(_: object, field: attrs.Attribute[Any], value: str) -> None:
    if not _NAME.fullmatch(value):
        raise InvalidValueError(field.name, value, "lower-case letters, digits, - and _")


def _url(_: object, field: attrs.Attribute[Any], value: str) -> None:
    scheme, _colon, rest = value.partition(":")
    if scheme in ("maildir", "mbox") and rest:
        return
    parts = urlsplit(value)
    if parts.username is not None or parts.password is not None:
        accepted = "no user and password in the URL; they have settings of their own"
        raise InvalidValueError(field.name, f"{scheme}://...@{parts.hostname}", accepted)
    is_safe = scheme == "imaps" or (scheme == "imap" and parts.hostname in LOOPBACK)
    if not is_safe or not parts.hostname:
        raise InvalidValueError(field.name, value, ACCEPTED)


@attrs.frozen(kw_only=True)
class Mailbox:
    """
    Attributes:
        url: ``imaps://host/FOLDER``, where the folder is INBOX if none is named; ``maildir:folder``
            or ``mbox:file``, beside ``crmkit.toml`` unless absolute.
        password: Best as ``{ env = "NAME" }``.
    """

    name: str = attrs.field(default="inbox", validator=_name)
    url: str = attrs.field(validator=_url)
    user: str = ""
    password: str = attrs.field(default="", repr=False)

    @property
    def scheme(self) -> str:
        return self.url.partition(":")[0]

    @property
    def path(self) -> str:
        """Of a maildir or mbox; of a server its folder."""
        if self.scheme in ("maildir", "mbox"):
            return self.url.partition(":")[2]
        return unquote(urlsplit(self.url).path.strip("/")) or "INBOX"
