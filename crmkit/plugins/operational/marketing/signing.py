"""Tokens of links and codes of customers, signed so that nobody makes their own."""

from __future__ import annotations

import hmac
from base64 import b32encode, urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from hashlib import sha256
from typing import Final

from .errors import InvalidTokenError

SIGNED: Final = 12
"""Bytes of a signature: 96 bits."""
CODE: Final = 8
"""Letters and digits of a code: 40 bits."""
REFERRAL_CODE: Final = 10
"""Of one that many may have to tell apart: 50 bits."""


def token(secret: bytes, campaign_id: int, customer_id: int, url: str) -> str:
    """For one link of one message to one customer."""
    told = f"{campaign_id}.{customer_id}.{url}".encode()
    return urlsafe_b64encode(_signature(secret, told) + told).decode().rstrip("=")


def read(secret: bytes, given: str) -> tuple[int, int, str]:
    """
    The campaign, the customer and the address of a token.

    Raises:
        InvalidTokenError: If we did not make it.
    """
    try:
        raw = urlsafe_b64decode(given.encode() + b"=" * (-len(given) % 4))
        signature, told = raw[:SIGNED], raw[SIGNED:]
        if not hmac.compare_digest(signature, _signature(secret, told)):
            raise InvalidTokenError(given)
        campaign_id, customer_id, url = told.decode().split(".", 2)
        return int(campaign_id), int(customer_id), url
    except (Error, ValueError) as exc:
        raise InvalidTokenError(given) from exc


def code(secret: bytes, campaign_id: int, customer_id: int) -> str:
    """The customer's own, easy to read out: no 0, 1 or 8."""
    told = f"code {campaign_id} {customer_id}".encode()
    return b32encode(hmac.new(secret, told, sha256).digest()).decode()[:CODE]


def _signature(secret: bytes, told: bytes) -> bytes:
    return hmac.new(secret, b"link " + told, sha256).digest()[:SIGNED]


def referral_code(secret: bytes, programme_id: int, customer_id: int, attempt: int) -> str:
    """What a customer passes on; another one for each *attempt*."""
    told = f"referral {programme_id} {customer_id} {attempt}".encode()
    return b32encode(hmac.new(secret, told, sha256).digest()).decode()[:REFERRAL_CODE]
