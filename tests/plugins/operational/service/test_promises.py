"""Clocks: what was promised, when it is late, what stops it, and calendars that change."""

from datetime import UTC, datetime, timedelta

import pytest

from crmkit import Interaction
from crmkit.plugins.operational import service

from .conftest import OFFICE
from .test_cases import move, opened, read, wrote

HOUR = timedelta(hours=1)


def clock_of(crm, case_id, metric="resolution"):
    with crm.unit(write=False) as unit:
        found = {each.metric: each for each in service.clocks(unit, [case_id])[case_id]}
    return found.get(metric)


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.fixture
def monday(clock):
    """10:00 in Berlin."""
    clock.now = utc(2026, 1, 5, 9)
    return clock


def test_promises_by_open_hours(desk, monday):
    found = opened(desk)
    # 2 and 16 open hours after 10:00: 12:00 today; 7 h today, 8 h on Tuesday, 1 h on Wednesday.
    assert clock_of(desk, found.id, "first_response").due_at == utc(2026, 1, 5, 11)
    assert clock_of(desk, found.id).due_at == utc(2026, 1, 7, 9)
    urgent = opened(desk, priority="urgent")
    assert clock_of(desk, urgent.id).due_at == utc(2026, 1, 5, 13)


def test_an_answer_keeps_the_promise(desk, monday):
    found = opened(desk)
    monday.move(hours=1)
    with desk.unit() as unit:
        service.reply(unit, found.id, "At once.")
    stopped = clock_of(desk, found.id, "first_response")
    assert (stopped.stopped_at, stopped.elapsed, stopped.late_at) == (monday.now, HOUR, None)
    assert clock_of(desk, found.id).stopped_at is None


def test_a_note_among_ourselves_is_no_answer(desk, monday):
    found = opened(desk)
    with desk.unit() as unit:
        service.reply(unit, found.id, "Who takes it?", internal=True)
    wrote(desk, found.id, direction="outbound", machine=True)
    assert clock_of(desk, found.id, "first_response").stopped_at is None


def test_a_late_answer_was_late(desk, monday):
    found = opened(desk)
    monday.move(hours=3)
    with desk.unit() as unit:
        service.reply(unit, found.id, "Sorry.")
    stopped = clock_of(desk, found.id, "first_response")
    assert (stopped.elapsed, stopped.late_at) == (3 * HOUR, monday.now)
    assert stopped.is_late(monday.now)


def test_the_clock_stands_still_while_we_wait(desk, monday):
    found = opened(desk)
    monday.move(hours=2)
    move(desk, found.id, status="waiting")
    stands = clock_of(desk, found.id)
    assert (stands.elapsed, stands.running_since, stands.due_at) == (2 * HOUR, None, None)
    monday.move(days=2)
    move(desk, found.id, status="open")
    # 14 hours are left on Wednesday at 12:00: 5 h, 8 h on Thursday, 1 h on Friday.
    assert clock_of(desk, found.id).due_at == utc(2026, 1, 9, 9)


def test_a_case_that_is_opened_again_goes_on(desk, monday):
    found = opened(desk)
    monday.move(hours=2)
    move(desk, found.id, status="solved")
    assert clock_of(desk, found.id).stopped_at == monday.now
    monday.move(days=1)
    wrote(desk, found.id)
    again = clock_of(desk, found.id)
    assert (again.stopped_at, again.elapsed) == (None, 2 * HOUR)
    # 14 hours are left on Tuesday at 12:00: 5 h, 8 h on Wednesday, 1 h on Thursday.
    assert again.due_at == utc(2026, 1, 8, 9)


def test_each_question_wants_its_answer(desk, monday):
    found = opened(desk)
    wrote(desk, found.id)
    assert clock_of(desk, found.id, "next_response") is None
    with desk.unit() as unit:
        service.reply(unit, found.id, "Which lamp?")
    monday.move(hours=1)
    wrote(desk, found.id)
    first = clock_of(desk, found.id, "next_response")
    assert first.due_at == monday.now + HOUR
    monday.move(minutes=10)
    wrote(desk, found.id)
    assert clock_of(desk, found.id, "next_response") == first


def test_another_priority_is_another_promise(desk, monday):
    found = opened(desk)
    monday.move(hours=1)
    move(desk, found.id, priority="urgent")
    assert clock_of(desk, found.id).due_at == utc(2026, 1, 5, 13)
    assert clock_of(desk, found.id).promise == "urgent"


def test_what_is_not_promised_any_more_stops(make_desk, monday):
    desk = make_desk(promises=[{"name": "x", "queue": "general", "resolution_minutes": 60}])
    found = opened(desk)
    move(desk, found.id, queue="billing")
    assert clock_of(desk, found.id).stopped_at == monday.now
    later = opened(desk, queue="billing")
    assert clock_of(desk, later.id) is None
    move(desk, later.id, queue="general")
    assert clock_of(desk, later.id).due_at == monday.now + HOUR


def test_who_is_late_is_handed_on_once(desk, monday):
    found = opened(desk)
    with desk.unit() as unit:
        service.reply(unit, found.id, "We look.")
    monday.now = utc(2026, 1, 6, 13)  # 12 of 16 hours have passed: not four fifths yet
    with desk.unit() as unit:
        assert service.watch(unit) == []
    monday.now = utc(2026, 1, 6, 14)
    with desk.unit() as unit:
        (warned,) = service.watch(unit)
        assert service.watch(unit) == []
    assert (warned.level, warned.escalated_to) == ("warned", "chief")
    assert (read(desk, found.id).assignee, read(desk, found.id).priority) == ("chief", "high")
    monday.now = utc(2026, 1, 7, 9)
    with desk.unit() as unit:
        (late,) = service.watch(unit)
        assert service.watch(unit) == []
    assert (late.level, late.due_at) == ("late", utc(2026, 1, 7, 9))
    assert clock_of(desk, found.id).late_at == monday.now


def test_a_priority_is_never_lowered_by_handing_on(make_desk, monday):
    promise = {"name": "x", "resolution_minutes": 1, "raise_to": "high", "escalate_to": "chief"}
    desk = make_desk(promises=[promise])
    found = opened(desk, priority="urgent")
    monday.move(hours=1)
    with desk.unit() as unit:
        service.watch(unit)
    assert read(desk, found.id).priority == "urgent"


def test_a_holiday_that_is_added_moves_running_clocks(make_desk, monday):
    desk = make_desk()
    running, waiting, done = opened(desk), opened(desk), opened(desk)
    monday.move(hours=2)
    move(desk, waiting.id, status="waiting")
    move(desk, done.id, status="solved")
    stopped = clock_of(desk, done.id)
    closed = make_desk(calendars=[OFFICE | {"days": {"2026-01-06": ""}}])
    with closed.unit() as unit:
        assert service.recompute(unit) == 1
        assert service.recompute(unit) == 0
    assert clock_of(closed, running.id).due_at == utc(2026, 1, 8, 9)
    assert clock_of(closed, waiting.id).elapsed == 2 * HOUR
    assert clock_of(closed, done.id) == stopped
    with make_desk().unit() as unit:
        assert service.recompute(unit) == 1
    assert clock_of(desk, running.id).due_at == utc(2026, 1, 7, 9)


def test_recomputing_is_the_same_in_small_parts(make_desk, monkeypatch):
    from crmkit.plugins.operational.service.actions import clocks

    desk = make_desk()
    ids = [opened(desk).id for _ in range(5)]
    monkeypatch.setattr(clocks, "CHUNK", 3)
    closed = make_desk(calendars=[OFFICE | {"days": {"2026-01-06": "", "2026-01-05": ""}}])
    with closed.unit() as unit:
        assert service.recompute(unit) == 10
    assert len({clock_of(closed, each).due_at for each in ids}) == 1


def test_promises_kept_are_counted(desk, monday):
    for late in (False, False, True):
        found = opened(desk)
        monday.move(hours=3 if late else 1)
        with desk.unit() as unit:
            service.reply(unit, found.id, "x")
    with desk.unit(write=False) as unit:
        (told,) = service.kept(unit, utc(2026, 1, 1), utc(2026, 2, 1))
    assert (told["promise"], told["metric"], told["clocks"]) == ("usual", "first_response", 3)
    assert told["kept"] == pytest.approx(2 / 3)
    # Wilson's interval of 2 of 3.
    assert (told["low"], told["high"]) == (
        pytest.approx(0.2077, abs=1e-4),
        pytest.approx(0.9385, abs=1e-4),
    )


def test_the_outlook_is_what_such_cases_took(make_desk, monday):
    desk = make_desk(promises=[{"name": "x", "resolution_minutes": 600}])
    start = monday.now
    for hours in range(1, 31):
        found = opened(desk)
        monday.move(hours=hours)
        move(desk, found.id, status="solved")
    last = opened(desk)
    few = opened(desk, queue="billing")
    monday.move(hours=5, minutes=30)
    with desk.unit(write=False) as unit:
        known, unknown = service.outlook(unit, [last.id, few.id])
    # Of 30 cases of 1 to 30 hours, 25 took longer than 5.5 hours, and 20 longer than 10.
    assert (known.chance, known.cases) == (20 / 25, 25)
    assert (unknown.chance, unknown.cases) == (None, 0)
    monday.move(hours=6)
    with desk.unit(write=False) as unit:
        assert service.outlook(unit, [last.id])[0].chance == 1
    assert start < monday.now


def test_the_cycle_watches(make_desk, monday):
    from crmkit import Turn

    desk = make_desk()
    opened(desk)
    monday.move(days=5)
    step = desk.contributed.cycle_steps["service"]
    assert "would be" in step.run(desk, Turn(as_of=monday.now, dry_run=True))
    assert step.run(desk, Turn(as_of=monday.now)) == "2 promises are newly late, 0 about to be"


def test_segments_of_who_waits(make_desk, monday):
    from crmkit.plugins.foundation import scoring

    desk = make_desk("scoring")
    opened(desk)
    move(desk, opened(desk, customer=2).id, status="solved")
    monday.move(days=5)
    with desk.unit() as unit:
        told = Interaction(customer_id=3, kind="feedback.csat", at=unit.now, payload={"score": 2})
        unit.interactions.add(told)
    monday.move(hours=1)
    with desk.unit() as unit:
        scoring.refresh_segments(unit, unit.now)
        members = {
            name: unit.connection.scalars(scoring.members(f"service.{name}")).all()
            for name in ("waiting", "late", "unhappy")
        }
    assert members == {"waiting": [1], "late": [1], "unhappy": [3]}
