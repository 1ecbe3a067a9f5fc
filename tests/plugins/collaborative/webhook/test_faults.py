"""F-01, F-20 and F-23 for webhooks: workers that are killed, endpoints that are sick, few files."""

import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from crmkit.plugins.collaborative import webhook
from crmkit.plugins.collaborative.webhook.tables import delivery, endpoint
from tests.plugins.collaborative.webhook.conftest import buy, hang, reply, states, tell, ways

WORKER = Path(__file__).with_name("worker.py")


@pytest.fixture
def real(make_shop, clock):
    """A CRM by the clock of the workers."""
    clock.now = datetime.now(UTC)
    return make_shop()


def start(crm, *arguments):
    url = crm.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, str(WORKER), url, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def lapse(crm):
    """As if the leases of the dead were over, and the endpoints rested."""
    with crm.unit() as unit:
        past = unit.now - timedelta(days=1)
        unit.connection.execute(
            sa.update(delivery)
            .where(delivery.c.state.in_(("queued", "sending")))
            .values(lease_until=past, not_before=past)
        )
        unit.connection.execute(sa.update(endpoint).values(rest_until=None))


def test_f01_killed_workers_lose_nothing_and_ids_tell_what_came_twice(real, listen):
    places = [listen() for _ in range(3)]
    for number, here in enumerate(places):
        tell(real, f"e{number}", here.url)
        here.script = lambda line: (time.sleep(0.005), reply(204)(line))
    buy(real, 60)
    draw, kills = random.Random(11), 0
    for _ in range(6):
        worker = start(real)
        before = len(places[0].requests)
        deadline = time.monotonic() + 20
        while len(places[0].requests) == before and time.monotonic() < deadline:
            if worker.poll() is not None:
                break
            time.sleep(0.005)
        time.sleep(draw.uniform(0, 0.05))
        if worker.poll() is None:
            worker.send_signal(signal.SIGKILL)
            kills += 1
        worker.communicate()
        lapse(real)
        real.clock.now = datetime.now(UTC)
    while "queued" in states(real) or "sending" in states(real):
        lapse(real)
        real.clock.now = datetime.now(UTC)
        webhook.send_due(real)
    assert kills
    assert states(real) == ["sent"] * 180
    for here in places:
        assert len(set(here.ids)) == 60
        assert len(here.ids) - 60 <= kills * 3  # a lane each


def test_f23_with_64_descriptors_500_webhooks_all_arrive(real, listen):
    places = [listen() for _ in range(20)]
    for number, here in enumerate(places):
        tell(real, f"e{number}", here.url)
    buy(real, 25)
    worker = start(real, "64")
    out, err = worker.communicate(timeout=120)
    assert worker.returncode == 0, err
    for _ in range(5):
        if "queued" in states(real):
            lapse(real)
            real.clock.now = datetime.now(UTC)
            webhook.send_due(real)
    assert states(real) == ["sent"] * 500
    assert sum(len(set(here.ids)) for here in places) == 500
    assert out


def test_f20_a_thousand_events_for_twenty_endpoints_of_which_one_is_sick(make_shop, listen):
    """The nineteen have all of theirs after a single hand-over to the sick one, which hangs."""
    shop = make_shop(timeout_seconds=2.0, lane=25)
    sick = listen(hang)
    tell(shop, "sick", sick.url)
    well = [listen() for _ in range(19)]
    for number, here in enumerate(well):
        tell(shop, f"well{number}", here.url)
    buy(shop, 50)
    done = webhook.send_due(shop)
    assert (done.sent, done.failed) == (950, 0)
    assert [len(set(here.ids)) for here in well] == [50] * 19
    assert len(sick.requests) == 1
    assert {each.attempts for each in ways(shop, state="queued")} == {0, 1}
