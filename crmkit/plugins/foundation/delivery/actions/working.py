"""
What a worker does to the ledger.

An intent changes hands only through the functions here, and each of them raises its token; what
a worker writes later under an older token is not accepted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

import attrs
import sqlalchemy as sa

from crmkit import Unit
from crmkit.sql import Text, customer, id_list, one_of

from .. import queries
from ..backoff import wait_seconds
from ..config import Settings
from ..crash import crash_at
from ..model import HELD, PRIORITIES, Delivered, Message, Outcome
from ..tables import intent
from .pacing import Gate
from .rows import change, lease, log, mine_of
from .telling import tell

EXPIRED = "expired before it was sent"
LONGEST_ASKED = timedelta(days=1)
"""No other side can put a message off for longer."""
_FINISH = (
    sa.update(intent)
    .where(intent.c.id == sa.bindparam("new_id"))
    .values(
        **{
            name: sa.bindparam(f"new_{name}")
            for name in ("state", "attempts", "reference", "detail", "not_before", "finished_at")
        },
        html=sa.case((sa.bindparam("new_state", type_=Text) == "sent", ""), else_=intent.c.html),
        token=intent.c.token + 1,
        lease_until=None,
    )
)


def recover(unit: Unit) -> Delivered:
    """
    Take back what workers that died still hold.

    What was claimed but not handed over yet is queued again, or ``expired``. What may have been
    handed over becomes ``unknown``, and stays so until a person resolves it.
    """
    query = (
        sa.select(*queries.COLUMNS).where(queries.is_lapsed(unit)).with_for_update(skip_locked=True)
    )
    held = queries.load(unit.connection.execute(query))
    lost = [each for each in held if each.state == "sending"]
    unsent = [each for each in held if each.state == "claimed"]
    late = [each for each in unsent if each.is_late(unit.now)]
    timely = [each for each in unsent if not each.is_late(unit.now)]
    change(unit, timely, state="queued", claimed_by="", lease_until=None)
    change(unit, late, state="expired", detail=EXPIRED, finished_at=unit.now, lease_until=None)
    told = "the worker died while sending; it may or may not have arrived"
    change(
        unit,
        lost,
        state="unknown",
        detail=told,
        finished_at=unit.now,
        lease_until=None,
        attempts=intent.c.attempts + 1,
    )
    log(unit, [(each, "unknown", told) for each in lost])
    back = frozenset(each.id for each in timely)
    return Delivered(back=back, expired=len(late), unknown=len(lost))


def expire(unit: Unit) -> Delivered:
    """End what is past its time and in nobody's hands."""
    late = unit.connection.execute(
        sa.update(intent)
        .where(intent.c.state == "queued", queries.is_late(unit))
        .values(state="expired", detail=EXPIRED, finished_at=unit.now, token=intent.c.token + 1)
    )
    return Delivered(expired=late.rowcount)


def claim(unit: Unit, worker: str, channels: Iterable[str], size: int) -> list[Message]:
    """
    Take up to *size* due intents that need one of *channels* and are within the limits.

    The more urgent go first, and the oldest of them.

    A customer is in the hands of one worker at a time, so that what one message does to the
    limits of the next is seen. Commit before anything is sent.
    """
    gate = Gate(unit, channels)
    query = (
        sa.select(*queries.COLUMNS)
        .join(customer, customer.c.id == intent.c.customer_id)
        .where(
            queries.is_due(unit),
            intent.c.channel.in_(list(channels)),
            gate.is_open(),
            sa.not_(one_of(intent.c.customer_id, "held")),
        )
        .order_by(intent.c.not_before, intent.c.id)
        .with_for_update(of=[intent, customer], key_share=True, skip_locked=True)
    )
    held = {"held": id_list(unit.connection, _held_customers(unit))}
    found: list[Message] = []
    for priority in PRIORITIES:
        next_ = query.where(intent.c.priority == priority).limit(size - len(found))
        if len(found) < size:
            found += queries.load(unit.connection.execute(next_, held))
    # Asked again under the locks: somebody may have committed a claim since.
    taken = _held_customers(unit) if found else set()
    mine = gate.admit([each for each in found if each.customer_id not in taken])
    return change(
        unit,
        mine,
        state="claimed",
        claimed_by=worker,
        claimed_at=unit.now,
        lease_until=lease(unit),
    )


def _held_customers(unit: Unit) -> set[int]:
    query = sa.select(intent.c.customer_id).where(intent.c.state.in_(HELD))
    return set(unit.connection.scalars(query))


def mark_sending(unit: Unit, claimed: Sequence[Message]) -> tuple[list[Message], Delivered]:
    """
    Ask every guard once more, and mark those that may go as being sent.

    Returns them, and what became of the others. Commit before they are handed to the channel.
    """
    mine = mine_of(unit, claimed, "claimed")
    late = [each for each in mine if each.is_late(unit.now)]
    timely = [each for each in mine if not each.is_late(unit.now)]
    paused = queries.paused(unit, [each.id for each in timely])
    refused = queries.refused(unit, [each for each in timely if each.id not in paused])
    ready = [each for each in timely if each.id not in refused and each.id not in paused]
    expired = [Outcome(each, "expired", detail=EXPIRED) for each in late]
    deferred = [each for each in refused.values() if each.state == "deferred"]
    log(unit, [(each.message, each.state, each.detail) for each in deferred])
    waiting = [Outcome(each, "released") for each in timely if each.id in paused]
    left = _finish(unit, [*expired, *refused.values(), *waiting])
    sending = change(unit, ready, raise_token=False, state="sending", lease_until=lease(unit))
    return sending, left


def release(unit: Unit, claimed: Sequence[Message]) -> Delivered:
    """Put back what was claimed and is not to be sent by this worker after all."""
    mine = mine_of(unit, claimed, "claimed")
    return _finish(unit, [Outcome(each, "released") for each in mine])


def record(unit: Unit, outcomes: Sequence[Outcome]) -> Delivered:
    """
    Write down what became of messages in hand: state, log, interaction and offer together.

    Of an intent that changed hands meanwhile only the log is written.
    """
    tried = [each for each in outcomes if each.state not in ("released", "suppressed")]
    log(unit, [(each.message, each.state, each.detail) for each in tried])
    held = {each.id: each for each in mine_of(unit, [each.message for each in outcomes], "sending")}
    mine = [
        attrs.evolve(each, message=held[each.message.id])
        for each in outcomes
        if each.message.id in held
    ]
    sent = [each.message for each in mine if each.state == "sent"]
    tell(unit, sent)
    left = _finish(unit, [_settled(unit, each) for each in mine])
    crash_at("before_mark")
    return left


def _settled(unit: Unit, outcome: Outcome) -> Outcome:
    """*outcome*, where "for now" says until when; after so many attempts it is over."""
    if outcome.state != "retry":
        return outcome
    settings = unit.settings(Settings)
    tried = outcome.message.attempts + 1
    if tried >= settings.attempts:
        told = f"given up after {tried} attempts: {outcome.detail}"
        return attrs.evolve(outcome, state="failed", detail=told)
    ours = unit.now + timedelta(seconds=wait_seconds(outcome.message.key, tried, settings))
    asked = min(outcome.not_before or ours, unit.now + LONGEST_ASKED)
    return attrs.evolve(outcome, not_before=max(ours, asked))


def _finish(unit: Unit, outcomes: Sequence[Outcome]) -> Delivered:
    rows = []
    for each in outcomes:
        message = each.message
        is_back = each.state in ("retry", "deferred", "released")
        tries = message.attempts + (each.state in ("sent", "failed", "retry", "unknown"))
        rows.append(
            {
                "new_id": message.id,
                "new_state": "queued" if is_back else each.state,
                "new_attempts": tries,
                "new_reference": each.reference,
                "new_detail": each.detail if message.address else "",
                "new_not_before": each.not_before or message.not_before,
                "new_finished_at": None if is_back else unit.now,
            }
        )
    if rows:
        unit.connection.execute(_FINISH, rows)
    return Delivered.of(
        {
            outcome.message.id: str(row["new_state"])
            for outcome, row in zip(outcomes, rows, strict=True)
        }
    )
