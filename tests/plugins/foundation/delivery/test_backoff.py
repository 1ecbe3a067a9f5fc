from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.plugins.foundation.delivery.backoff import wait_seconds
from crmkit.plugins.foundation.delivery.config import Settings

SETTINGS = Settings(first_retry_seconds=60, longest_retry_seconds=3600)


@given(key=st.text(), attempt=st.integers(min_value=1, max_value=10_000))
@settings(max_examples=50)
def test_it_doubles_up_to_the_limit_within_a_quarter(key, attempt):
    plain = min(60 * 2 ** (attempt - 1), 3600)
    assert 0.75 * plain <= wait_seconds(key, attempt, SETTINGS) <= 1.25 * plain


def test_the_same_message_waits_the_same_and_others_wait_otherwise():
    waits = {wait_seconds(str(n), 1, SETTINGS) for n in range(100)}
    assert len(waits) == 100
    assert wait_seconds("7", 1, SETTINGS) in waits
