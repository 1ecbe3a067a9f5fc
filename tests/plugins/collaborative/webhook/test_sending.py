"""Events out: written with what they tell of, sent until they are taken in, never lost."""

import errno
import json
import threading
from datetime import UTC, datetime, timedelta

import attrs
import pytest
import sqlalchemy as sa

from crmkit import CRM, Customer, InvalidValueError, RefusedError
from crmkit.core import calls
from crmkit.plugins.collaborative import webhook
from crmkit.plugins.collaborative.webhook import actions, queries, tables
from crmkit.plugins.collaborative.webhook.backoff import wait_seconds
from crmkit.plugins.collaborative.webhook.signing import key_of, verify
from tests.plugins.collaborative.webhook.conftest import (
    buy,
    drip,
    endless_body,
    endpoint,
    hang,
    hang_up,
    reply,
    reset,
    states,
    tell,
    ways,
)


def send(crm, **options):
    return dict(webhook.send_due(crm, **options).counts)


def test_an_event_is_a_row_of_the_unit_that_did_it(shop, listen):
    tell(shop, "books", listen().url)
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the unit is what is left
        with shop.unit() as unit:
            unit.customers.add(Customer(name="Bo"))
            assert len(queries.deliveries(unit)) == 1
            raise ZeroDivisionError
    assert ways(shop) == []
    buy(shop)
    assert [(each.kind, each.state) for each in ways(shop)] == [("purchase.order", "queued")]


def test_what_is_sent_is_a_cloudevent_that_bears_a_right_signature(shop, listen, clock):
    here = listen()
    secret = tell(shop, "books", here.url, headers={"X-Api-Key": "k"})
    buy(shop)
    assert send(shop) == {"sent": 1}
    headers, body = here.requests[0]
    assert headers["content-type"] == "application/cloudevents+json"
    assert headers["x-api-key"] == "k"
    assert headers["webhook-timestamp"] == str(int(clock().timestamp()))
    verify([key_of(secret)], headers, body, now=clock(), tolerance_seconds=0)
    event = json.loads(body)
    assert event["specversion"] == "1.0"
    assert event["id"] == headers["webhook-id"]
    assert (event["type"], event["subject"]) == ("purchase.order", "interaction/1")
    assert event["data"]["customer"] == {"id": 1, "identities": ["shop:42"]}
    assert event["data"]["amount"] == {"amount_minor": 1990, "currency": "EUR"}


def test_another_implementation_accepts_the_signature(shop, listen, clock):
    standard = pytest.importorskip("standardwebhooks")
    clock.now = datetime.now(UTC).replace(microsecond=0)
    here = listen()
    secret = tell(shop, "books", here.url)
    buy(shop)
    send(shop)
    headers, body = here.requests[0]
    assert standard.Webhook(secret).verify(body, headers)["id"] == headers["webhook-id"]


def test_kinds_choose_and_a_pattern_chooses_many(shop, listen):
    all_, orders, people = listen(), listen(), listen()
    tell(shop, "all", all_.url)
    tell(shop, "orders", orders.url, kinds=["purchase.*"])
    tell(shop, "people", people.url, kinds=["customer.created", "customer.changed"])
    buy(shop)
    with shop.unit() as unit:
        ana = unit.customers.get(1)
        unit.customers.save(attrs.evolve(ana, name="Ana K"))
    assert send(shop) == {"sent": 4}
    assert [each["type"] for each in orders.bodies] == ["purchase.order"]
    assert [(e["type"], e["data"]["name"]) for e in people.bodies] == [
        ("customer.changed", "Ana K")
    ]
    assert len(all_.requests) == 2


@pytest.mark.parametrize("kinds", [["purchase.oder"], [], ["nobody.*"]])
def test_a_kind_nobody_records_is_refused(shop, kinds):
    with pytest.raises(InvalidValueError, match="kinds"):
        tell(shop, "books", "https://books.example/", kinds=kinds)
    with shop.unit(write=False) as unit:
        assert webhook.endpoints(unit) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "a"}, {"content-length": "1"}, {"Webhook-Signature": "v1,a"}, {"X": "a\r\nY: b"},
        {"X\r\nY": "a"}, {"X Y": "a"}, {"": "a"}, {"X": ""}, {"X": "é"}, {"Transfer-Encoding": "x"},
        {"X:": "a"}, {"webhook-id": "a"}, {"X": " a"},
    ],
)  # fmt: skip
def test_d15_headers_that_are_ours_or_no_headers_are_refused(shop, headers):
    with pytest.raises(InvalidValueError, match="headers"):
        tell(shop, "books", "https://books.example/", headers=headers)


def test_during_a_rotation_both_secrets_sign_and_then_only_the_new_one(shop, listen, clock):
    here = listen()
    old = tell(shop, "books", here.url)
    with shop.unit() as unit:
        new = webhook.rotate(unit, "books", overlap_hours=24)
    for hours, wanted in ((0, 2), (23, 2), (2, 1)):
        clock.now += timedelta(hours=hours)
        buy(shop, start=hours)
        send(shop)
        headers, body = here.requests[-1]
        assert len(headers["webhook-signature"].split(" ")) == wanted
        verify([key_of(new)], headers, body, now=clock(), tolerance_seconds=0)
    with pytest.raises(webhook.BadSignatureError):
        verify([key_of(old)], headers, body, now=clock(), tolerance_seconds=0)


def test_a_failure_is_tried_ten_times_over_the_published_schedule(make_shop, listen, clock):
    """5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h: Standard Webhooks' example."""
    shop = make_shop(disable_after_hours=1000)
    here = listen(reply(500))
    tell(shop, "books", here.url)
    buy(shop)
    waits, before = [], clock()
    while ways(shop)[0].state == "queued":
        clock.now = max(clock.now, ways(shop)[0].not_before)
        waits.append((clock() - before).total_seconds())
        before = clock()
        send(shop)
    published = [0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    assert len(waits) == 10
    for waited, told in zip(waits, published, strict=True):
        assert 0.75 * told <= waited <= 1.25 * told
    assert sum(published) == 75 * 3600 + 35 * 60 + 5
    assert len(set(here.ids)) == 1
    assert [each.state for each in ways(shop)] == ["failed"]


def test_waits_are_spread():
    settings = webhook.Settings()
    waits = {wait_seconds(f"evt_{n}", 4, settings) for n in range(100)}
    assert len(waits) == 100
    assert wait_seconds("evt_1", 10, settings) is None


def test_r08_an_endpoint_that_was_down_for_three_days_gets_it_once(shop, listen, clock):
    here = listen(reply(500))
    tell(shop, "books", here.url)
    buy(shop)
    since = clock()
    while states(shop) == ["queued"]:
        clock.now = max(clock.now, ways(shop)[0].not_before)
        if clock() - since > timedelta(days=2.5):
            here.script = reply(200)
        send(shop)
    assert states(shop) == ["sent"]
    assert len(set(here.ids)) == 1
    assert endpoint(shop, "books").failing_since is None


def test_r08_after_120_hours_without_a_success_it_is_disabled(shop, listen, clock):
    here = listen(reply(500))
    tell(shop, "books", here.url)
    begun = clock()
    while endpoint(shop, "books").state == "active":
        buy(shop, start=len(here.requests))
        send(shop)
        clock.now += timedelta(hours=4)
    assert timedelta(hours=120) <= clock() - begun <= timedelta(hours=128)
    assert "failed for 120 hours" in endpoint(shop, "books").why


def test_r08_sporadic_failures_never_disable(shop, listen, clock):
    here = listen()
    tell(shop, "books", here.url)
    for number in range(30):
        here.script = reply(500 if number % 10 == 0 else 200)
        buy(shop, start=number)
        clock.now += timedelta(hours=12)
        send(shop)
    assert endpoint(shop, "books").state == "active"


def test_d15e_gone_disables_at_once_and_others_are_told(shop, listen):
    gone, other = listen(reply(410)), listen()
    tell(shop, "gone", gone.url)
    tell(shop, "watch", other.url, kinds=["webhook.disabled"])
    buy(shop, 3)
    assert send(shop) == {"failed": 1, "later": 2, "sent": 1}
    assert (endpoint(shop, "gone").state, endpoint(shop, "gone").why) == (
        "disabled",
        "answered 410 Gone",
    )
    assert other.bodies[0]["type"] == "webhook.disabled"
    assert other.bodies[0]["data"] == {"name": "gone", "why": "answered 410 Gone"}
    buy(shop, 1, start=9)
    assert send(shop) == {}
    assert len(gone.requests) == 1


def test_a_disabled_endpoint_is_enabled_and_gets_what_it_missed(shop, listen, clock):
    here = listen(reply(410))
    tell(shop, "books", here.url)
    begun = clock()
    buy(shop, 2)
    send(shop)
    buy(shop, 1, start=5)
    here.script = reply(204)
    with pytest.raises(RefusedError, match="disabled"), shop.unit() as unit:
        webhook.replay_span(unit, begun, name="books")
    with shop.unit() as unit:
        webhook.enable(unit, "books")
    with pytest.raises(RefusedError), shop.unit() as unit:
        webhook.enable(unit, "books")
    assert send(shop) == {"sent": 1}
    with shop.unit() as unit:
        assert webhook.replay_span(unit, begun) == 3
    assert send(shop) == {"sent": 3}
    assert len(set(here.ids)) == 3


@pytest.mark.parametrize(("status", "body"), [(200, b'{"error": "no"}'), (204, b""), (202, b"")])
def test_d15e_any_2xx_is_a_success_whatever_it_says(shop, listen, status, body):
    tell(shop, "books", listen(reply(status, body=body)).url)
    buy(shop)
    assert send(shop) == {"sent": 1}


def test_d15e_an_answer_too_late_is_unknown_and_goes_again_under_the_same_id(
    make_shop, listen, clock
):
    shop = make_shop(timeout_seconds=0.3)
    here = listen(hang)
    tell(shop, "books", here.url)
    buy(shop)
    assert send(shop) == {"later": 1}
    (way,) = ways(shop)
    with shop.unit(write=False) as unit:
        (line,) = webhook.attempts_of(unit, way.id)
    assert (line.state, line.detail) == ("unknown", "took too long")
    here.script = reply(200)
    clock.now += timedelta(minutes=1)
    assert send(shop) == {"sent": 1}
    assert len(here.ids) == 2
    assert len(set(here.ids)) == 1
    assert here.requests[0][1] == here.requests[1][1]


def test_retry_after_holds_back_the_next_attempt(shop, listen, clock):
    here = listen(reply(429, "Retry-After: 3600"))
    tell(shop, "books", here.url)
    buy(shop)
    send(shop)
    assert ways(shop)[0].not_before >= clock() + timedelta(hours=1)
    clock.now += timedelta(minutes=59)
    buy(shop, 1, start=5)
    assert send(shop) == {}
    assert len(here.requests) == 1


def test_one_event_is_replayed_under_its_id(shop, listen):
    here = listen()
    tell(shop, "books", here.url)
    buy(shop, 2)
    send(shop)
    with shop.unit() as unit:
        assert webhook.replay(unit, here.ids[0]) == 1
    assert send(shop) == {"sent": 1}
    assert here.ids[2] == here.ids[0]
    assert here.requests[2][1] == here.requests[0][1]


def test_a_new_endpoint_can_be_sent_the_past(shop, listen, clock):
    tell(shop, "books", listen().url)
    buy(shop, 2)
    begun = clock()
    clock.now += timedelta(days=1)
    buy(shop, 1, start=5)
    late = listen()
    tell(shop, "late", late.url)
    with shop.unit() as unit:
        assert webhook.replay_span(unit, begun, begun + timedelta(hours=1), name="late") == 2
    send(shop)
    assert len(late.requests) == 2


def test_f05_a_worker_that_was_frozen_past_its_lease_writes_nothing(shop, listen, clock):
    from crmkit.plugins.collaborative.webhook.posting import Answer

    here = listen()
    tell(shop, "books", here.url)
    buy(shop)
    with shop.unit() as unit:
        (lane,) = actions.claim(unit, "frozen", (), lanes=5, most=5)
    assert send(shop) == {}
    clock.now += timedelta(hours=1)
    assert send(shop) == {"sent": 1}
    with shop.unit() as unit:
        assert not actions.record(unit, lane, [Answer(status=500, was_sent=True)]).counts
    assert states(shop) == ["sent"]


def test_many_workers_send_each_delivery_once(shop, listen):
    places = [listen() for _ in range(4)]
    for number, here in enumerate(places):
        tell(shop, f"e{number}", here.url)
    buy(shop, 25)
    problems = []

    def work():
        try:
            crm = CRM.open(
                shop.engine.url.render_as_string(hide_password=False),
                ["webhook"],
                clock=shop.clock,
                settings={"webhook": {"allow_networks": ["127.0.0.0/8"], "lane": 3}},
            )
            webhook.send_due(crm)
            crm.close()
        except Exception as exc:
            problems.append(exc)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert problems == []
    assert states(shop) == ["sent"] * 100
    assert [len(set(here.ids)) for here in places] == [25] * 4
    assert [len(here.ids) for here in places] == [25] * 4


@pytest.mark.parametrize("bad", [hang, drip, endless_body, reset, hang_up, reply(301)])
def test_f20_a_bad_endpoint_holds_up_nobody_else(make_shop, listen, bad):
    """All others have everything before the first hand-over to the bad one is over."""
    shop = make_shop(timeout_seconds=3.0)
    waiting = threading.Event()

    def script(line):
        if bad in (hang, drip):
            waiting.wait(20)
        bad(line)

    sick = listen(script)
    tell(shop, "sick", sick.url)
    well = [listen() for _ in range(19)]
    for number, here in enumerate(well):
        tell(shop, f"well{number}", here.url)
    buy(shop, 10)
    done = webhook.send_due(shop)
    waiting.set()
    assert done.sent >= 190
    assert [len(here.requests) for here in well] == [10] * 19
    if bad in (hang, drip, reset, hang_up):
        assert len(sick.requests) == 1
        assert endpoint(shop, "sick").misses == 1


def test_f23_few_file_descriptors_slow_it_down_and_lose_nothing(make_shop, listen, monkeypatch):
    """A machine without a free descriptor is not the endpoint's fault."""
    from crmkit.plugins.collaborative.webhook import posting

    shop = make_shop(threads=4)
    here = listen()
    tell(shop, "books", here.url)
    buy(shop, 20)
    real, left = posting._dial, [5]

    def dial(*given):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.EMFILE, "Too many open files")
        return real(*given)

    monkeypatch.setattr(posting, "_dial", dial)
    assert webhook.send_due(shop).sent == 5
    assert endpoint(shop, "books").failing_since is None
    assert {each.attempts for each in ways(shop, state="queued")} == {0}
    left[0] = 100
    assert send(shop) == {"sent": 15}
    assert len(here.requests) == len(set(here.ids)) == 20


def test_a_limit_sends_no_more(shop, listen):
    tell(shop, "books", listen().url)
    buy(shop, 5)
    assert send(shop, limit=2) == {"sent": 2}


def test_a_batch_of_many_is_told_whole(shop, listen):
    """frappe/frappe#20310: webhooks are not left out in bulk."""
    tell(shop, "books", "https://books.example/")
    buy(shop, 5000)
    assert len(ways(shop)) == 5000


def test_removing_an_endpoint_takes_all_of_it(shop, listen):
    here = listen()
    tell(shop, "books", here.url)
    buy(shop)
    send(shop)
    with shop.unit() as unit:
        webhook.remove(unit, "books")
        assert queries.counts(unit) == {}
        assert unit.connection.scalar(sa.select(sa.func.count()).select_from(tables.secret)) == 0


def test_events_are_kept_so_long_and_what_waits_stays(shop, listen, clock):
    here = listen()
    tell(shop, "books", here.url)
    buy(shop, 2)
    send(shop)
    here.script = reply(500)
    buy(shop, 1, start=5)
    clock.now += timedelta(days=31)
    send(shop)
    assert [each.attempts for each in ways(shop)] == [1]


def test_d14_a_test_says_the_class_of_the_answer_and_no_more(shop, listen):
    here = listen(reply(404, body=b"secret of the inner network"))
    tell(shop, "books", here.url)
    assert webhook.probe(shop, "books") == "4xx"
    assert here.bodies[0]["type"] == "webhook.test"
    here.script = hang_up
    assert webhook.probe(shop, "books") == "no answer"
    assert ways(shop) == []
    tell(shop, "till", "")
    with pytest.raises(RefusedError):
        webhook.probe(shop, "till")


def test_d14_no_byte_of_an_answer_is_kept(shop, listen):
    tell(shop, "books", listen(reply(500, "X-Canary: quillby", body=b"quillby")).url)
    buy(shop)
    send(shop)
    with shop.unit(write=False) as unit:
        kept = [repr(each) for each in (*ways(shop), *webhook.attempts_of(unit, 1))]
    assert "quillby" not in " ".join(kept)


def test_who_is_erased_is_not_told_of_any_more_but_that_they_are(shop, listen):
    here = listen()
    tell(shop, "books", here.url)
    buy(shop)
    with shop.unit() as unit:
        unit.customers.erase([1])
    assert send(shop) == {"sent": 1}
    assert [(e["type"], e["data"]) for e in here.bodies] == [("customer.erased", {"id": 1})]
    assert states(shop) == ["sent", "suppressed"]
    with shop.unit() as unit:
        assert webhook.replay_span(unit, unit.now - timedelta(days=1)) == 1


def test_erasure_stops_what_a_worker_has_in_hand_from_going_again(shop, listen):
    from crmkit.plugins.collaborative.webhook.posting import Answer

    tell(shop, "books", listen().url)
    buy(shop)
    with shop.unit() as unit:
        (lane,) = actions.claim(unit, "w", (), lanes=1, most=1)
    with shop.unit() as unit:
        unit.customers.erase([1])
    with shop.unit() as unit:
        actions.record(unit, lane, [Answer(status=500, was_sent=True)])
    assert "suppressed" in states(shop)


def test_the_doctor_says_that_nobody_sends_and_what_fails(shop, listen, clock):
    def warnings():
        with shop.unit(write=False) as unit:
            return [each.text for each in calls.diagnose(unit) if each.level == "warn"]

    here = listen(reply(500))
    tell(shop, "books", here.url)
    buy(shop)
    assert warnings() == []
    clock.now += timedelta(hours=2)
    assert [each[:17] for each in warnings()] == ["events wait since"]
    send(shop)
    assert [each[:17] for each in warnings()] == ["books fails since"]


def test_a_name_that_is_taken_is_refused(shop):
    tell(shop, "books", "https://books.example/")
    for name in ("books", "Books", "", "a" * 64, "a b"):
        with pytest.raises(InvalidValueError, match="name"):
            tell(shop, name, "https://books.example/")
