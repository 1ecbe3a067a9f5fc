"""Business time against counting minutes, across every change of the clocks."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit import InvalidValueError
from crmkit.plugins.operational.service.calendars import (
    Calendar,
    Hours,
    always,
    exceptions_of,
    spans,
    week_of,
)

MINUTE = timedelta(minutes=1)
OFFICE = week_of(dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-12:00, 13:00-17:00"))
ZONES = (
    "UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Asia/Kathmandu",
    "Australia/Lord_Howe", "Pacific/Apia", "Africa/Cairo", "America/Santiago",
)  # fmt: skip


def hours(calendar):
    return Hours(calendar, date(2026, 1, 1), date(2026, 1, 10))


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


def test_an_office_week_by_hand():
    found = hours(Calendar("office", "UTC", OFFICE))
    friday = utc(2026, 1, 9, 16)
    assert found.between(friday, utc(2026, 1, 12, 10)) == timedelta(hours=2)
    assert found.after(friday, timedelta(hours=1)) == utc(2026, 1, 9, 17)
    assert found.after(friday, timedelta(hours=2)) == utc(2026, 1, 12, 10)
    assert found.after(utc(2026, 1, 10, 3), timedelta(minutes=1)) == utc(2026, 1, 12, 9, 1)
    assert found.is_open(friday)
    assert not found.is_open(utc(2026, 1, 9, 12, 30))
    assert not found.is_open(utc(2026, 1, 9, 17))


def test_a_holiday_and_a_short_day():
    days = exceptions_of([("2026-01-06", ""), ("2026-01-07", "09:00-10:00")])
    found = hours(Calendar("office", "UTC", OFFICE, days))
    assert found.between(utc(2026, 1, 5, 17), utc(2026, 1, 8, 9)) == timedelta(hours=1)
    assert found.after(utc(2026, 1, 5, 16), timedelta(hours=3)) == utc(2026, 1, 8, 10)


@pytest.mark.parametrize(
    ("day", "worked"),
    [(date(2026, 3, 28), 24), (date(2026, 3, 29), 23), (date(2026, 10, 25), 25)],
)
def test_a_day_has_as_many_hours_as_pass(day, worked):
    zone = ZoneInfo("Europe/Berlin")
    found = hours(Calendar("day and night", "Europe/Berlin", always("x").week))
    begin = datetime(day.year, day.month, day.day, tzinfo=zone)
    next_day = day + timedelta(days=1)
    end = datetime(next_day.year, next_day.month, next_day.day, tzinfo=zone)
    assert found.between(begin, end) == timedelta(hours=worked)


def test_a_night_shift_when_the_clocks_go_back():
    night = week_of({"sun": "01:00-02:30"})
    found = hours(Calendar("night", "Europe/Berlin", night))
    # 01:00 to 02:30 CEST, then 02:00 to 02:30 CET once more.
    whole = found.between(utc(2026, 10, 24, 12), utc(2026, 10, 25, 12))
    assert whole == timedelta(hours=2)


def test_hours_that_do_not_exist_do_not_count():
    found = hours(Calendar("night", "Europe/Berlin", week_of({"sun": "02:00-03:00"})))
    assert found.between(utc(2026, 3, 28, 12), utc(2026, 3, 29, 12)) == timedelta(0)


def test_a_day_that_never_was():
    # Samoa went from 29 to 31 December 2011.
    found = Hours(
        Calendar("x", "Pacific/Apia", always("x").week), date(2011, 12, 28), date(2012, 1, 2)
    )
    assert found.between(utc(2011, 12, 28), utc(2012, 1, 2)) == timedelta(days=5)


def test_nobody_ever_works():
    found = hours(Calendar("never", "UTC", ((),) * 7))
    assert found.after(utc(2026, 1, 5), MINUTE) is None
    assert found.between(utc(2026, 1, 5), utc(2027, 1, 5)) == timedelta(0)


@pytest.mark.parametrize(
    "text", ["9-17", "09:00-08:00", "09:00-12:00, 11:00-13:00", "25:00-26:00", "09:60-10:00", "-"]
)
def test_hours_that_cannot_be(text):
    with pytest.raises(InvalidValueError, match="hours"):
        spans(text)


def test_days_that_cannot_be():
    with pytest.raises(InvalidValueError, match="one of mon, tue"):
        week_of({"monday": "09:00-10:00"})
    with pytest.raises(InvalidValueError, match="such as 2026-12-24"):
        exceptions_of([("24.12.2026", "")])


minutes_of_day = st.integers(0, 24 * 60)
day_spans = st.lists(minutes_of_day, min_size=0, max_size=4, unique=True).map(
    lambda ends: tuple(zip(sorted(ends)[::2], sorted(ends)[1::2], strict=False))
)
calendars = st.builds(
    Calendar,
    st.just("x"),
    st.sampled_from(ZONES),
    st.tuples(*[day_spans] * 7),
    st.dictionaries(st.dates(date(2026, 1, 1), date(2026, 12, 31)), day_spans, max_size=5),
)
instants = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 30), timezones=st.just(UTC)).map(
    lambda at: at.replace(second=0, microsecond=0)
)


def counted(calendar, since, until):
    """Open minutes one by one, as a clock on the wall would show them."""
    zone, found, at = ZoneInfo(calendar.time_zone), 0, since
    while at < until:
        wall = at.astimezone(zone)
        minute = wall.hour * 60 + wall.minute
        found += any(b <= minute < e for b, e in calendar.open_on(wall.date()))
        at += MINUTE
    return found * MINUTE


@settings(max_examples=60, deadline=None)
@given(calendars, instants, st.integers(0, 3 * 24 * 60))
def test_it_is_what_counting_minutes_gives(calendar, since, length):
    until = since + length * MINUTE
    assert hours(calendar).between(since, until) == counted(calendar, since, until)


CHANGES = [
    (zone, at)
    for zone, at in [
        ("Europe/Berlin", utc(2026, 3, 29, 1)),
        ("Europe/Berlin", utc(2026, 10, 25, 1)),
        ("America/New_York", utc(2026, 3, 8, 7)),
        ("America/New_York", utc(2026, 11, 1, 6)),
        ("Australia/Lord_Howe", utc(2026, 4, 4, 15)),
        ("Australia/Lord_Howe", utc(2026, 10, 3, 15, 30)),
        ("Africa/Cairo", utc(2026, 4, 23, 22)),
        ("Africa/Cairo", utc(2026, 10, 29, 21)),
        ("America/Santiago", utc(2026, 9, 6, 4)),
        ("America/Santiago", utc(2026, 4, 5, 3)),
    ]
]


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(CHANGES), st.tuples(*[day_spans] * 7), st.integers(0, 40), st.integers(0, 40)
)
def test_so_it_is_where_the_clocks_change(change, week, before, after):
    zone, at = change
    calendar = Calendar("x", zone, week)
    since, until = at - before * timedelta(hours=1), at + after * timedelta(minutes=53)
    assert hours(calendar).between(since, until) == counted(calendar, since, until)


@given(calendars, instants, st.integers(0, 10**5), st.integers(0, 10**5))
def test_time_adds_up(calendar, since, one, other):
    middle, end = since + one * MINUTE, since + (one + other) * MINUTE
    found = hours(calendar)
    assert found.between(since, middle) + found.between(middle, end) == found.between(since, end)
    assert timedelta(0) <= found.between(since, middle) <= middle - since


@given(calendars, instants, st.integers(1, 10**5))
def test_due_is_the_first_instant_by_which_that_much_has_passed(calendar, since, amount):
    found = hours(calendar)
    due = found.after(since, amount * MINUTE)
    if due is None:
        assert not any(calendar.week)
    else:
        assert found.between(since, due) == amount * MINUTE
        assert found.between(since, due - timedelta(microseconds=1)) < amount * MINUTE
