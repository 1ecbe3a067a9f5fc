"""The secret that tokens and codes are signed with."""

from __future__ import annotations

from secrets import token_hex

import sqlalchemy as sa

from crmkit import Unit
from crmkit.sql import insert_many, take_turns

from ..tables import marketing_key

NAME = "links and codes"


def secret(unit: Unit) -> bytes:
    """Made when it is first needed, and kept with the data it signs."""
    theirs = marketing_key.c
    select = sa.select(theirs.secret).where(theirs.name == NAME)
    found = unit.connection.scalar(select)
    if found is None:
        take_turns(unit.connection, "marketing_key")
        found = unit.connection.scalar(select)
    if found is None:
        found = token_hex(32)
        insert_many(unit.connection, marketing_key, [(NAME, found)])
    return bytes.fromhex(found)
