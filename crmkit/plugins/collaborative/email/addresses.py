"""
Addresses that lead back to one message: where it bounces to, and where answers go.

``bounces+KEY-SIGNATURE@domain``, in lower case, because mail servers may fold the case of what
stands before the ``@``. Who does not know our secret cannot make one.
"""

from __future__ import annotations

import hmac
from base64 import b32encode
from hashlib import sha256
from typing import Final

SIGNED: Final = 16
"""Letters and digits of a signature: 80 bits."""
LONGEST_LOCAL: Final = 64
"""RFC 5321, section 4.5.3.1.1."""
KEY: Final = 32
BOUNCE, REPLY, LEAVE = "bounce", "reply", "leave"


def tag(secret: str, use: str, key: str) -> str:
    """What stands behind the ``+``, or in the subject."""
    return f"{key}-{_signature(secret, use, key)}"


def tagged(address: str, secret: str, use: str, key: str) -> str:
    local, _, domain = address.partition("@")
    return f"{local}+{tag(secret, use, key)}@{domain}"


def read(secret: str, use: str, given: str) -> str | None:
    """The key of a tag; None if we did not make it. Without a secret, nobody did."""
    key, _, signature = given.strip().lower().rpartition("-")
    is_ours = bool(secret and key) and hmac.compare_digest(
        signature.encode(), _signature(secret, use, key).encode()
    )
    return key if is_ours else None


def tag_of(address: str, base: str) -> str | None:
    """What stands behind the ``+`` of *address*, if without it it is *base*."""
    local, _, domain = address.lower().rpartition("@")
    name, plus, found = local.partition("+")
    return found if plus and f"{name}@{domain}" == base.lower() else None


def _signature(secret: str, use: str, key: str) -> str:
    signed = hmac.new(secret.encode(), f"{use}\0{key}".encode(), sha256).digest()
    return b32encode(signed).decode().lower()[:SIGNED]
