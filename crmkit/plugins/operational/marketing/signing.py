"""Tokens of links and codes of customers, signed so that nobody makes their own."""

from __future__ import annotations

import hmac
from base64 import b32encode
from hashlib import sha256
from typing import Final

from crmkit import tokens

LINK: Final = "link"
CODE: Final = 8
"""Letters and digits of a code: 40 bits."""
REFERRAL_CODE: Final = 10
"""Of one that many may have to tell apart: 50 bits."""


def token(secret: bytes, campaign_id: int, customer_id: int, url: str) -> str:
    """For one link of one message to one customer."""
    return tokens.sign(secret, LINK, f"{campaign_id}.{customer_id}.{url}")


def read(secret: bytes, given: str) -> tuple[int, int, str]:
    """
    The campaign, the customer and the address of a token.

    Raises:
        InvalidTokenError: If we did not make it.
    """
    campaign_id, customer_id, url = tokens.read(secret, LINK, given).split(".", 2)
    return int(campaign_id), int(customer_id), url


def code(secret: bytes, campaign_id: int, customer_id: int) -> str:
    """The customer's own, easy to read out: no 0, 1 or 8."""
    told = f"code {campaign_id} {customer_id}".encode()
    return b32encode(hmac.new(secret, told, sha256).digest()).decode()[:CODE]


def referral_code(secret: bytes, programme_id: int, customer_id: int, attempt: int) -> str:
    """What a customer passes on; another one for each *attempt*."""
    told = f"referral {programme_id} {customer_id} {attempt}".encode()
    return b32encode(hmac.new(secret, told, sha256).digest()).decode()[:REFERRAL_CODE]
