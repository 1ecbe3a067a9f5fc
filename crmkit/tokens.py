"""
Public: tokens that nobody else can make, for links and addresses that we give away.

A token says who may do what, in plain sight; it hides nothing and by itself never ends.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Final

from crmkit import InvalidTokenError

__all__ = ["read", "sign"]

SIGNED: Final = 16
"""Bytes of a signature: HMAC-SHA-256 (RFC 2104) cut to 128 bits."""
LONGEST: Final = 8_000
"""A token of more characters is none."""


def sign(secret: bytes, use: str, told: str) -> str:
    """
    The token for *told*: letters, digits, ``-`` and ``_``.

    Args:
        use: What it is for; a token of one use is none of another.
    """
    return urlsafe_b64encode(_signature(secret, use, told) + told.encode()).decode().rstrip("=")


def read(secret: bytes, use: str, token: str) -> str:
    """
    What *token* says.

    Raises:
        InvalidTokenError: If it was not made with this secret for this use, or was changed; always
            with an empty secret, which everybody knows.
    """
    try:
        raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        told = raw[SIGNED:].decode()
    except ValueError as exc:
        raise InvalidTokenError(token) from exc
    if (
        not secret
        or len(token) > LONGEST
        or not hmac.compare_digest(sign(secret, use, told), token)
    ):
        raise InvalidTokenError(token)
    return told


def _signature(secret: bytes, use: str, told: str) -> bytes:
    return hmac.new(secret, f"{use}\0{told}".encode(), sha256).digest()[:SIGNED]
