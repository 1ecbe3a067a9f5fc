"""Tokens of the links in mails."""

from __future__ import annotations

from typing import Final

from crmkit import tokens

USE: Final = "unsubscribe"


def token(secret: str, customer_id: int, purpose: str) -> str:
    """For the link that ends *purpose* for one customer."""
    return tokens.sign(secret.encode(), USE, f"{customer_id}.{purpose}")


def link(url: str, secret: str, customer_id: int, purpose: str) -> str:
    """The address at which one customer ends *purpose*."""
    return f"{url}{'&' if '?' in url else '?'}t={token(secret, customer_id, purpose)}"


def read(secret: str, given: str) -> tuple[int, str]:
    """
    The customer and the purpose of a token.

    Raises:
        InvalidTokenError: If we did not make it.
    """
    customer_id, purpose = tokens.read(secret.encode(), USE, given).split(".", 1)
    return int(customer_id), purpose
