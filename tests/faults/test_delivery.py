from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest

from crmkit import CRM, ContactPoint, Customer, Offer
from crmkit.plugins.foundation.delivery import Intent, deliver_due, intend_many
from tests.faults.oracle import ledger, ledger_check
from tests.faults.servers import Sink, sink_at

WORKER = Path(__file__).with_name("worker.py")
KILLS = 8


@attrs.define
class Shop:
    """A CRM with intents, the server they go to, and workers to kill."""

    crm: CRM
    url: str
    sink: Sink
    settings: dict[str, dict[str, object]]
    workers: list[subprocess.Popen[str]] = attrs.field(factory=list)

    def intend(self, count: int) -> None:
        with self.crm.unit() as unit:
            people = unit.customers.add_many(
                Customer(name=f"C{n}", contact_points=(ContactPoint("email", f"c{n}@x.org"),))
                for n in range(count)
            )
            offers = unit.offers.add_many(Offer(customer_id=who.id, what="tea") for who in people)
            intend_many(
                unit,
                [
                    Intent(
                        run="spring",
                        step="first",
                        customer_id=who.id,
                        channel="email",
                        address=who.contact("email") or "",
                        purpose="news",
                        subject="Hello",
                        text="There is tea.",
                        offer_id=offer.id,
                        not_before=datetime.now(UTC) - timedelta(minutes=1),
                    )
                    for who, offer in zip(people, offers, strict=True)
                ],
            )

    def worker(self, **environment: str) -> subprocess.Popen[str]:
        """A worker that has started and waits for :func:`go`."""
        process = subprocess.Popen(
            [sys.executable, str(WORKER), self.url, json.dumps(self.settings)],
            env=os.environ | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.workers.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", process.communicate()[1]
        return process


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


@pytest.fixture
def shop(make_crm: Callable[..., CRM], database: str, tmp_path: Path) -> Iterator[Shop]:
    with sink_at(tmp_path / "accepted.log") as (sink, port):
        settings: dict[str, dict[str, object]] = {
            "email": {
                "target": f"smtp://127.0.0.1:{port}",
                "from_address": "shop@shop.example",
                "helo": "shop.example",
            }
        }
        crm = make_crm(
            "delivery",
            "email",
            settings=settings,
            clock=lambda: datetime.now(UTC) + timedelta(hours=1),  # every lease is over
        )
        found = Shop(crm, database, sink, settings)
        yield found
        for process in found.workers:
            process.kill()
            process.communicate()


POINTS = {
    "after_claim": ("claimed", 0, "sent", 1),
    "before_send": ("sending", 0, "unknown", 0),
    "after_dot": ("sending", 1, "unknown", 1),
    "after_send": ("sending", 1, "unknown", 1),
    "before_mark": ("sending", 1, "unknown", 1),
    "after_mark": ("sent", 1, "sent", 1),
}


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_a_named_point(shop, point):
    left, accepted, finally_, accepted_finally = POINTS[point]
    shop.intend(1)
    process = shop.worker(CRMKIT_CRASH_AT=point)
    if point == "after_dot":
        shop.sink.before_answer = lambda _: os.kill(process.pid, signal.SIGKILL)
    go(process)
    process.wait(10)
    assert process.returncode == (-signal.SIGKILL if point == "after_dot" else 137)
    assert ([each.state for each in ledger(shop.crm)], len(shop.sink.accepted)) == (
        [left],
        accepted,
    )
    shop.sink.before_answer = lambda _: None
    deliver_due(shop.crm)
    assert [each.state for each in ledger(shop.crm)] == [finally_]
    assert len(shop.sink.accepted) == accepted_finally
    ledger_check(shop.crm, shop.sink.accepted)


def test_killed_at_random_moments_nothing_is_lost_and_nothing_goes_twice(shop):
    messages, seed = 300, random.randrange(1 << 30)
    dice = random.Random(seed)
    shop.intend(messages)
    shop.sink.before_answer = lambda _: time.sleep(0.002)
    killed_in_hand = 0
    for _ in range(KILLS):
        process = shop.worker()
        go(process)
        time.sleep(dice.uniform(0.005, 0.12))
        process.kill()
        process.wait()
        killed_in_hand += sum(each.state == "sending" for each in ledger(shop.crm))
        deliver_due(shop.crm, limit=1)  # takes back what the dead one held
    deliver_due(shop.crm)
    rows = ledger(shop.crm)
    unknown = [each for each in rows if each.state == "unknown"]
    assert len(rows) == messages, f"seed {seed}"
    assert {each.state for each in rows} <= {"sent", "unknown"}
    assert len(unknown) == killed_in_hand <= KILLS * 32
    ledger_check(shop.crm, shop.sink.accepted)


def test_two_workers_at_once_send_everything_once_and_neither_starves(shop):
    shop.intend(600)
    first, second = shop.worker(), shop.worker()
    go(first)
    go(second)
    shares = []
    for process in (first, second):
        out, errors = process.communicate(timeout=30)
        assert process.returncode == 0, errors
        shares.append(int(out.split()[0]))
    assert sum(shares) == len(shop.sink.accepted) == 600
    assert min(shares) > 6
    ledger_check(shop.crm, shop.sink.accepted)


def test_frozen_past_its_lease_a_worker_sends_nothing_more(shop):
    shop.settings["delivery"] = {"lease_seconds": 1.0}
    shop.intend(50)
    process = shop.worker()
    frozen = []

    def freeze(_: str) -> None:
        if not frozen and len(shop.sink.accepted) == 10:
            os.kill(process.pid, signal.SIGSTOP)
            frozen.append(len(shop.sink.accepted))

    shop.sink.before_answer = freeze
    go(process)
    while not frozen:
        time.sleep(0.01)
    time.sleep(1.1)
    deliver_due(shop.crm)  # another worker, an hour later
    before = len(shop.sink.accepted)
    os.kill(process.pid, signal.SIGCONT)
    process.communicate(timeout=10)
    assert len(shop.sink.accepted) == before
    ledger_check(shop.crm, shop.sink.accepted)
