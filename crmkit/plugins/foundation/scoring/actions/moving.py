"""The same for few customers: who belongs is asked once, and only what differs is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from crmkit import Scope, Unit
from crmkit.sql import insert_many, update_rows

from ..queries import definitions
from ..tables import scoring_membership

NO_LONGER: Final = "the definition no longer fits"
UNDEFINED: Final = "the segment is no longer defined"
Place = tuple[int, str]
"""A customer and a segment."""


def move(unit: Unit, scope: Scope) -> tuple[int, int]:
    """Let the customers of *scope* join and leave; returns how many did each."""
    kin: dict[str, int] = {}
    belongs: dict[Place, str] = {}
    for number, (names, wanted) in enumerate(definitions(unit, scope)):
        kin |= dict.fromkeys(names, number)
        belongs |= {(row[0], row[1]): row[2] for row in unit.connection.execute(sa.select(wanted))}
    since = _open(unit, scope)
    known = [each for each in since if each[1] in kin or not unit.crm.quarantined]
    joined = {place: why for place, why in sorted(belongs.items()) if place not in since}
    left = [place for place in known if place not in belongs]
    _join(unit, joined)
    _leave(unit, left, _why_left(left, joined, kin), since)
    if any(since[place] == unit.now for place in left):
        drop_momentary(unit, scope)
    return len(joined), len(left)


def _open(unit: Unit, scope: Scope) -> dict[Place, datetime]:
    theirs = scoring_membership.c
    select = sa.select(theirs.customer_id, theirs.segment, theirs.since).where(
        theirs.until.is_(None), scope.covers(theirs.customer_id)
    )
    return {(row[0], row[1]): row[2] for row in unit.connection.execute(select)}


def _why_left(
    left: Sequence[Place], joined: Mapping[Place, str], kin: Mapping[str, int]
) -> list[str]:
    """Who leaves a segment for another of the same definition is told so."""
    now: dict[tuple[int, int], str] = {}
    for (customer_id, segment), why in joined.items():
        told = f"now {segment}: {why}"
        key = customer_id, kin[segment]
        now[key] = min(told, now.get(key, told))
    return [
        now.get((customer_id, kin[segment]), NO_LONGER) if segment in kin else UNDEFINED
        for customer_id, segment in left
    ]


def _join(unit: Unit, joined: Mapping[Place, str]) -> None:
    rows = [(*place, unit.now, why, "") for place, why in joined.items()]
    columns = ["customer_id", "segment", "since", "why", "ended_why"]
    insert_many(unit.connection, scoring_membership, rows, columns)


def _leave(
    unit: Unit, left: Sequence[Place], told: Sequence[str], since: Mapping[Place, datetime]
) -> None:
    now = unit.instant(unit.now)
    rows = [
        (now, why, *place, unit.instant(since[place]))
        for place, why in zip(left, told, strict=True)
    ]
    key = ("customer_id", "segment", "since")
    update_rows(unit.connection, scoring_membership, rows, key=key, values=("until", "ended_why"))


def drop_momentary(unit: Unit, scope: Scope) -> None:
    """A membership that ended in the instant it began never was."""
    theirs = scoring_membership.c
    unit.connection.execute(
        sa.delete(scoring_membership).where(
            theirs.since == theirs.until,
            theirs.until == unit.now,
            scope.covers(theirs.customer_id),
        )
    )
