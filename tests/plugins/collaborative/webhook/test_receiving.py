"""Messages in: whoever forges, repeats, mangles or floods, what is stored is right and once."""

import asyncio
import io
import json
import logging
import random
import threading
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmkit import Customer, Identity
from crmkit.core import calls
from crmkit.plugins.collaborative import webhook
from crmkit.plugins.collaborative.webhook.signing import key_of, sign
from tests.plugins.collaborative.webhook.conftest import tell


def event(number=1, kind="purchase.order", **data):
    extra = {name: data.pop(name) for name in ("subject", "sequence", "hops") if name in data}
    given = {
        "customer": {"identities": ["shop:42"]},
        "amount": {"amount_minor": 1990, "currency": "EUR"},
    }
    return {
        "specversion": "1.0",
        "id": f"order {number}",
        "source": "/till",
        "type": kind,
        "time": "2026-01-05T12:00:00Z",
        "data": given | data,
        **extra,
    }


def body_of(document):
    return document if isinstance(document, bytes) else json.dumps(document).encode()


def signed(crm, body, message_id="msg_1", secret=None, stamp=None):
    stamp = int(crm.clock().timestamp()) if stamp is None else stamp
    return {
        "content-type": "application/cloudevents+json",
        "webhook-id": message_id,
        "webhook-timestamp": str(stamp),
        "webhook-signature": sign([key_of(secret or crm.secret)], message_id, stamp, body),
    }


def by_wsgi(crm, headers, body, name="till", method="POST", length=None, **environ):
    given = {f"HTTP_{key.upper().replace('-', '_')}": value for key, value in headers.items()}
    given |= {
        "REQUEST_METHOD": method,
        "CONTENT_LENGTH": str(len(body) if length is None else length),
    }
    given |= {"CONTENT_TYPE": headers.get("content-type", ""), "wsgi.input": io.BytesIO(body)}
    answered = []
    out = b"".join(webhook.wsgi(crm, name)(given | environ, lambda *told: answered.append(told)))
    assert out == b""
    return int(answered[0][0].split()[0])


def by_asgi(crm, headers, body, name="till", method="POST", **scope):
    pairs = [(key.encode(), value.encode("latin-1")) for key, value in headers.items()]
    pieces = [body[:7], body[7:]]
    told = []

    async def receive():
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    async def send(message):
        told.append(message)

    given = {"type": "http", "method": method, "headers": pairs, "path": "/", **scope}
    asyncio.run(webhook.asgi(crm, name)(given, receive, send))
    assert told[1]["body"] == b""
    return told[0]["status"]


DOORS = pytest.mark.parametrize("send", [by_wsgi, by_asgi])


def give(crm, document, message_id="msg_1", send=by_wsgi, **options):
    body = body_of(document)
    return send(crm, signed(crm, body, message_id, **options), body)


def stored(crm):
    with crm.unit(write=False) as unit:
        return list(reversed(unit.interactions.timeline(1, size=20_000)))


def inbox(crm, name="till"):
    with crm.unit(write=False) as unit:
        return webhook.received(unit, receiver_id=webhook.named(unit, name).id)


@DOORS
def test_a_right_message_becomes_an_interaction(till, send):
    assert give(till, event(text="two lamps", channel="shop"), send=send) == 204
    (found,) = stored(till)
    assert (found.kind, str(found.amount), found.text) == (
        "purchase.order",
        "19.90 EUR",
        "two lamps",
    )
    assert (found.source, found.at.isoformat()) == ("webhook:till", "2026-01-05T12:00:00+00:00")
    assert [each.state for each in inbox(till)] == ["accepted"]


def test_a_batch_is_written_whole_or_not_at_all(till):
    assert give(till, [event(1), event(2)]) == 204
    assert give(till, [event(3), event(4, kind="no.such_kind")], "msg_2") == 422
    assert len(stored(till)) == 2
    assert [each.message_id for each in inbox(till)] == ["msg_1"]


@DOORS
@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_d16_without_a_header_it_is_401(till, send, missing):
    body = body_of(event())
    headers = signed(till, body)
    del headers[missing]
    assert send(till, headers, body) == 401
    assert stored(till) == []


@DOORS
@pytest.mark.parametrize(
    "change",
    [
        {"webhook-timestamp": "nan"}, {"webhook-signature": "v1,é"}, {"webhook-signature": "v1"},
        {"webhook-signature": "v1a,AAAA"}, {"webhook-signature": "v1,a,b"},
    ],
)  # fmt: skip
def test_d17_d18_d21_odd_headers_are_401_at_every_door(till, send, change):
    body = body_of(event())
    assert send(till, signed(till, body) | change, body) == 401


@DOORS
def test_d17_old_messages_are_401(till, send):
    now = int(till.clock().timestamp())
    for off in (-301, 301):
        assert give(till, event(), send=send, stamp=now + off) == 401


@DOORS
def test_d19_an_id_with_a_dot_is_400(till, send):
    assert give(till, event(), "msg.1", send=send) == 400


def test_d20_secrets_of_others_are_401(till, make_crm, listen):
    other = tell(till, "other", "")
    out = tell(till, "books", "https://books.example/")
    assert give(till, event(), secret=other) == 401
    assert give(till, event(), secret=out) == 401
    assert give(till, event(), secret=webhook.new_secret()) == 401
    body = body_of(event())
    for name in ("books", "nobody"):
        assert by_wsgi(till, signed(till, body, secret=out), body, name=name) == 401
    assert stored(till) == []


def test_d20_a_rotated_secret_holds_for_the_overlap_and_no_longer(till, clock):
    receiver = webhook.Receiver(till, "till")
    body = body_of(event())

    def ask(secret):
        return receiver.take(signed(till, body, secret=secret), body)

    assert ask(till.secret) == 204
    with till.unit() as unit:
        new = webhook.rotate(unit, "till", overlap_hours=1)
    clock.now += timedelta(seconds=11)
    assert (ask(till.secret), ask(new)) == (204, 204)
    clock.now += timedelta(hours=1, seconds=11)
    assert (ask(till.secret), ask(new)) == (401, 204)


@pytest.mark.parametrize("send", [by_wsgi, by_asgi])
def test_d22_the_same_message_twenty_times_at_once_has_one_effect(till, send):
    body = body_of(event())
    headers, answers = signed(till, body), []
    doors = threading.Barrier(20)

    def work():
        doors.wait()
        answers.append(send(till, headers, body))

    threads = [threading.Thread(target=work) for _ in range(20)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert answers == [204] * 20
    assert len(stored(till)) == len(inbox(till)) == 1


@DOORS
def test_d23_the_same_id_with_another_body_is_409_and_an_alarm(till, send, caplog):
    assert give(till, event(1), send=send) == 204
    with caplog.at_level(logging.WARNING, "crmkit.webhook"):
        assert give(till, event(2), send=send) == 409
    assert "came again, changed" in caplog.text
    assert [each.conflicts for each in inbox(till)] == [1]
    assert len(stored(till)) == 1
    with till.unit(write=False) as unit:
        told = [each.text for each in calls.diagnose(unit)]
    assert any("came again with another body" in each for each in told)


@DOORS
@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe", b"\xef\xbb\xbf{}", b"not json", b"", b"[" * 100_000, b'{"a":' * 40_000,
        b'{"a":1,"a":2}', b'{"a":NaN}', b'{"a":1e999}', b'{"a":Infinity}', b"1" * 5000,
        b'{"a":"\\ud800"', b"{}{}",
    ],
)  # fmt: skip
def test_d24_d25_signed_nonsense_is_400(till, send, body):
    assert give(till, body, send=send) == 400
    assert inbox(till) == []


@DOORS
def test_d24_a_body_written_anew_is_401(till, send):
    body = body_of(event())
    headers = signed(till, body)
    for other in (body + b"\n", json.dumps(json.loads(body), indent=1).encode()):
        assert send(till, headers, other) == 401


@DOORS
def test_d25_five_megabytes_are_refused_before_they_are_read_whole(till, send):
    assert give(till, b"[" + b" " * 5_000_000 + b"]", send=send) == 413


@DOORS
@pytest.mark.parametrize(
    "document",
    [
        {}, [], 1, "a", None, [1], event(kind="no.such"), event(extra=1), event(payload=[]),
        event(amount={"amount_minor": 1.5, "currency": "EUR"}), event(amount="19.90"),
        event(amount={"amount_minor": 1, "currency": "XXX"}), event(direction="sideways"),
        event(customer={}), event(customer={"id": 1}), event(payload={"unknown": 1}),
        event(text="a\x00b"), event(sequence=-1, subject="a"), event(hops="x"), event(machine=1),
        event(lines=[{"sku": 1}]), event(channel=5), event() | {"time": "yesterday"},
        event() | {"time": "2026-01-05T12:00:00"}, event() | {"specversion": "0.3"},
        event() | {"id": ""}, event() | {"type": 5},
        event(amount={"amount_minor": -5, "currency": "EUR"}),
    ],
)  # fmt: skip
def test_what_is_signed_but_does_not_fit_is_422(till, send, document):
    assert give(till, document, send=send) == 422
    assert (stored(till), inbox(till)) == ([], [])


def test_d26_what_newer_events_have_overtaken_is_ignored_and_logged(till, caplog):
    def say(number, sequence, kind="purchase.order"):
        with caplog.at_level(logging.WARNING, "crmkit.webhook"):
            document = event(number, kind, subject="order/7", sequence=sequence)
            assert give(till, document, f"msg_{number}") == 204

    say(1, 5)
    say(2, 4)
    say(3, 5)
    say(4, 6)
    assert len(stored(till)) == 2
    assert [each.state for each in inbox(till)] == ["accepted", "ignored", "ignored", "accepted"]
    assert "newer ones have overtaken" in caplog.text


def test_d26_an_update_after_the_deletion_is_ignored(make_crm):
    from crmkit import InteractionKind, Plugin, hookimpl

    class Hooks:
        @hookimpl
        def crmkit_interaction_kinds():
            yield InteractionKind(name="parcel.moved", summary="A parcel moved.")
            yield InteractionKind(name="parcel.deleted", summary="A parcel is no more.")

    parcels = Plugin(name="parcels", summary="Parcels.", hooks=Hooks)
    crm = make_crm("webhook", parcels)
    with crm.unit() as unit:
        unit.customers.add(Customer(name="Ana", identities=(Identity("shop", "42"),)))
    crm.secret = tell(crm, "till", "")
    for number, kind in enumerate(("parcel.moved", "parcel.deleted", "parcel.moved")):
        document = event(number, kind, subject="parcel/1", sequence=number, amount=None)
        assert give(crm, document, f"m{number}") == 204
    assert [each.kind for each in stored(crm)] == ["parcel.moved", "parcel.deleted"]


def test_d27_unknown_people_and_other_receivers_change_nothing(till):
    other = tell(till, "other", "")
    assert give(till, event(1, subject="order/7", sequence=9)) == 204
    unknown = event(2, customer={"identities": ["shop:999"]})
    assert give(till, unknown, "msg_2") == 204
    assert inbox(till)[0].detail == "a customer nobody knows"
    body = body_of(event(3, subject="order/7", sequence=1))
    assert by_wsgi(till, signed(till, body, secret=other), body, name="other") == 204
    assert len(stored(till)) == 2


def test_d28_an_unsigned_callback_is_401(till):
    body = body_of(event())
    assert by_wsgi(till, {"content-type": "application/json"}, body) == 401
    assert stored(till) == []


@DOORS
def test_d29_what_a_proxy_does_to_host_and_path_does_not_matter(till, send):
    """Nothing but id, time and body is signed: which URL a proxy makes of it changes nothing."""
    body = body_of(event())
    moved = {"host": "inner:8080", "x-forwarded-host": "evil.example", "x-forwarded-proto": "http"}
    where = (
        {"PATH_INFO": "/other", "SCRIPT_NAME": "/mounted", "QUERY_STRING": "a=b"}
        if send is by_wsgi
        else {"path": "/other", "root_path": "/mounted", "query_string": b"a=b"}
    )
    assert send(till, signed(till, body) | moved, body, **where) == 204


def test_d30_a_flood_of_forgeries_touches_no_database(till, monkeypatch):
    receiver = webhook.Receiver(till, "till")
    body = body_of(event())
    headers = signed(till, body)
    assert receiver.take(headers, body) == 204

    def unit(**_):
        raise AssertionError("a forgery came as far as the database")

    monkeypatch.setattr(till, "unit", unit)
    forged = headers | {"webhook-signature": "v1," + "A" * 44}
    assert {receiver.take(forged, body) for _ in range(1000)} == {401}


def test_d31_two_crms_that_tell_each_other_stop(till, listen, clock):
    """Our own events are taken in by ourselves as well: the worst loop there is."""
    here = listen()
    tell(till, "echo", here.url, kinds=["purchase.*"])
    assert give(till, event()) == 204
    seen = 0
    for turn in range(20):
        webhook.send_due(till)
        for headers, body in here.requests[seen:]:
            sent = {k: v for k, v in headers.items() if k.startswith("content-type")}
            again = json.loads(body)
            again["id"] = f"{again['id']}-{turn}"
            give(till, again, f"echo_{turn}_{seen}")
            seen += 1
            assert sent
    assert [each["hops"] for each in here.bodies] == [1, 2, 3]


@pytest.mark.parametrize(
    ("method", "content_type", "status"),
    [("GET", "application/json", 405), ("POST", "text/plain", 415), ("POST", "", 415)],
)
@DOORS
def test_other_methods_and_types_are_refused(till, send, method, content_type, status):
    body = body_of(event())
    headers = signed(till, body) | {"content-type": content_type}
    assert send(till, headers, body, method=method) == status


def test_a_length_that_is_missing_or_a_lie_is_refused(till):
    body = body_of(event())
    assert by_wsgi(till, signed(till, body), body, length="") == 411
    assert by_wsgi(till, signed(till, body), body, length="-1") == 411
    assert by_wsgi(till, signed(till, body), body, length=len(body) + 1) == 400


@DOORS
def test_an_encoded_body_is_refused(till, send):
    body = body_of(event())
    assert send(till, signed(till, body) | {"content-encoding": "gzip"}, body) == 400


def test_a_database_that_is_away_is_503_so_that_it_comes_again(till, monkeypatch):
    from crmkit import DatabaseBusyError

    def unit(**_):
        raise DatabaseBusyError("locked")

    monkeypatch.setattr(till, "unit", unit)
    assert give(till, event()) == 503


def test_a_header_twice_is_not_chosen_from(till):
    body = body_of(event())
    pairs = [(k.encode(), v.encode()) for k, v in signed(till, body).items()]
    pairs.append((b"webhook-signature", b"v1,AAAA"))
    told = []

    async def receive():
        return {"type": "http.request", "body": body}

    async def send(message):
        told.append(message)

    scope = {"type": "http", "method": "POST", "headers": pairs}
    asyncio.run(webhook.asgi(till, "till")(scope, receive, send))
    assert told[0]["status"] == 401


def test_only_the_kinds_of_the_receiver_are_taken(shop):
    shop.secret = tell(shop, "till", "", kinds=["purchase.return"])
    assert give(shop, event()) == 204
    assert (stored(shop), inbox(shop)[0].state) == ([], "ignored")


def test_r32_shuffled_and_repeated_events_end_in_the_same_state(till):
    events = [event(number) for number in range(200)] * 3
    random.Random(7).shuffle(events)
    for start in range(0, 600, 50):
        assert give(till, events[start : start + 50], f"msg_{start}") == 204
    assert len(stored(till)) == 200


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.one_of(
        st.binary(max_size=60),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.integers(),
            lambda each: (
                st.lists(each, max_size=3)
                | st.dictionaries(
                    st.sampled_from([*event(), *event()["data"], "x"]), each, max_size=5
                )
            ),
            max_leaves=10,
        ).map(lambda each: json.dumps(each).encode()),
    )
)
def test_r29_whatever_is_signed_is_never_a_500(till, body):
    receiver = webhook.Receiver(till, "till")
    assert receiver.take(signed(till, body), body) in (400, 422)
