from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.plugins.foundation.policy import QuietHours
from crmkit.plugins.foundation.policy.quiet import is_quiet, next_allowed

ZONES = [
    "Europe/Warsaw",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Pacific/Kiritimati",
]
hours = st.builds(time, st.integers(0, 23), st.sampled_from([0, 30]))
CHANGES = [
    datetime(2026, 3, 29, 1, tzinfo=UTC),  # Warsaw, forward
    datetime(2026, 10, 25, 1, tzinfo=UTC),  # Warsaw, back
    datetime(2026, 11, 1, 6, tzinfo=UTC),  # New York, back
    datetime(2026, 4, 4, 15, tzinfo=UTC),  # Lord Howe, half an hour back
    datetime(2026, 3, 8, 5, 30, tzinfo=UTC),  # St John's, forward
]
instants = st.one_of(
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),
    st.builds(
        lambda change, minutes: change + timedelta(minutes=minutes),
        st.sampled_from(CHANGES),
        st.integers(-24 * 60, 120),
    ),
)
quiet_hours = st.builds(
    QuietHours,
    since=hours,
    until=hours,
    unknown_zone=st.lists(st.sampled_from(ZONES[:2]), min_size=1, max_size=2).map(tuple),
).filter(lambda quiet: quiet.since != quiet.until)


def minutes(clock):
    return clock.hour * 60 + clock.minute


@settings(deadline=None)
@given(quiet_hours, st.sampled_from(ZONES), instants)
def test_the_next_allowed_moment_is_at_once_or_when_the_quiet_hours_end(quiet, zone, at):
    allowed = next_allowed(quiet, zone, at)
    assert not is_quiet(quiet, zone, allowed)
    if not is_quiet(quiet, zone, at):
        assert allowed == at
        return
    assert at < allowed < at + timedelta(hours=26)
    late = minutes(allowed.astimezone(ZoneInfo(zone)).time()) - minutes(quiet.until)
    assert late % 1440 in (0, 30, 60)  # late only where summer time skipped the end
    between = (allowed - at) * 0.99
    assert is_quiet(quiet, zone, at + between) or late


@settings(deadline=None)
@given(quiet_hours, st.sampled_from(ZONES), instants)
def test_quiet_is_what_the_wall_clock_says(quiet, zone, at):
    clock = minutes(at.astimezone(ZoneInfo(zone)).time())
    since, until = minutes(quiet.since), minutes(quiet.until)
    expected = (clock - since) % 1440 < (until - since) % 1440
    assert is_quiet(quiet, zone, at) == expected


@settings(deadline=None)
@given(quiet_hours, instants)
def test_an_unknown_zone_is_quiet_when_any_of_the_configured_ones_is(quiet, at):
    assert is_quiet(quiet, "", at) == any(is_quiet(quiet, z, at) for z in quiet.unknown_zone)
    allowed = next_allowed(quiet, "", at)
    assert allowed >= at
    assert not is_quiet(quiet, "", allowed) or allowed == at


def test_no_hour_of_a_day_of_a_clock_change_escapes():
    quiet = QuietHours(since=time(21), until=time(8), unknown_zone=("Europe/Warsaw",))
    for day in (datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)):
        for quarter in range(24 * 4):
            at = day + timedelta(minutes=15 * quarter)
            hour = at.astimezone(ZoneInfo("Europe/Warsaw")).hour
            assert is_quiet(quiet, "Europe/Warsaw", at) == (hour >= 21 or hour < 8)


def test_quiet_hours_that_end_in_the_hour_that_does_not_exist_end_as_much_later():
    quiet = QuietHours(since=time(0), until=time(2, 30), unknown_zone=("Europe/Warsaw",))
    at = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    assert next_allowed(quiet, "Europe/Warsaw", at) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_quiet_hours_that_end_in_the_hour_that_comes_twice_end_both_times():
    quiet = QuietHours(since=time(22), until=time(2, 30), unknown_zone=("Europe/Warsaw",))
    second_ten_past_two = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)
    assert is_quiet(quiet, "Europe/Warsaw", second_ten_past_two)
    allowed = next_allowed(quiet, "Europe/Warsaw", second_ten_past_two)
    assert allowed == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_every_zone_keeps_quiet_by_its_own_clock_on_the_days_it_changes():
    quiet = QuietHours(since=time(21), until=time(8), unknown_zone=("Europe/London",))
    days = [datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 3, 29, tzinfo=UTC)]
    days += [datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)]
    zones = sorted(available_timezones())
    assert len(zones) >= 400
    for zone in zones:
        for at in (day + timedelta(hours=hour) for day in days for hour in range(24)):
            offset = at.astimezone(ZoneInfo(zone)).utcoffset()
            clock = (at + offset).hour
            assert is_quiet(quiet, zone, at) == (clock >= 21 or clock < 8)
