"""
Writing the ledger.

An intent changes hands only through the functions here, and each of them raises its token; what
a worker writes later under an older token is not accepted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal

import attrs
import sqlalchemy as sa

from crmkit import Interaction, InvalidValueError, RecordNotFoundError, Unit
from crmkit.sql import customer, id_list, insert_many, one_of

from . import drafts, queries
from .backoff import wait_seconds
from .config import Settings
from .crash import crash_at
from .errors import WrongStateError
from .model import HELD, Delivered, Intended, Intent, Message, Outcome, State
from .tables import attempt, intent

EXPIRED = "expired before it was sent"
_FINISH = (
    sa.update(intent)
    .where(intent.c.id == sa.bindparam("new_id"))
    .values(
        **{
            name: sa.bindparam(f"new_{name}")
            for name in ("state", "attempts", "reference", "detail", "not_before", "finished_at")
        },
        token=intent.c.token + 1,
        lease_until=None,
    )
)


def intend_many(unit: Unit, intents: Iterable[Intent]) -> Intended:
    """
    Put intents into the ledger, in the caller's unit.

    One that has the run, step and address of another, in whatever spelling, is left out: the
    first stands.

    Raises:
        InvalidValueError: If no enabled plugin has the channel.
        RecordNotFoundError: If a customer or an offer does not exist.
    """
    given = list(intents)
    keys = [drafts.key(unit, each) for each in given]
    first = dict(zip(reversed(keys), reversed(given), strict=True))
    known = queries.ids_of_keys(unit, first) if first else {}
    fresh = {key: first[key] for key in dict.fromkeys(keys) if key not in known}
    added = _insert(unit, fresh) if fresh else {}
    if added is None:  # somebody else committed one of them just now
        known = queries.ids_of_keys(unit, first)
        fresh = {key: each for key, each in fresh.items() if key not in known}
        added = _insert(unit, fresh) if fresh else {}
        if added is None:
            raise InvalidValueError("intents", "a batch", "keys nobody else is writing now")
    known |= added
    return Intended([known[key] for key in keys], len(added))


def _insert(unit: Unit, fresh: Mapping[str, Intent]) -> dict[str, int] | None:
    """The new ids by key; None, with nothing written, if a key is taken."""
    drafts.refuse_dangling(unit, fresh.values())
    try:
        with unit.connection.begin_nested():
            ids = unit.new_ids(intent, len(fresh))
            rows = [
                drafts.row(new_id, key, each, unit.now)
                for new_id, (key, each) in zip(ids, fresh.items(), strict=True)
            ]
            insert_many(unit.connection, intent, rows, drafts.COLUMNS)
    except unit.integrity_error:
        return None
    return dict(zip(fresh, ids, strict=True))


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
    _change(unit, timely, state="queued", claimed_by="", lease_until=None)
    _change(unit, late, state="expired", detail=EXPIRED, finished_at=unit.now, lease_until=None)
    told = "the worker died while sending; it may or may not have arrived"
    _change(
        unit,
        lost,
        state="unknown",
        detail=told,
        finished_at=unit.now,
        lease_until=None,
        attempts=intent.c.attempts + 1,
    )
    _log(unit, [(each, "unknown", told) for each in lost])
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
    Take up to *size* due intents that need one of *channels*, the oldest first.

    A customer is in the hands of one worker at a time, so that what one message does to the
    limits of the next is seen. Commit before anything is sent.
    """
    query = (
        sa.select(*queries.COLUMNS)
        .join(customer, customer.c.id == intent.c.customer_id)
        .where(
            queries.is_due(unit),
            intent.c.channel.in_(list(channels)),
            sa.not_(one_of(intent.c.customer_id, "held")),
        )
        .order_by(intent.c.not_before, intent.c.id)
        .limit(size)
        .with_for_update(of=[intent, customer], key_share=True, skip_locked=True)
    )
    held = {"held": id_list(unit.connection, _held_customers(unit))}
    found = queries.load(unit.connection.execute(query, held))
    # Asked again under the locks: somebody may have committed a claim since.
    taken = _held_customers(unit) if found else set()
    mine = [each for each in found if each.customer_id not in taken]
    return _change(
        unit,
        mine,
        state="claimed",
        claimed_by=worker,
        claimed_at=unit.now,
        lease_until=_lease(unit),
    )


def _held_customers(unit: Unit) -> set[int]:
    query = sa.select(intent.c.customer_id).where(intent.c.state.in_(HELD))
    return set(unit.connection.scalars(query))


def mark_sending(unit: Unit, claimed: Sequence[Message]) -> tuple[list[Message], Delivered]:
    """
    Ask every guard once more, and mark those that may go as being sent.

    Returns them, and what became of the others. Commit before they are handed to the channel.
    """
    mine = _mine(unit, claimed, "claimed")
    late = [each for each in mine if each.is_late(unit.now)]
    timely = [each for each in mine if not each.is_late(unit.now)]
    refused = queries.refused(unit, timely)
    ready = [each for each in timely if each.id not in refused]
    expired = [Outcome(each, "expired", detail=EXPIRED) for each in late]
    deferred = [each for each in refused.values() if each.state == "deferred"]
    _log(unit, [(each.message, each.state, each.detail) for each in deferred])
    left = _finish(unit, [*expired, *refused.values()])
    sending = _change(unit, ready, raise_token=False, state="sending", lease_until=_lease(unit))
    return sending, left


def record(unit: Unit, outcomes: Sequence[Outcome]) -> Delivered:
    """
    Write down what became of messages in hand: state, log, interaction and offer together.

    Of an intent that changed hands meanwhile only the log is written.
    """
    tried = [each for each in outcomes if each.state not in ("released", "suppressed")]
    _log(unit, [(each.message, each.state, each.detail) for each in tried])
    held = {each.id: each for each in _mine(unit, [each.message for each in outcomes], "sending")}
    mine = [
        attrs.evolve(each, message=held[each.message.id])
        for each in outcomes
        if each.message.id in held
    ]
    sent = [each.message for each in mine if each.state == "sent"]
    _tell(unit, sent)
    left = _finish(unit, [_settled(unit, each) for each in mine])
    crash_at("before_mark")
    return left


def _settled(unit: Unit, outcome: Outcome) -> Outcome:
    """*outcome*, where "for now" says until when, and is over after so many attempts."""
    if outcome.state != "retry":
        return outcome
    settings = unit.settings(Settings)
    tried = outcome.message.attempts + 1
    if tried >= settings.attempts:
        told = f"given up after {tried} attempts: {outcome.detail}"
        return attrs.evolve(outcome, state="failed", detail=told)
    wait = timedelta(seconds=wait_seconds(outcome.message.key, tried, settings))
    return attrs.evolve(outcome, not_before=unit.now + wait)


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


def _tell(unit: Unit, sent: Sequence[Message]) -> None:
    """What everybody else sees of a message that left: an interaction, and its offer carried."""
    added = unit.interactions.add_many(
        Interaction(
            customer_id=each.customer_id,
            kind="message.sent",
            at=unit.now,
            channel=each.channel,
            direction="outbound",
            text=each.subject,
            offer_id=each.offer_id,
            payload={"purpose": each.purpose, "intent": each.id},
            source="delivery",
            source_key=each.key,
        )
        for each in sent
    )
    carriers = {
        each.offer_id: interaction_id
        for each, interaction_id in zip(sent, added.ids, strict=True)
        if each.offer_id is not None
    }
    offers = unit.offers.get_many(carriers) if carriers else []
    unit.offers.save_many(
        attrs.evolve(
            each,
            status="carried" if each.status == "proposed" else each.status,
            carried_by=each.carried_by or carriers[each.id],
        )
        for each in offers
        if each.status == "proposed" or each.carried_by is None
    )


def resolve(unit: Unit, intent_id: int, state: Literal["sent", "failed"], note: str) -> Message:
    """
    Say what really became of an ``unknown`` intent.

    Raises:
        WrongStateError: If it is not unknown.
        RecordNotFoundError: If there is no such intent.
    """
    if state not in ("sent", "failed"):
        raise InvalidValueError("state", state, "sent or failed")
    found = _locked(unit, intent_id, "unknown", "resolved")
    if state == "sent":
        _tell(unit, [found])
    detail = f"{unit.actor or 'somebody'}: {note}" if note else found.detail
    (changed,) = _change(unit, [found], state=state, detail=detail, finished_at=unit.now)
    _log(unit, [(found, state, detail)])
    return changed


def retry(unit: Unit, intent_id: int) -> Message:
    """
    Queue a ``failed`` intent once more, with all its attempts before it.

    Raises:
        WrongStateError: If it is not failed. One that is unknown must be resolved first.
        RecordNotFoundError: If there is no such intent.
    """
    found = _locked(unit, intent_id, "failed", "sent again")
    (changed,) = _change(
        unit, [found], state="queued", attempts=0, not_before=unit.now, finished_at=None
    )
    _log(unit, [(found, "queued", f"{unit.actor or 'somebody'} asked for another try")])
    return changed


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
    blank = {"address": "", "subject": "", "text": "", "detail": "", "reference": ""}
    touched = unit.connection.execute(sa.update(intent).where(theirs).values(**blank), wanted)
    log = sa.update(attempt).where(one_of(attempt.c.customer_id)).values(detail="")
    return touched.rowcount + unit.connection.execute(log, wanted).rowcount


def _locked(unit: Unit, intent_id: int, state: State, doing: str) -> Message:
    query = sa.select(*queries.COLUMNS).where(intent.c.id == intent_id).with_for_update()
    found = queries.load(unit.connection.execute(query))
    if not found:
        raise RecordNotFoundError("intent", intent_id)
    if found[0].state != state:
        raise WrongStateError(intent_id, found[0].state, state, doing)
    return found[0]


def _mine(unit: Unit, messages: Sequence[Message], state: State) -> list[Message]:
    """Those of *messages* that did not change hands, as they are now, in the same order."""
    query = sa.select(*queries.COLUMNS).where(one_of(intent.c.id)).with_for_update()
    wanted = {"ids": id_list(unit.connection, [each.id for each in messages])}
    stored = {each.id: each for each in queries.load(unit.connection.execute(query, wanted))}
    pairs = [(stored[each.id], each) for each in messages if each.id in stored]
    return [now for now, was in pairs if now.state == state and now.token == was.token]


def _lease(unit: Unit) -> Any:
    return unit.now + timedelta(seconds=unit.settings(Settings).lease_seconds)


def _change(
    unit: Unit, messages: Sequence[Message], *, raise_token: bool = True, **values: Any
) -> list[Message]:
    """Give *messages* new values, and return them so."""
    if not messages:
        return []
    wanted = {"ids": id_list(unit.connection, [each.id for each in messages])}
    step = int(raise_token)
    changed = sa.update(intent).where(one_of(intent.c.id))
    unit.connection.execute(changed.values(**values, token=intent.c.token + step), wanted)
    plain = {name: value for name, value in values.items() if name in ("state", "lease_until")}
    return [attrs.evolve(each, token=each.token + step, **plain) for each in messages]


def _log(unit: Unit, lines: Sequence[tuple[Message, str, str]]) -> None:
    if lines:
        ids = unit.new_ids(attempt, len(lines))
        rows = [
            (new_id, each.id, each.customer_id, unit.now, state, detail if each.address else "")
            for new_id, (each, state, detail) in zip(ids, lines, strict=True)
        ]
        insert_many(unit.connection, attempt, rows)
