"""Real brokers on loopback, and workers as people start them."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from crmkit_celery import Settings, celery_for
from crmkit_celery.waking import wake

from crmkit import CRM, Customer
from crmkit.plugins.foundation import delivery

BROKERS = {
    "redis": ("redis://127.0.0.1:6379/9", 6379),
    "rabbitmq": ("amqp://guest:guest@127.0.0.1:5672//", 5672),
}
PATIENCE_SECONDS = 60


@pytest.fixture(params=BROKERS)
def broker(request) -> str:
    url, port = BROKERS[request.param]
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        pytest.skip(f"start {request.param} on 127.0.0.1:{port}")
    return url


@pytest.fixture
def shop(tmp_path, broker) -> Iterator[CRM]:
    """A CRM in a folder of its own with a queue of its own."""
    with shop_in(tmp_path, broker, beat_seconds=60) as crm:
        yield crm


@contextmanager
def shop_in(folder, broker, beat_seconds) -> Iterator[CRM]:
    (folder / "crmkit.toml").write_text(f"""
[crmkit]
plugins = ["delivery", "email", "celery"]
database = "sqlite:///{folder}/crm.db"

[email]
target = "maildir:{folder}/mail"
from_address = "shop@shop.example"

[celery]
broker = "{broker}"
queue = "test-{uuid4().hex}"
beat_seconds = {beat_seconds}
""")
    crm = CRM.from_config(folder / "crmkit.toml", strict=True)
    try:
        crm.upgrade()
        yield crm
    finally:
        crm.close()


@contextmanager
def celery(folder, *arguments):
    env = {**os.environ, "CRMKIT_CONFIG": str(folder / "crmkit.toml")}
    command = [sys.executable, "-m", "celery", "--app", "crmkit_celery.app", *arguments]
    with (folder / f"{arguments[0]}.log").open("w") as out:
        process = subprocess.Popen(
            command, cwd=folder, env=env, stdout=out, stderr=subprocess.STDOUT, text=True
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def intend(crm, run, count=5):
    with crm.unit() as unit:
        people = unit.customers.add_many(Customer(name=f"C{n}") for n in range(count))
        delivery.intend_many(
            unit,
            [
                delivery.Intent(
                    run=run,
                    step="first",
                    customer_id=who.id,
                    channel="email",
                    address=f"c{who.id}@x.org",
                    purpose="news",
                    subject="Hello",
                    text="There is tea.",
                )
                for who in people
            ],
        )


def wait_for_sent(crm, count):
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        with crm.unit(write=False) as unit:
            found = delivery.counts(unit)
        if found == {"sent": count}:
            return
        time.sleep(0.1)
    pytest.fail(f"after {PATIENCE_SECONDS} s: {found}")


def mails(folder):
    return list((folder / "mail/new").iterdir())


WORKER = ("worker", "--pool", "solo", "--without-gossip", "--without-mingle")


def test_a_commit_wakes_a_worker(shop, tmp_path):
    with celery(tmp_path, *WORKER):
        intend(shop, "spring")
        wait_for_sent(shop, 5)
        intend(shop, "summer")
        wait_for_sent(shop, 10)
    assert len(mails(tmp_path)) == 10


def test_what_a_wiped_broker_forgot_goes_out_at_the_next_beat(tmp_path, broker):
    with shop_in(tmp_path, broker, beat_seconds=2) as crm:
        intend(crm, "spring")
        app = celery_for(crm.settings(Settings))
        assert app.control.purge() >= 1
        app.close()
        schedule = str(tmp_path / "schedule")
        with celery(tmp_path, *WORKER), celery(tmp_path, "beat", "--schedule", schedule):
            wait_for_sent(crm, 5)
    assert len(mails(tmp_path)) == 5


def test_a_wake_up_that_comes_three_times_sends_once(shop, tmp_path):
    intend(shop, "spring")
    for _ in range(3):
        wake(shop)
    with celery(tmp_path, *WORKER), celery(tmp_path, *WORKER):
        wait_for_sent(shop, 5)
    assert len(mails(tmp_path)) == 5


def test_a_commit_stands_when_the_broker_is_gone(tmp_path, caplog):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    gone = f"redis://127.0.0.1:{port}/0"
    with shop_in(tmp_path, gone, beat_seconds=30) as crm:
        with caplog.at_level(logging.WARNING):
            intend(crm, "spring")
        assert "nobody was woken" in caplog.text
        assert str(delivery.run_until_empty(crm)) == "5 sent"
