"""
The worker: claim, send outside of any transaction, write down.

Each endpoint has a lane of its own, a few deliveries one after the other, and the lanes run side
by side: one that hangs holds up nobody but itself, and after one miss it is left alone for a
while. A delivery whose worker died, or whose answer never came, is sent again under its old id:
the other side tells by the id that it has it already.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Final
from uuid import uuid4

from crmkit import CRM, RefusedError

from . import actions, envelope, guard, queries, signing
from .config import Settings
from .model import TEST, Endpoint, Fact, Lane, Sent
from .posting import Answer, post, trust

ENDLESS: Final = 1 << 40


def send_due(crm: CRM, *, limit: int | None = None) -> Sent:
    """Send what is due now, at most *limit*; any number of workers may do so at once."""
    with crm.unit() as unit:
        actions.recover(unit)
        actions.prune(unit)
    return _Pass(crm, ENDLESS if limit is None else limit).run()


class _Pass:
    """One pass over what is due."""

    def __init__(self, crm: CRM, limit: int) -> None:
        self._crm = crm
        self._left = limit
        self._settings = crm.settings(Settings)
        self._context = trust(self._settings, crm.folder)
        self._name = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
        self._running: dict[Future[list[Answer]], Lane] = {}

    def run(self) -> Sent:
        total = Sent()
        with ThreadPoolExecutor(self._settings.threads, "crmkit-webhook") as pool:
            self._fill(pool)
            while self._running:
                done, _ = wait(self._running, return_when=FIRST_COMPLETED)
                for each in done:
                    total += self._record(self._running.pop(each), each.result())
                    if any(answer.is_ours for answer in each.result()):
                        self._left = 0  # this machine is at its limit; a later pass goes on
                self._fill(pool)
        return total

    def _fill(self, pool: ThreadPoolExecutor) -> None:
        """Claim for the free threads."""
        free = self._settings.threads - len(self._running)
        if free < 1 or self._left < 1:
            return
        busy = [each.endpoint.id for each in self._running.values()]
        with self._crm.unit() as unit:
            lanes = actions.claim(unit, self._name, busy, lanes=free, most=self._left)
        for lane in lanes:
            self._left -= len(lane.deliveries)
            self._running[pool.submit(self._send, lane)] = lane

    def _send(self, lane: Lane) -> list[Answer]:
        """One answer for each delivery that was tried; the first miss ends the lane."""
        answers: list[Answer] = []
        for each in lane.deliveries:
            answer = _hand_over(
                self._crm, self._context, lane.endpoint, lane.keys, each.key, each.body
            )
            answers.append(answer)
            if answer.is_miss or answer.status == 410:
                break
        return answers

    def _record(self, lane: Lane, answers: list[Answer]) -> Sent:
        with self._crm.unit() as unit:
            return actions.record(unit, lane, answers)


def probe(crm: CRM, name: str) -> str:
    """
    Send one ``webhook.test`` now, and say what class of answer came: ``2xx``, or ``no answer``.

    Raises:
        RecordNotFoundError: If there is no such endpoint.
        RefusedError: If it is a receiver.
    """
    with crm.unit(write=False) as unit:
        found = queries.named(unit, name)
        keys = queries.keys(unit, [found.id]).get(found.id, [])
    if found.direction == "in":
        raise RefusedError(f"webhook {name} is a receiver; there is nowhere to send to")
    settings = crm.settings(Settings)
    fact = Fact(TEST, f"webhook/{found.id}", crm.clock(), None, {"name": found.name})
    key = f"evt_{uuid4().hex}"
    body = envelope.written(fact, key, settings.source, 0)
    answer = _hand_over(crm, trust(settings, crm.folder), found, keys, key, body)
    return f"{answer.status // 100}xx" if answer.status else "no answer"


def _hand_over(
    crm: CRM,
    context: ssl.SSLContext,
    endpoint: Endpoint,
    keys: Sequence[bytes],
    key: str,
    text: str,
) -> Answer:
    now, body = crm.clock(), text.encode()
    stamp = int(now.timestamp())
    headers = {
        **endpoint.headers,
        "Content-Type": envelope.CONTENT_TYPE,
        "webhook-id": key,
        "webhook-timestamp": str(stamp),
        "webhook-signature": signing.sign(keys, key, stamp, body),
    }
    return post(guard.parse(endpoint.url), headers, body, crm.settings(Settings), context, now)
