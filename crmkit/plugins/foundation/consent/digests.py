"""
Addresses as keyed digests.

The ledger of suppressed addresses must outlive the people erased, so it holds no address, only
HMAC-SHA256 of the normalised one. The key is made at random once and kept in the database: whoever
gets the ledger alone (an export, a log, another table's dump) cannot test guessed addresses against
it. Whoever gets the whole database can; against them the key does not protect.
"""

from __future__ import annotations

import hmac

from crmkit.sql import contact_key


def digest(secret: str, contact_kind: str, address: str) -> str:
    """The digest of *address*, the same for every spelling that reaches the same place."""
    told = f"{contact_kind}\0{contact_key(contact_kind, address)}"
    return hmac.digest(bytes.fromhex(secret), told.encode(), "sha256").hex()
