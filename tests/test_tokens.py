import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit import InvalidTokenError, tokens

SECRET = b"a secret"


def test_a_token_is_an_hmac_of_its_use_and_what_it_says_and_that():
    signature = hmac.digest(SECRET, b"leave\0" + b"7.news", hashlib.sha256)[:16]
    expected = base64.urlsafe_b64encode(signature + b"7.news").rstrip(b"=").decode()
    assert tokens.sign(SECRET, "leave", "7.news") == expected


@given(st.text(max_size=200))
def test_what_is_signed_can_be_read(told):
    assert tokens.read(SECRET, "leave", tokens.sign(SECRET, "leave", told)) == told


@given(st.data())
def test_a_token_with_another_letter_anywhere_is_none(data):
    token = tokens.sign(SECRET, "leave", "7.news")
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters().filter(lambda each: each != token[place]))
    with pytest.raises(InvalidTokenError):
        tokens.read(SECRET, "leave", token[:place] + other + token[place + 1 :])


@pytest.mark.parametrize("wrong", ["", "A", "ä", "====", "A" * 10_000, "\0", "\ud800"])
def test_junk_is_none(wrong):
    with pytest.raises(InvalidTokenError, match="not made here"):
        tokens.read(SECRET, "leave", wrong)


def test_another_use_or_secret_is_another_token():
    token = tokens.sign(SECRET, "leave", "7.news")
    for secret, use in ((SECRET, "enter"), (b"another", "leave")):
        with pytest.raises(InvalidTokenError):
            tokens.read(secret, use, token)


def test_an_empty_secret_proves_nothing():
    with pytest.raises(InvalidTokenError):
        tokens.read(b"", "leave", tokens.sign(b"", "leave", "7.news"))
