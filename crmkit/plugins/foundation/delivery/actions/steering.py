"""What people do to the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import attrs
import sqlalchemy as sa

from crmkit import InvalidValueError, Unit
from crmkit.sql import id_list, one_of

from .. import queries
from ..model import Message, Pause
from ..tables import attempt, intent
from ..tables import pause as paused
from .rows import change, locked, log
from .telling import tell


def resolve(unit: Unit, intent_id: int, state: Literal["sent", "failed"], note: str) -> Message:
    """
    Say what really became of an ``unknown`` intent.

    Raises:
        WrongStateError: If it is not unknown.
        RecordNotFoundError: If there is no such intent.
    """
    if state not in ("sent", "failed"):
        raise InvalidValueError("state", state, "sent or failed")
    found = locked(unit, intent_id, "unknown", "resolved")
    if state == "sent":
        tell(unit, [found])
    detail = f"{unit.actor or 'somebody'}: {note}" if note else found.detail
    (changed,) = change(unit, [found], state=state, detail=detail, finished_at=unit.now)
    log(unit, [(found, state, detail)])
    return changed


def retry(unit: Unit, intent_id: int) -> Message:
    """
    Queue a ``failed`` intent once more, with all its attempts before it.

    Raises:
        WrongStateError: If it is not failed. One that is unknown must be resolved first.
        RecordNotFoundError: If there is no such intent.
    """
    found = locked(unit, intent_id, "failed", "sent again")
    (changed,) = change(
        unit, [found], state="queued", attempts=0, not_before=unit.now, finished_at=None
    )
    log(unit, [(found, "queued", f"{unit.actor or 'somebody'} asked for another try")])
    return changed


def cancel(unit: Unit, ids: Iterable[int], note: str = "") -> list[Message]:
    """
    Take back what was not handed over yet, also out of a worker's hands: ``suppressed``.

    Returns those taken back; what is being sent, or has ended, stays as it is.
    """
    return _cancel(unit, one_of(intent.c.id), {"ids": id_list(unit.connection, ids)}, note)


def cancel_run(unit: Unit, run: str, note: str = "") -> list[Message]:
    """The same for all of a run that was not handed over yet."""
    return _cancel(unit, intent.c.run == run, {}, note)


def _cancel(
    unit: Unit, which: sa.ColumnElement[bool], wanted: Mapping[str, object], note: str
) -> list[Message]:
    waiting = intent.c.state.in_(("queued", "claimed"))
    query = sa.select(*queries.COLUMNS).where(which, waiting).order_by(intent.c.id)
    found = queries.load(unit.connection.execute(query.with_for_update(), wanted))
    told = f"cancelled by {unit.actor or 'somebody'}" + (f": {note}" if note else "")
    log(unit, [(each, "suppressed", told) for each in found])
    return change(
        unit,
        found,
        state="suppressed",
        detail=told,
        finished_at=unit.now,
        claimed_by="",
        lease_until=None,
    )


def pause(unit: Unit, *, run: str = "", channel: str = "", note: str = "") -> Pause:
    """
    Send nothing of *run* through *channel* until :func:`resume`; empty means all of them.

    What is being sent is sent. What expires meanwhile expires. Twice is once: the first stands.
    """
    for each in queries.pauses(unit):
        if (each.run, each.channel) == (run, channel):
            return each
    made = Pause(run=run, channel=channel, since=unit.now, note=note)
    unit.connection.execute(sa.insert(paused).values(attrs.asdict(made)))
    return made


def resume(unit: Unit, *, run: str = "", channel: str = "") -> bool:
    """
    Go on where it stopped. False if there was no such pause.

    Pauses of other scope stand: a run goes on only when no pause covers it.
    """
    its = sa.and_(paused.c.run == run, paused.c.channel == channel)
    return unit.connection.execute(sa.delete(paused).where(its)).rowcount > 0


def erase(unit: Unit, customer_ids: Sequence[int]) -> int:
    """
    Blank addresses and texts; what was not handed over yet never will be.

    The keys stay: one way, they keep a rerun from reaching the same address again.
    """
    wanted = {"ids": id_list(unit.connection, customer_ids)}
    theirs = one_of(intent.c.customer_id)
    waiting = sa.update(intent).where(theirs, intent.c.state.in_(("queued", "claimed")))
    stopped = {"state": "suppressed", "finished_at": unit.now, "token": intent.c.token + 1}
    unit.connection.execute(waiting.values(**stopped), wanted)
    blank = {"address": "", "subject": "", "text": "", "html": "", "detail": "", "reference": ""}
    touched = unit.connection.execute(sa.update(intent).where(theirs).values(**blank), wanted)
    log = sa.update(attempt).where(one_of(attempt.c.customer_id)).values(detail="")
    return touched.rowcount + unit.connection.execute(log, wanted).rowcount
