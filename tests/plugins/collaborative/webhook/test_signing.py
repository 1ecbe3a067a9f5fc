"""Signatures, against the vectors that Standard Webhooks publishes with its libraries."""

import base64
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit import InvalidValueError
from crmkit.plugins.collaborative import webhook
from crmkit.plugins.collaborative.webhook.signing import key_of, sign, verify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID, STAMP, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
RIGHT = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
WRONG = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="
NOW = datetime.fromtimestamp(STAMP, UTC)
KEY = key_of(SECRET)
HEADERS = {"webhook-id": ID, "webhook-timestamp": str(STAMP), "webhook-signature": RIGHT}


def check(body=BODY, now=NOW, keys=(KEY,), **changes):
    headers = HEADERS | {f"webhook-{name}": value for name, value in changes.items()}
    headers = {name: value for name, value in headers.items() if value is not None}
    return verify(keys, headers, body, now=now, tolerance_seconds=300)


def refused(**changes):
    with pytest.raises((webhook.BadSignatureError, webhook.BadMessageError)) as caught:
        check(**changes)
    return {webhook.BadSignatureError: 401, webhook.BadMessageError: 400}[caught.type]


def test_the_published_vector():
    assert sign([KEY], ID, STAMP, BODY) == RIGHT
    assert check() == ID


def test_one_right_signature_among_others_is_enough():
    others = f"{WRONG} {WRONG.replace('v1', 'v2')} {RIGHT} {WRONG}"
    assert check(signature=others) == ID


def test_an_instant_is_the_same_in_every_zone():
    """D: R-30, two zones."""
    assert check(now=NOW.astimezone(timezone(timedelta(hours=9)))) == ID


@pytest.mark.parametrize("name", ["id", "timestamp", "signature"])
def test_d16_each_missing_header_is_401(name):
    assert refused(**{name: None}) == 401
    assert refused(**{name: ""}) == 401


@pytest.mark.parametrize(
    "stamp",
    [
        "nan", "1e10", "-1", "+1614265330", " 1614265330 ", "1614265330.9", "01614265330",
        "١٦١٤٢٦٥٣٣٠", "9" * 5000, str(STAMP - 301), str(STAMP + 301),
    ],
)  # fmt: skip
def test_d17_a_timestamp_that_is_off_or_odd_is_401(stamp):
    signed = sign([KEY], ID, 0, BODY)
    if stamp.isascii() and stamp.isdigit() and len(stamp) < 20:
        signed = sign([KEY], ID, int(stamp), BODY)
    assert refused(timestamp=stamp, signature=signed) == 401


@pytest.mark.parametrize("off", [-300, 300])
def test_d17_the_tolerance_itself_is_accepted(off):
    stamp = STAMP + off
    assert check(timestamp=str(stamp), signature=sign([KEY], ID, stamp, BODY)) == ID


@pytest.mark.parametrize(
    "signature",
    [
        "v1", "v1,", "v1,a,b", "v1,abc", "v1,é", "v1,\udcff", "  ", "v1,\x00", WRONG,
        RIGHT.rstrip("="), f"{RIGHT},", f"{WRONG}  {WRONG}", f"{WRONG},{RIGHT}",
    ],
)  # fmt: skip
def test_d18_a_signature_that_is_none_is_401(signature):
    assert refused(signature=signature) == 401


@pytest.mark.parametrize("message_id", ["msg.1614265330", "a" * 201, "a\tb", "é", "a b"])
def test_d19_an_id_that_could_shift_what_is_signed_is_400(message_id):
    assert refused(id=message_id, signature=sign([KEY], message_id, STAMP, BODY)) == 400


def test_d19_the_dot_cannot_move_from_the_id_into_the_timestamp():
    forged = sign([KEY], "msg", STAMP, str(STAMP).encode() + b"." + BODY)
    assert refused(id=f"msg.{STAMP}", signature=forged) == 400


def test_d20_a_signature_by_another_key_or_without_any_is_401():
    other = base64.b64encode(bytes(24)).decode()
    assert refused(signature=sign([key_of(f"whsec_{other}")], ID, STAMP, BODY)) == 401
    assert refused(keys=()) == 401
    assert refused(signature=sign([b""], ID, STAMP, BODY)) == 401


@pytest.mark.parametrize("version", ["v2", "v1a", "V1", "", "v0"])
def test_d21_other_versions_do_not_count(version):
    assert refused(signature=RIGHT.replace("v1", version, 1)) == 401


@pytest.mark.parametrize(
    "body",
    [b'{"test":2432232314}', BODY + b"\n", b"\xef\xbb\xbf" + BODY, b"\xff\xfe", b""],
)
def test_d24_a_body_that_is_not_the_same_to_the_byte_is_401(body):
    assert refused(body=body) == 401


@pytest.mark.parametrize(
    "secret",
    [
        "", "whsec_", "whsec_" + "A" * 8, "whsec_" + "A" * 10_240,
        "whsec_not base64 at all!!!!!!!!", "whsk_" + base64.b64encode(bytes(32)).decode(),
        "whsec_" + base64.b64encode(bytes(23)).decode(), "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_" + base64.b64encode(bytes(65)).decode(),
    ],
)  # fmt: skip
def test_d32_a_secret_that_is_none_is_refused_and_not_shown(secret):
    with pytest.raises(InvalidValueError) as caught:
        key_of(secret)
    assert secret[6:] == "" or secret[6:] not in str(caught.value)


@given(st.binary(max_size=300), st.integers(1, 10**11))
def test_whatever_is_signed_is_verified_by_us_and_nothing_else_is(body, stamp):
    now = datetime.fromtimestamp(stamp, UTC)
    signed = sign([KEY], "evt_1", stamp, body)
    headers = {"id": "evt_1", "timestamp": str(stamp), "signature": signed}
    assert check(body, now, **headers) == "evt_1"
    assert refused(body=body + b"x", now=now, **headers) == 401


@given(st.text(max_size=80), st.text(max_size=30), st.text(max_size=60), st.binary(max_size=40))
def test_no_header_or_body_makes_it_raise_anything_else(signature, stamp, message_id, body):
    assert refused(signature=signature, timestamp=stamp, id=message_id, body=body) in (400, 401)


def test_new_secrets_are_ones_and_differ():
    made = {webhook.new_secret() for _ in range(50)}
    assert len(made) == 50
    assert {len(key_of(each)) for each in made} == {32}
