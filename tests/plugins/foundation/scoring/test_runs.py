import threading

import attrs
import pytest

from crmkit import CrmkitError, InvalidValueError, MissingExtraError, RecordNotFoundError
from crmkit.plugins.foundation import scoring


def values(crm, *ids, scorer="spend"):
    with crm.unit(write=False) as unit:
        return [scoring.score_of(unit, each, scorer).value for each in ids]


def run(crm, *names, **given):
    with crm.unit() as unit:
        return scoring.run(unit, names, **given)


def test_a_full_run_stores_scores_whose_reasons_add_up(crm, people):
    done, _ = run(crm)
    assert (done.mode, done.state, done.customers, done.changed) == ("full", "done", 2, 2)
    assert done.parameters == {"mean": 8500.0}
    with crm.unit(write=False) as unit:
        (score,) = [each for each in scoring.scores_of(unit, people.ana) if each.scorer == "spend"]
    assert score.value == 141.0
    assert (score.base, score.reasons) == (1.0, {"orders": 20.0, "amount": 120.0})
    assert (score.label, score.version, score.run_id) == ("big", "1", done.id)


def test_an_incremental_run_scores_only_whom_something_changed_about(crm, people, buy, clock):
    run(crm)
    clock.move(hours=2)
    with crm.unit() as unit:
        buy(unit, people.bo, 6_000)
    done = run(crm, "spend")[0]
    assert (done.mode, done.customers, done.changed) == ("incremental", 1, 1)
    assert values(crm, people.ana, people.bo) == [141.0, 131.0]


def test_an_incremental_run_equals_a_full_one_with_the_same_parameters(crm, people, buy, clock):
    run(crm)
    clock.move(hours=2)
    with crm.unit() as unit:
        buy(unit, people.ana, 700)
    run(crm, mode="incremental")
    incremental = values(crm, people.ana, people.bo)
    assert run(crm, mode="full")[0].changed == 0
    assert values(crm, people.ana, people.bo) == incremental


def test_changes_are_kept_for_the_scorers_that_do_not_run(crm, people, buy, clock):
    run(crm)
    clock.move(hours=2)
    with crm.unit() as unit:
        buy(unit, people.bo, 6_000)
    run(crm, "spend", mode="full")
    assert values(crm, people.bo, scorer="other") == [61.0]
    assert [each.customers for each in run(crm, "other")] == [1]
    assert values(crm, people.bo, scorer="other") == [131.0]


def test_a_run_with_nothing_due_records_nothing(crm, people):
    run(crm)
    again = run(crm)
    assert [(each.id, each.mode, each.customers) for each in again] == [(0, "incremental", 0)] * 2
    with crm.unit(write=False) as unit:
        assert len(scoring.runs(unit)) == 2


def test_a_full_run_again_rewrites_no_score_that_did_not_change(crm, people):
    first = run(crm)[0]
    assert run(crm, mode="full")[0].changed == 0
    with crm.unit(write=False) as unit:
        assert scoring.score_of(unit, people.ana, "spend").run_id == first.id


def test_a_fact_to_come_is_scored_when_its_time_has_come(crm, people, buy, clock):
    run(crm)
    clock.move(hours=2)
    with crm.unit() as unit:
        buy(unit, people.bo, 6_000, hours=5)
    assert run(crm, "spend")[0].changed == 0
    clock.move(hours=6)
    assert run(crm, "spend")[0].changed == 1
    assert values(crm, people.bo) == [131.0]


def test_an_archived_customer_loses_the_scores_and_the_segments(crm, people, clock):
    run(crm)
    clock.move(hours=2)
    with crm.unit() as unit:
        unit.customers.save(attrs.evolve(unit.customers.get(people.ana), status="archived"))
    assert run(crm)[0].changed == 1
    with crm.unit(write=False) as unit:
        assert scoring.scores_of(unit, people.ana) == []
        assert scoring.members_of(unit, "spend.big") == []


def test_without_a_mode_an_old_full_run_is_made_anew(crm, people, clock):
    run(crm)
    clock.move(days=6, hours=23)
    assert {each.mode for each in run(crm)} == {"incremental"}
    clock.move(hours=1)
    assert {each.mode for each in run(crm)} == {"full"}


def test_an_incremental_run_needs_a_full_one_of_the_same_version(make_crm, scorer, book_of):
    crm = make_crm("scoring", book_of(scorer(), segments=False))
    with pytest.raises(scoring.NoFullRunError, match="run `crmkit score run spend --full`"):
        run(crm, mode="incremental")


def test_a_new_version_is_scored_in_full(make_crm, scorer, book_of, crm, people):
    run(crm)
    newer = make_crm("scoring", book_of(scorer(version="2"), segments=False))
    with pytest.raises(scoring.NoFullRunError, match="of version 2"):
        run(newer, mode="incremental")
    assert run(newer)[0].mode == "full"


def test_an_incremental_run_cannot_look_from_before_the_full_one(crm, people, clock):
    run(crm)
    before = clock.now
    clock.move(days=-1)
    with pytest.raises(InvalidValueError, match="not before 2026-01-05T09:00:00Z"):
        run(crm, mode="incremental")
    assert run(crm)[0].mode == "full"
    assert before > clock.now


def test_an_instant_without_a_zone_is_refused(crm):
    with pytest.raises(InvalidValueError, match="as of"):
        run(crm, as_of=crm.clock().replace(tzinfo=None))


def test_an_unknown_scorer_is_not_found(crm):
    with pytest.raises(RecordNotFoundError, match="scorer 'spent'"):
        run(crm, "spent")


def test_without_numpy_the_message_names_the_extra(crm, monkeypatch):
    monkeypatch.setattr(
        "crmkit.plugins.foundation.scoring.actions.running.find_spec", lambda _: None
    )
    with pytest.raises(MissingExtraError, match=r"crmkit\[analytics\]"):
        run(crm)


def test_what_commits_after_a_run_has_looked_is_scored_by_the_next(crm, people, buy, clock):
    if crm.engine.dialect.name == "sqlite":
        pytest.skip("on SQLite writers take turns")
    run(crm)
    clock.move(hours=2)
    with crm.unit() as unit:
        buy(unit, people.bo, 1_000)
    with crm.unit() as late:
        buy(late, people.bo, 6_000)
        assert run(crm, "spend")[0].customers == 1
        assert values(crm, people.bo) == [81.0]
    assert run(crm, "spend")[0].customers == 1
    assert values(crm, people.bo) == [151.0]


def test_runs_at_the_same_time_take_turns(crm, people):
    failures = []

    def work():
        try:
            run(crm, mode="full")
        except CrmkitError as exc:
            failures.append(exc)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert failures == []
    assert values(crm, people.ana, people.bo) == [141.0, 61.0]
    with crm.unit(write=False) as unit:
        assert sorted(each.changed for each in scoring.runs(unit)) == [0] * 6 + [2] * 2
