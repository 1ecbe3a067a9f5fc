from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crmkit.plugins.foundation.consent.model import BEYOND_OBJECTION, Event
from crmkit.plugins.foundation.consent.standing import refusal, standings

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
PURPOSES = ["news", "care"]
CHANNELS = ["email", "sms"]
MARKETING = ["consent", "legitimate_interest", "public_task"]


def event(n, state, **changes):
    fields = {
        "id": n,
        "customer_id": 1,
        "purpose": "*",
        "channel": "*",
        "state": state,
        "basis": "",
        "evidence": "said so",
        "text_hash": "",
        "source": "test",
        "at": START + timedelta(minutes=n),
        "recorded_at": START,
        "recorded_by": "test",
        "expires_at": None,
        "after_objection": False,
    }
    return Event(**fields | changes)


grants = st.fixed_dictionaries(
    {
        "state": st.just("granted"),
        "purpose": st.sampled_from(PURPOSES),
        "channel": st.sampled_from([*CHANNELS, "*"]),
        "basis": st.sampled_from(MARKETING),
    }
)
withdrawals = st.fixed_dictionaries(
    {
        "state": st.just("withdrawn"),
        "purpose": st.sampled_from([*PURPOSES, "*"]),
        "channel": st.sampled_from([*CHANNELS, "*"]),
    }
)
objections = st.just({"state": "objected"})
anything = st.lists(st.one_of(grants, withdrawals, objections), max_size=12)


def numbered(*steps):
    return [event(n, **step) for n, step in enumerate(steps)]


@given(anything, anything, st.sampled_from(PURPOSES), st.sampled_from(CHANNELS))
def test_nothing_recorded_around_an_objection_makes_marketing_allowed(
    before, after, purpose, channel
):
    events = numbered(*before, {"state": "objected"}, *after)
    now = events[-1].at
    assert refusal(events, purpose, channel, now) != ""
    assert "granted" not in {each.state for each in standings(events, now)}


@given(anything, anything, st.sampled_from(PURPOSES), st.sampled_from(CHANNELS))
def test_the_documented_way_past_an_objection_opens_one_purpose_and_channel(
    before, between, purpose, channel
):
    taken_back = {
        "state": "granted",
        "purpose": "news",
        "channel": "email",
        "basis": "consent",
        "after_objection": True,
    }
    events = numbered(*before, {"state": "objected"}, *between, taken_back)
    allowed = refusal(events, purpose, channel, events[-1].at) == ""
    assert allowed == ((purpose, channel) == ("news", "email"))


@given(anything, st.sampled_from(BEYOND_OBJECTION))
def test_what_rests_on_a_contract_or_the_law_is_not_reached_by_an_objection(before, basis):
    owed = {"state": "granted", "purpose": "order", "channel": "email", "basis": basis}
    events = numbered(*before, owed, {"state": "objected"})
    assert refusal(events, "order", "email", events[-1].at) == ""


@given(anything, st.sampled_from(PURPOSES), st.sampled_from(CHANNELS))
def test_without_objection_the_last_word_on_purpose_and_channel_counts(steps, purpose, channel):
    events = [each for each in numbered(*steps) if each.state != "objected"]
    said = [
        each.state
        for each in events
        if each.purpose in (purpose, "*") and each.channel in (channel, "*")
    ]
    allowed = refusal(events, purpose, channel, START + timedelta(days=1)) == ""
    assert allowed == (said[-1:] == ["granted"])
