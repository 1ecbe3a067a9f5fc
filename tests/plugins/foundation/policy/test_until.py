"""When an objection of the policy would no longer hold."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from crmkit import (
    Contact,
    Customer,
    Interaction,
    InteractionKind,
    InvalidValueError,
    Objection,
    Plugin,
    ask,
    hookimpl,
)
from crmkit.plugins.foundation import policy

POLICY = """
name = "shop"
currency = "EUR"
holdout_share = 0.1
offer_window_days = 30
[purposes.news]
summary = "What is new."
kind = "marketing"
lawful_bases = ["consent"]
channels = ["email"]
"""
QUIET = """
[quiet_hours]
since = "21:00"
until = "08:00"
unknown_zone = ["Europe/London"]
"""
TWO_A_FORTNIGHT = "[[limits]]\nat_most = 2\ndays = 14\n"


class Sent:
    """Registers what delivery does, without delivering."""

    @hookimpl
    def crmkit_interaction_kinds(self):
        payload = attrs.make_class("SentPayload", ["purpose", "intent"])
        yield InteractionKind(name="message.sent", summary="A message left.", payload=payload)


@pytest.fixture
def crm(make_crm):
    """One customer in Warsaw."""
    crm = make_crm("policy", Plugin(name="fakes", summary="sent messages", hooks=Sent()))
    with crm.unit() as unit:
        unit.customers.add(Customer(name="Ana", time_zone="Europe/Warsaw"))
    return crm


def was_sent(unit, *moments):
    unit.interactions.add_many(
        Interaction(
            customer_id=1,
            kind="message.sent",
            at=at,
            direction="outbound",
            payload={"purpose": "news", "intent": n},
        )
        for n, at in enumerate(moments)
    )


def objections(unit, at, **changes):
    contact = Contact(customer_id=1, purpose="news", channel="email", address="a@b.org", at=at)
    return ask.may_contact(unit, [attrs.evolve(contact, **changes)]).get(0, [])


def test_quiet_hours_hold_until_their_end_by_the_recipients_clock(crm):
    with crm.unit() as unit:
        policy.adopt(unit, POLICY + QUIET)
        (quiet,) = objections(unit, datetime(2026, 1, 5, 20, 30, tzinfo=UTC))
        assert quiet.until == datetime(2026, 1, 6, 7, tzinfo=UTC)
        assert objections(unit, quiet.until) == []


@pytest.mark.parametrize(("days_ago", "frees_in"), [((13, 1), 1), ((13, 12, 1), 2), ((5, 5), 9)])
def test_a_limit_holds_until_enough_of_its_messages_are_out_of_the_window(
    crm, clock, days_ago, frees_in
):
    with crm.unit() as unit:
        policy.adopt(unit, POLICY + TWO_A_FORTNIGHT)
        was_sent(unit, *[clock.now - timedelta(days=each) for each in days_ago])
        (limit,) = objections(unit, clock.now)
        assert limit.until == clock.now + timedelta(days=frees_in)
        assert objections(unit, limit.until - timedelta(seconds=1)) != []
        assert objections(unit, limit.until) == []


def test_everything_that_holds_for_now_is_told(crm, clock):
    with crm.unit() as unit:
        policy.adopt(unit, POLICY + TWO_A_FORTNIGHT + QUIET)
        night = clock.now.replace(hour=22)
        was_sent(unit, night - timedelta(days=3), night - timedelta(days=2))
        quiet, limit = objections(unit, night)
    assert quiet.until == datetime(2026, 1, 6, 7, tzinfo=UTC)
    assert limit.until == night + timedelta(days=11)


def test_a_lasting_reason_names_no_end_and_is_told_alone(crm, clock):
    with crm.unit() as unit:
        (none,) = objections(unit, clock.now)
        policy.adopt(unit, POLICY + QUIET + "[[limits]]\nat_most = 0\ndays = 1\n")
        night = clock.now.replace(hour=22)
        (purpose,) = objections(unit, night, purpose="gossip")
        (channel,) = objections(unit, night, channel="sms")
        (never,) = objections(unit, clock.now)
    assert [each.until for each in (none, purpose, channel, never)] == [None] * 4
    assert never.reason == "policy 1 allows at most 0 per 1 days"


def test_an_end_without_a_time_zone_is_refused():
    with pytest.raises(InvalidValueError, match="until"):
        Objection(0, "later", until=datetime(2026, 1, 5))
