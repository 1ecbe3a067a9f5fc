"""What scoring answers to the other plugins and to the command line."""

import csv
import io
import json
from datetime import timedelta

import pytest

from crmkit import CRM, ContactPoint, Customer, Interaction, Money, Ref, ask
from crmkit.plugins.foundation import scoring
from crmkit.testing import Clock


def test_a_run_explains_itself_and_an_incremental_one_the_run_it_follows(crm, people, buy, clock):
    with crm.unit() as unit:
        full = scoring.run(unit, ["spend"])[0]
    clock.move(hours=2)
    with crm.unit() as unit:
        buy(unit, people.bo, 100)
        after = scoring.run(unit, ["spend"])[0]
        asked = [Ref("score_run", after.id), Ref("score_run", full.id), Ref("score_run", 99_999)]
        found = {cause.ref: cause for cause in ask.explain(unit, asked)}
    cause = found[Ref("score_run", after.id)]
    assert cause.because == (Ref("score_run", full.id),)
    assert cause.text == (
        "incremental run of spend 1 as of 2026-01-05 11:00 UTC: "
        "1 customers scored, 1 scores changed"
    )
    assert found[Ref("score_run", full.id)].because == ()
    assert len(found) == 2


def test_the_doctor_is_told_of_scores_that_are_missing_or_old(crm, people, clock):
    def levels():
        with crm.unit(write=False) as unit:
            return [(each.level, each.text) for each in ask.diagnose(unit)]

    assert levels() == [("warn", "never run")] * 2
    with crm.unit() as unit:
        scoring.run(unit)
    assert levels() == [("ok", "full run as of 2026-01-05")] * 2
    clock.move(days=8)
    assert levels()[0] == ("warn", "the last full run looked from 2026-01-05, 8 days ago")


CONFIG = """
[crmkit]
database = "sqlite:///crm.db"
plugins = ["scoring", "rfm"]
"""


@pytest.fixture
def crmkit(cli, tmp_path):
    """The command line in a folder with customer 1, Ana, who bought something, and Bo."""
    (tmp_path / "crmkit.toml").write_text(CONFIG)
    crm = CRM.from_config(tmp_path / "crmkit.toml")
    crm.upgrade()
    with crm.unit() as unit:
        ana = Customer(name="Ana", contact_points=(ContactPoint("email", "ana@example.com"),))
        unit.customers.add_many([ana, Customer(name="Bo")])
        bought = Money.of("12.50", "EUR")
        unit.interactions.add(
            Interaction(customer_id=1, kind="purchase.order", at=Clock().now, amount=bought)
        )
    crm.close()
    return cli


def rows(result):
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_dry_run_scores_and_keeps_nothing(crmkit):
    dry = crmkit("--format", "json", "score", "run", "--dry-run")
    assert [(row["scorer"], row["customers"]) for row in rows(dry)] == [("rfm", 1)]
    assert "nothing was written" in dry.stderr
    assert rows(crmkit("--format", "json", "score", "show", "1")) == []
    assert rows(crmkit("--format", "json", "score", "list"))[0]["state"] == "never run"


def test_contributions_are_shown_so_that_they_add_up(crmkit):
    assert crmkit("score", "run", "rfm", "--full").exit_code == 0
    result = crmkit("--format", "csv", "score", "explain", "ana@example.com", "rfm")
    assert result.exit_code == 0, result.output
    shown = csv.DictReader(io.StringIO(result.stdout))
    *parts, value = [float(row["contribution"]) for row in shown]
    assert sum(parts) == value == 511.0
    (shown,) = rows(crmkit("--format", "json", "score", "show", "1"))
    assert (shown["scorer"], shown["value"], shown["label"]) == ("rfm", 511.0, "new")


def test_segments_are_listed_with_their_members_and_history(crmkit):
    crmkit("score", "run")
    listed = rows(crmkit("--format", "json", "segment", "list"))
    sizes = {row["name"]: row["customers"] for row in listed}
    assert (sizes["rfm.new"], sizes["rfm.lost"], len(sizes)) == (1, 0, 11)
    (member,) = rows(crmkit("--format", "json", "segment", "members", "rfm.new"))
    assert (member["customer_id"], member["why"]) == (1, "RFM 511")
    (stay,) = rows(crmkit("--format", "json", "segment", "history", "1"))
    assert (stay["segment"], stay["until"]) == ("rfm.new", None)
    (day,) = rows(crmkit("--format", "json", "segment", "history", "rfm.new"))
    assert (day["joined"], day["left"], day["members"]) == (1, 0, 1)
    assert rows(crmkit("--format", "json", "segment", "history", "rfm.lost")) == []
    assert crmkit("segment", "history", "rfm.lots").exit_code == 2


def test_what_is_unknown_is_not_found(crmkit):
    assert crmkit("score", "run", "rfn").exit_code == 3
    assert crmkit("segment", "members", "rfm.champion").exit_code == 3
    assert crmkit("score", "explain", "2", "rfm").exit_code == 3
    assert crmkit("score", "run", "--incremental").exit_code == 5


def test_who_joined_and_left_a_segment_day_by_day(make_crm, clock):
    from crmkit.plugins.foundation import scoring

    crm = make_crm("scoring")
    with crm.unit() as unit:
        people = unit.customers.add_many(Customer(name=name) for name in "abc")
        scoring.define_segment(unit, "own.lately", "count(purchase.order, 10 days) >= 1")
    start = clock.now.date()
    for day, buyer in ((0, people[0]), (5, people[1]), (12, None)):
        clock.now = clock.now.replace(day=start.day) + timedelta(days=day)
        with crm.unit() as unit:
            if buyer:
                bought = Interaction(
                    customer_id=buyer.id, kind="purchase.order", at=unit.now - timedelta(hours=1)
                )
                unit.interactions.add(bought)
            scoring.refresh_segments(unit, unit.now)
    with crm.unit(write=False) as unit:
        found = scoring.movements(unit, "own.lately")
    assert [((m.day - start).days, m.joined, m.left, m.members) for m in found] == [
        (0, 1, 0, 1),
        (5, 1, 0, 2),
        (12, 0, 1, 1),
    ]
