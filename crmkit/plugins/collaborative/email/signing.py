"""DKIM signatures (RFC 6376)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import attrs

from crmkit import MissingExtraError

from .config import Settings
from .errors import NotConfiguredError
from .message import Mail

_TWICE: Final = (b"from", b"to", b"subject", b"date", b"reply-to")
"""Signed once more than they are there, so that nobody can add another."""


def signer(settings: Settings, folder: Path) -> Callable[[Mail], Mail]:
    """
    What puts our DKIM signature on a mail, over every header it has; without a key, nothing.

    Raises:
        NotConfiguredError: If the key cannot be read or is none.
        MissingExtraError: Without dkimpy.
    """
    if not settings.dkim_key_file:
        return lambda mail: mail
    try:
        import dkim
    except ModuleNotFoundError as exc:
        raise MissingExtraError("Signing mails", "mail") from exc
    path = folder / settings.dkim_key_file
    try:
        key = path.read_bytes()
        dkim.crypto.parse_pem_private_key(key)
    except (OSError, dkim.crypto.UnparsableKeyError) as exc:
        raise NotConfiguredError(f"[email] dkim_key_file: {path}: {exc}") from exc

    def signed(mail: Mail) -> Mail:
        message = dkim.DKIM(mail.content)
        present = [name.lower() for name, _ in message.headers]
        header = message.sign(
            settings.dkim_selector.encode(),
            mail.sender.partition("@")[2].encode(),
            key,
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=[*present, *_TWICE],
        )
        return attrs.evolve(mail, content=header + mail.content)

    return signed
