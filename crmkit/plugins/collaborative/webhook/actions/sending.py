"""Deliveries changing hands: claimed, written down, taken back, sent again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs
import sqlalchemy as sa

from crmkit import RefusedError, Unit
from crmkit.sql import delete_where, id_list, insert_many, one_of, take_turns

from .. import queries
from ..backoff import rest_seconds, wait_seconds
from ..config import Settings
from ..model import DISABLED, Delivery, Endpoint, Fact, Lane, Sent
from ..posting import Answer
from ..tables import attempt, delivery, event, inbox
from . import endpoints, telling

PRUNED_AT_ONCE = 1000
LOST = "the worker died; it is sent again under the same id"


def recover(unit: Unit) -> int:
    """Take back what a worker that died had in hand: it goes again, under its old id."""
    query = (
        sa.select(delivery.c.id)
        .where(delivery.c.state == "sending", delivery.c.lease_until <= unit.now)
        .with_for_update(skip_locked=True)
    )
    ids = list(unit.connection.scalars(query))
    _change(unit, ids, state="queued", lease_until=None, attempts=delivery.c.attempts + 1)
    _log(unit, [(each, "unknown", 0, LOST) for each in ids])
    return len(ids)


def claim(unit: Unit, worker: str, busy: Iterable[int], *, lanes: int, most: int) -> list[Lane]:
    """
    Take what is due for up to *lanes* endpoints that are not *busy*, at most *most* deliveries.

    Commit before anything is sent.
    """
    settings = unit.settings(Settings)
    found = queries.ready(unit, busy, lanes)
    keys = queries.keys(unit, [each.id for each in found])
    lease = unit.now + timedelta(seconds=settings.lease_seconds)
    taken = []
    for each in found:
        mine = queries.due(unit, each.id, size=min(settings.lane, most), lock=True)
        if not mine:
            continue
        most -= len(mine)
        ids = [each.id for each in mine]
        _change(unit, ids, state="sending", claimed_by=worker, lease_until=lease)
        held = [attrs.evolve(way, token=way.token + 1) for way in mine]
        taken.append(Lane(each, keys.get(each.id, ()), held))
        if most <= 0:
            break
    return taken


def record(unit: Unit, lane: Lane, answers: Sequence[Answer]) -> Sent:
    """
    Write down what became of a lane; what has no answer was not tried and goes back.

    What changed hands meanwhile is left alone.
    """
    held = queries.held(unit, [each.id for each in lane.deliveries])
    state = _as_it_stands(unit, lane.endpoint)
    total = Sent()
    answered = dict(zip((each.id for each in lane.deliveries), answers, strict=False))
    for each in lane.deliveries:
        now = held.get(each.id)
        answer = answered.get(each.id)
        if answer is not None and not answer.is_ours:
            state = _state_after(unit, state, answer)
        if now is None or now.token != each.token or now.state != "sending":
            continue
        total += _settle(unit, now, answer)
    if state != lane.endpoint:
        endpoints.write_state(unit, state)
    if state.state == "disabled" and lane.endpoint.state == "active":
        _tell_disabled(unit, state)
    return total


def _as_it_stands(unit: Unit, known: Endpoint) -> Endpoint:
    found = [each for each in queries.told(unit) if each.id == known.id]
    return found[0] if found else known


def _settle(unit: Unit, way: Delivery, answer: Answer | None) -> Sent:
    if answer is None or answer.is_ours:
        _change(unit, [way.id], state="queued", lease_until=None)
        return Sent(later=1)
    tried = way.attempts + 1
    ended: dict[str, Any] = {"finished_at": unit.now}
    if 200 <= answer.status < 300:
        state, logged = "sent", "sent"
    else:
        wait = wait_seconds(way.key, tried, unit.settings(Settings))
        logged = "unknown" if answer.was_sent and not answer.status else "retry"
        state = "failed" if wait is None or answer.status == 410 else "queued"
        logged = "failed" if state == "failed" else logged
        if state == "queued":
            later = timedelta(seconds=max(wait or 0.0, answer.retry_after_seconds))
            ended = {"not_before": unit.now + later}
    _change(
        unit,
        [way.id],
        state=state,
        attempts=tried,
        status=answer.status,
        detail=answer.text,
        lease_until=None,
        **ended,
    )
    _log(unit, [(way.id, logged, answer.status, answer.text)])
    return Sent(sent=state == "sent", failed=state == "failed", later=state == "queued")


def _state_after(unit: Unit, found: Endpoint, answer: Answer) -> Endpoint:
    """How the endpoint stands after one more answer."""
    if found.state == "disabled":
        return found
    if 200 <= answer.status < 300:
        return attrs.evolve(found, failing_since=None, misses=0, rest_until=None)
    since = found.failing_since or unit.now
    hours = unit.settings(Settings).disable_after_hours
    why = "answered 410 Gone" if answer.status == 410 else ""
    if unit.now - since >= timedelta(hours=hours):
        why = f"failed for {hours:g} hours; the last time it {answer.text}"
    changed = attrs.evolve(found, failing_since=since)
    if why:
        return attrs.evolve(changed, state="disabled", why=why)
    if not answer.is_miss:
        return changed
    misses = found.misses + 1
    rest = timedelta(seconds=max(rest_seconds(misses), answer.retry_after_seconds))
    return attrs.evolve(changed, misses=misses, rest_until=unit.now + rest)


def _tell_disabled(unit: Unit, found: Endpoint) -> None:
    data = {"name": found.name, "why": found.why}
    fact = Fact(DISABLED, f"webhook/{found.id}", unit.now, None, data)
    telling.publish(unit, [fact], [each for each in queries.told(unit) if each.id != found.id])


def replay(unit: Unit, key: str, *, name: str = "") -> int:
    """
    Send an event again, under its old id, to who wants it or to *name*; returns to how many.

    Raises:
        RecordNotFoundError: If there is no such event or endpoint, or the event was erased.
    """
    return _again(unit, [queries.event_with(unit, key)], name)


def replay_span(
    unit: Unit, since: datetime, until: datetime | None = None, *, name: str = ""
) -> int:
    """Send again what happened at or after *since* and before *until*; returns how many."""
    return _again(unit, queries.event_ids(unit, since=since, until=until), name)


def _again(unit: Unit, events: Sequence[tuple[int, str, int | None]], name: str) -> int:
    only = [queries.named(unit, name)] if name else queries.told(unit)
    if name and only[0].state == "disabled":
        raise RefusedError(f"webhook {name} is disabled: {only[0].why}; enable it first")
    ways = {
        (event_id, each.id): customer_id
        for event_id, kind, customer_id in events
        for each in only
        if each.direction == "out" and each.state == "active" and each.wants(kind)
    }
    take_turns(unit.connection, delivery.name)
    there = _known_ways(unit, {event_id for event_id, _ in ways})
    fresh = [(event, who, end) for (event, end), who in ways.items() if (event, end) not in there]
    telling.queue(unit, fresh)
    old = [there[way][0] for way in ways if way in there and there[way][1] != "sending"]
    _change(unit, old, state="queued", attempts=0, not_before=unit.now, finished_at=None)
    told = f"{unit.actor or 'somebody'} asked for it again"
    _log(unit, [(each, "queued", 0, told) for each in old])
    return len(fresh) + len(old)


def _known_ways(unit: Unit, event_ids: Iterable[int]) -> dict[tuple[int, int], tuple[int, str]]:
    query = (
        sa.select(delivery.c.event_id, delivery.c.endpoint_id, delivery.c.id, delivery.c.state)
        .where(one_of(delivery.c.event_id))
        .with_for_update()
    )
    rows = unit.connection.execute(query, {"ids": id_list(unit.connection, event_ids)})
    return {(row[0], row[1]): (row[2], row[3]) for row in rows}


def prune(unit: Unit) -> int:
    """Drop events, and what came in, older than they are kept; what still waits stays."""
    before = unit.now - timedelta(days=unit.settings(Settings).keep_days)
    waits = sa.exists().where(
        delivery.c.event_id == event.c.id, delivery.c.state.in_(("queued", "sending"))
    )
    query = (
        sa.select(event.c.id)
        .where(event.c.created_at < before, sa.not_(waits))
        .limit(PRUNED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    ids = list(unit.connection.scalars(query))
    of_events = sa.select(delivery.c.id).where(one_of(delivery.c.event_id))
    wanted = {"ids": id_list(unit.connection, ids)}
    unit.connection.execute(sa.delete(attempt).where(attempt.c.delivery_id.in_(of_events)), wanted)
    delete_where(unit.connection, delivery, "event_id", ids)
    delete_where(unit.connection, event, "id", ids)
    unit.connection.execute(sa.delete(inbox).where(inbox.c.at < before))
    return len(ids)


def _change(unit: Unit, ids: Sequence[int], **values: Any) -> None:
    if ids:
        wanted = {"ids": id_list(unit.connection, ids)}
        changed = sa.update(delivery).where(one_of(delivery.c.id))
        values["token"] = delivery.c.token + 1
        unit.connection.execute(changed.values(**values), wanted)


def _log(unit: Unit, lines: Sequence[tuple[int, str, int, str]]) -> None:
    if lines:
        ids = unit.new_ids(attempt, len(lines))
        rows = [
            (new_id, way, unit.now, state, status, detail)
            for new_id, (way, state, status, detail) in zip(ids, lines, strict=True)
        ]
        insert_many(unit.connection, attempt, rows)
