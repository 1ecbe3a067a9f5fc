"""Tokens of the links in mails, signed so that nobody makes their own."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from hashlib import sha256
from typing import Final

from .errors import InvalidTokenError

SIGNED: Final = 16
"""Bytes of a signature: 128 bits."""


def token(secret: str, customer_id: int, purpose: str) -> str:
    """For the link that ends *purpose* for one customer."""
    told = f"{customer_id}.{purpose}".encode()
    return urlsafe_b64encode(_signature(secret, told) + told).decode().rstrip("=")


def link(url: str, secret: str, customer_id: int, purpose: str) -> str:
    """The address at which one customer ends *purpose*."""
    return f"{url}{'&' if '?' in url else '?'}t={token(secret, customer_id, purpose)}"


def read(secret: str, given: str) -> tuple[int, str]:
    """
    The customer and the purpose of a token.

    Raises:
        InvalidTokenError: If we did not make it.
    """
    try:
        raw = urlsafe_b64decode(given.encode("ascii") + b"=" * (-len(given) % 4))
        signature, told = raw[:SIGNED], raw[SIGNED:]
        if not hmac.compare_digest(signature, _signature(secret, told)):
            raise InvalidTokenError(given)
        customer_id, purpose = told.decode().split(".", 1)
        return int(customer_id), purpose
    except (Error, ValueError) as exc:
        raise InvalidTokenError(given) from exc


def _signature(secret: str, told: bytes) -> bytes:
    return hmac.new(secret.encode(), b"unsubscribe " + told, sha256).digest()[:SIGNED]
