"""Rows of the ledger: taking them in hand, changing them, and the log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import attrs
import sqlalchemy as sa

from crmkit import RecordNotFoundError, Unit
from crmkit.sql import id_list, insert_many, one_of

from .. import queries
from ..config import Settings
from ..errors import WrongStateError
from ..model import Message, State
from ..tables import attempt, intent


def locked(unit: Unit, intent_id: int, state: State, doing: str) -> Message:
    query = sa.select(*queries.COLUMNS).where(intent.c.id == intent_id).with_for_update()
    found = queries.load(unit.connection.execute(query))
    if not found:
        raise RecordNotFoundError("intent", intent_id)
    if found[0].state != state:
        raise WrongStateError(intent_id, found[0].state, state, doing)
    return found[0]


def mine_of(unit: Unit, messages: Sequence[Message], state: State) -> list[Message]:
    """Those of *messages* that did not change hands, as they are now, in the same order."""
    query = sa.select(*queries.COLUMNS).where(one_of(intent.c.id)).with_for_update()
    wanted = {"ids": id_list(unit.connection, [each.id for each in messages])}
    stored = {each.id: each for each in queries.load(unit.connection.execute(query, wanted))}
    pairs = [(stored[each.id], each) for each in messages if each.id in stored]
    return [now for now, was in pairs if now.state == state and now.token == was.token]


def lease(unit: Unit) -> Any:
    return unit.now + timedelta(seconds=unit.settings(Settings).lease_seconds)


def change(
    unit: Unit, messages: Sequence[Message], *, raise_token: bool = True, **values: Any
) -> list[Message]:
    """Give *messages* new values, and return them so."""
    if not messages:
        return []
    wanted = {"ids": id_list(unit.connection, [each.id for each in messages])}
    step = int(raise_token)
    changed = sa.update(intent).where(one_of(intent.c.id))
    unit.connection.execute(changed.values(**values, token=intent.c.token + step), wanted)
    held = attrs.fields_dict(Message).keys()
    plain = {
        name: value
        for name, value in values.items()
        if name in held and not isinstance(value, sa.ClauseElement)
    }
    return [attrs.evolve(each, token=each.token + step, **plain) for each in messages]


def log(unit: Unit, lines: Sequence[tuple[Message, str, str]]) -> None:
    if lines:
        ids = unit.new_ids(attempt, len(lines))
        rows = [
            (new_id, each.id, each.customer_id, unit.now, state, detail if each.address else "")
            for new_id, (each, state, detail) in zip(ids, lines, strict=True)
        ]
        insert_many(unit.connection, attempt, rows)
