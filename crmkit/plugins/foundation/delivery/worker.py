"""
The worker: claim, ask again, mark, send, record.

Nothing is sent inside a transaction, and nothing is sent that is not marked as sending in a
committed one. What is in hand when a worker dies is therefore known to the row, and becomes
``unknown``.

Each message could be marked in a commit of its own; a fast channel would then wait for the disk.
So they are marked in groups that take about ``GROUP_SECONDS`` to send: one message at a time into
a slow server, ``Settings.group`` into a fast one. That many can a crash leave unknown.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from threading import Event
from typing import Final
from uuid import uuid4

import attrs

from crmkit import (
    CRM,
    CrmkitError,
    DatabaseBusyError,
    DatabaseError,
    Outgoing,
    Receipt,
    StaleVersionError,
)

from . import actions, queries
from .config import Settings
from .crash import crash_at
from .model import Delivered, Message, Outcome
from .waking import delivering, is_delivering

log = logging.getLogger("crmkit.delivery")

Send = Callable[[Outgoing], Receipt]
GROUP_SECONDS: Final = 0.05
GATE_SECONDS: Final = 0.5
"""A message is handed over at most so long after the guards were asked about it."""
RECORD_TRIES: Final = 3


def deliver_due(crm: CRM, *, limit: int | None = None, stop: Event | None = None) -> Delivered:
    """
    Send what is due now, at most *limit* intents; any number of workers may do so at once.

    Each channel is opened once. One that cannot be opened is told in ``problems``, and its
    intents wait in the queue. Once *stop* is set, what is in hand is put back, all but the group
    that is being sent.
    """
    return _pass(crm, limit, Delivered(), stop or Event())


def _pass(crm: CRM, limit: int | None, total: Delivered, stop: Event) -> Delivered:
    """*total* and what one pass over the queue adds to it."""
    with delivering(crm), ExitStack() as stack:
        with crm.unit() as unit:
            total += actions.recover(unit) + actions.expire(unit)
            waiting = [
                name for name in queries.due_by_channel(unit) if name in crm.contributed.channels
            ]
        senders, problems = _open(crm, waiting, stack)
        total += Delivered(problems=problems)
        worker = _Worker(crm, senders, stop)
        while senders and (limit is None or limit > 0) and not stop.is_set():
            claimed = worker.claim(limit)
            if not claimed:
                break
            limit = None if limit is None else limit - len(claimed)
            total = total.taken(each.id for each in claimed) + worker.deliver(claimed)
    return total


def deliver_after_commit(crm: CRM) -> None:
    """Do what ``deliver_on_commit`` says. Units that delivering itself commits are passed over."""
    if not crm.settings(Settings).deliver_on_commit or is_delivering(crm):
        return
    with crm.unit(write=False) as unit:
        is_due = queries.is_any_due(unit)
    if is_due:
        deliver_due(crm)


def run_until_empty(crm: CRM) -> Delivered:
    """Send until nothing is due. What is to be tried later is not waited for."""
    stop = Event()
    total, before = _pass(crm, None, Delivered(), stop), Delivered()
    while total.counts != before.counts:
        total, before = _pass(crm, None, total, stop), total
    return total


def work(
    crm: CRM,
    stop: Event,
    *,
    poll_seconds: float = 1.0,
    told: Callable[[Delivered], None] = lambda _: None,
) -> None:
    """
    Send what is due, and go on until *stop* is set.

    A busy database is waited for, and so is a server that restarts; a file that is gone or
    broken is raised at once. *told* hears of every pass that did something.
    """
    while not stop.is_set():
        try:
            done = deliver_due(crm, stop=stop)
        except DatabaseError as exc:
            if crm.engine.dialect.name == "sqlite" and not isinstance(exc, DatabaseBusyError):
                raise
            log.warning("waiting for the database: %s", exc)
        else:
            if done or done.problems:
                told(done)
        stop.wait(poll_seconds)


def _open(
    crm: CRM, names: Sequence[str], stack: ExitStack
) -> tuple[dict[str, Send], tuple[str, ...]]:
    senders: dict[str, Send] = {}
    problems = []
    for name in names:
        try:
            senders[name] = stack.enter_context(crm.contributed.channels[name].open(crm))
        except Exception as exc:  # noqa: BLE001 - one channel's fault must not stop the others
            log.warning("channel %s cannot be opened: %s", name, exc)
            problems.append(f"channel {name} cannot be opened: {exc}")
    return senders, tuple(problems)


class _Worker:
    """One pass over the queue with the channels that could be opened."""

    def __init__(self, crm: CRM, senders: Mapping[str, Send], stop: Event) -> None:
        self._crm = crm
        self._senders = senders
        self._stop = stop
        self._settings = crm.settings(Settings)
        self._name = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
        self._group = 1

    def claim(self, limit: int | None) -> list[Message]:
        size = self._settings.batch if limit is None else min(limit, self._settings.batch)
        with self._crm.unit() as unit:
            claimed = actions.claim(unit, self._name, self._senders, size)
        crash_at("after_claim")
        return claimed

    def deliver(self, claimed: Sequence[Message]) -> Delivered:
        total = Delivered()
        waiting = deque(claimed)
        while waiting and not self._stop.is_set():
            group = self._next_group(waiting)
            asked_at = time.monotonic()
            with self._crm.unit() as unit:
                ready, others = actions.mark_sending(unit, group)
            total += others + self._send_group(ready, asked_at)
        if waiting:
            with self._crm.unit() as unit:
                total += actions.release(unit, list(waiting))
        return total

    def _next_group(self, waiting: deque[Message]) -> list[Message]:
        """The next few, of different customers: the second message sees what the first did."""
        group: list[Message] = []
        customers: set[int] = set()
        while waiting and len(group) < self._group and waiting[0].customer_id not in customers:
            customers.add(waiting[0].customer_id)
            group.append(waiting.popleft())
        return group

    def _send_group(self, ready: Sequence[Message], asked_at: float) -> Delivered:
        outcomes = {each.id: Outcome(each, "released") for each in ready}
        started_at = time.monotonic()
        try:
            self._send_each(ready, asked_at, outcomes)
            self._adapt(len(ready), time.monotonic() - started_at)
        finally:
            done = self._record(list(outcomes.values()))
            crash_at("after_mark")
        return done

    def _send_each(
        self, ready: Sequence[Message], asked_at: float, outcomes: dict[int, Outcome]
    ) -> None:
        """Hand over one after the other; *outcomes* is true at every moment, should it raise."""
        give_up_at = asked_at + self._settings.lease_seconds / 2
        refused: Mapping[int, Outcome] = {}
        for position, message in enumerate(ready):
            now = time.monotonic()
            if now > give_up_at:  # late, perhaps frozen: somebody else may hold them already
                return
            if now > asked_at + GATE_SECONDS:
                asked_at = now
                with self._crm.unit(write=False) as unit:
                    refused = queries.refused(unit, ready[position:])
            if message.id in refused:
                outcomes[message.id] = refused[message.id]
                continue
            crash_at("before_send")
            outcomes[message.id] = Outcome(message, "unknown", detail="interrupted while sending")
            outcomes[message.id] = self._send(message)
            crash_at("after_send")

    def _send(self, message: Message) -> Outcome:
        outgoing = Outgoing(
            key=message.key,
            customer_id=message.customer_id,
            address=message.address,
            subject=message.subject,
            text=message.text,
            html=message.html,
            purpose=message.purpose,
        )
        try:
            receipt = self._senders[message.channel](outgoing)
        except Exception as exc:  # the message may have left before it raised
            log.exception("channel %s failed with intent %s", message.channel, message.id)
            return Outcome(message, "unknown", detail=f"{type(exc).__name__}: {exc}")
        asked = receipt.not_before if receipt.state == "retry" else None
        return Outcome(message, receipt.state, receipt.reference, receipt.detail, asked)

    def _record(self, outcomes: Sequence[Outcome]) -> Delivered:
        """Together if that works; else each alone, so that none takes the others down."""
        problem: CrmkitError
        for _ in range(RECORD_TRIES):
            try:
                with self._crm.unit() as unit:
                    return actions.record(unit, outcomes)
            except (DatabaseBusyError, StaleVersionError) as exc:
                problem = exc
            except DatabaseError:
                raise
            except CrmkitError as exc:
                problem = exc
                break
        if isinstance(problem, DatabaseError):
            raise problem
        if len(outcomes) > 1:
            return sum((self._record([each]) for each in outcomes), Delivered())
        return self._record([_unrecorded(outcomes[0], problem)])

    def _adapt(self, sent: int, took: float) -> None:
        """Make the next group take about GROUP_SECONDS."""
        if took > GROUP_SECONDS:
            self._group = max(1, self._group // 2)
        elif sent == self._group and took < GROUP_SECONDS / 2:
            self._group = min(self._settings.group, self._group * 2)


def _unrecorded(outcome: Outcome, problem: CrmkitError) -> Outcome:
    told = f"{outcome.state}, but that could not be recorded: {problem}"
    log.error("intent %s: %s", outcome.message.id, told)
    return attrs.evolve(outcome, state="unknown", detail=told)
