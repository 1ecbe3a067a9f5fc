import re

import numpy as np
import pytest
import sqlalchemy as sa

from crmkit import Scored, Turn
from crmkit.plugins.foundation import scoring
from crmkit.sql import interaction


def refused(make_crm, book_of, people, **changes):
    """The text of the ScorerError of a scorer with these changes."""
    crm = make_crm("scoring", book_of(changes.pop("scorer")(**changes), segments=False))
    with pytest.raises(scoring.ScorerError) as caught, crm.unit() as unit:
        scoring.run(unit)
    assert caught.value.scorer == "spend"
    with crm.unit(write=False) as unit:
        assert scoring.runs(unit) == []
    return str(caught.value)


WRONG = {
    "do not add up": (
        lambda c, p: Scored(value=c["orders"] * 2.0, reasons={"orders": c["orders"] * 1.0}),
        r"gave customer 1 the value 4, but base and reasons add up to 2",
    ),
    "no reasons": (lambda c, p: Scored(value=c["orders"] * 1.0), "add up to 0$"),
    "not finite": (
        lambda c, p: Scored(value=c["orders"] / 0.0, reasons={"orders": c["orders"] / 0.0}),
        "gave customer 1 the value inf",
    ),
    "NaN reason": (
        lambda c, p: Scored(value=c["orders"] * 1.0, reasons={"x": c["orders"] * np.nan}),
        "gave customer 1 the reason 'x' nan",
    ),
    "shape": (lambda c, p: Scored(value=np.zeros(3)), r"gave a value of shape \(3,\) for 2"),
    "raises": (lambda c, p: c["weight"], "scorer spend failed: KeyError: 'weight'"),
    "labels": (
        lambda c, p: Scored(value=np.zeros(2), labels=["a"]),
        r"gave labels of shape \(1,\) for 2 customers",
    ),
}


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize("case", WRONG)
def test_a_scorer_that_breaks_its_contract_is_named(make_crm, book_of, scorer, people, case):
    score, told = WRONG[case]
    assert re.search(told, refused(make_crm, book_of, people, scorer=scorer, score=score))


def selecting(*columns):
    return lambda scope: sa.select(*columns).where(interaction.c.at < scope.as_of)


FEATURES = {
    "twice": (
        selecting(interaction.c.customer_id, sa.literal(1).label("orders"),
                  sa.literal(1).label("amount")),
        "reads customer 1 twice",
    ),
    "instant": (selecting(interaction.c.customer_id, interaction.c.at), "reads the instant 'at'"),
    "missing": (
        selecting(interaction.c.customer_id, interaction.c.offer_id.label("orders")),
        "reads a missing value in the integer 'orders'; wrap it in coalesce",
    ),
    "untyped": (
        selecting(interaction.c.customer_id, sa.func.nothing(1).label("orders")),
        "reads 'orders', which has no type",
    ),
    "first": (selecting(interaction.c.amount_minor), "must select customer_id first"),
}  # fmt: skip


@pytest.mark.parametrize("case", FEATURES)
def test_features_that_cannot_be_columns_are_named(make_crm, book_of, scorer, people, case):
    features, told = FEATURES[case]
    assert told in refused(make_crm, book_of, people, scorer=scorer, features=features)


def test_what_is_learned_must_be_json(make_crm, book_of, scorer, people):
    told = refused(make_crm, book_of, people, scorer=scorer, fit=lambda c: {"n": c["orders"][0]})
    assert "scorer spend failed: TypeError: Object of type int64 is not JSON serializable" in told


def too_thin(columns):
    raise scoring.TooThinError("two customers are not enough")


def test_thin_data_is_recorded_and_the_others_go_on(make_crm, book_of, scorer, people):
    crm = make_crm("scoring", book_of(scorer("thin", fit=too_thin), scorer()))
    with crm.unit() as unit:
        thin, spend = scoring.run(unit)
    assert (thin.state, thin.reason) == ("refused", "two customers are not enough")
    assert (spend.state, spend.customers) == ("done", 2)
    with crm.unit(write=False) as unit:
        assert [each.scorer for each in scoring.scores_of(unit, people.ana)] == ["spend"]
        assert scoring.runs(unit)[-1].reason == "two customers are not enough"


def test_an_empty_book_is_too_thin_for_every_scorer(crm):
    with crm.unit() as unit:
        assert {each.reason for each in scoring.run(unit)} == {
            "no customer has the facts that this score is made of"
        }


def test_a_broken_scorer_keeps_no_other_from_running_in_the_cycle(
    make_crm, book_of, scorer, people
):
    broken = scorer("broken", score=WRONG["no reasons"][0])
    crm = make_crm("scoring", book_of(broken, scorer()))
    (step,) = [each for each in crm.contributed.cycle_steps.values() if each.phase == "value"]
    assert step.run(crm, Turn(as_of=crm.clock(), dry_run=True)) == (
        "broken: would run full; spend: would run full"
    )
    with pytest.raises(scoring.ScorerError, match="scorer broken"):
        step.run(crm, Turn(as_of=crm.clock()))
    with crm.unit(write=False) as unit:
        assert scoring.score_of(unit, people.ana, "spend").value == 141.0


def test_the_cycle_step_says_what_it_did(crm, people):
    (step,) = [each for each in crm.contributed.cycle_steps.values() if each.phase == "value"]
    turn = Turn(as_of=crm.clock())
    assert step.run(crm, turn) == (
        "spend: full, 2 customers scored, 2 changed; other: full, 2 customers scored, 2 changed"
    )
    assert step.run(crm, turn) == "spend: nothing has changed; other: nothing has changed"


def test_scorers_that_share_a_feature_read_it_once_in_a_full_run(
    make_crm, book_of, scorer, people, buy
):
    asked = []

    def counted(scope):
        asked.append(scope.customers)
        return scorer().features(scope)

    both = [scorer(name, features=counted) for name in ("spend", "again")]
    crm = make_crm("scoring", book_of(*both, segments=False))
    with crm.unit() as unit:
        scoring.run(unit)
        assert asked == [None]
        found = scoring.scores_of(unit, people.ana)
        assert [each.value for each in found] == [141.0, 141.0]
    with crm.unit() as unit:
        buy(unit, people.bo, 100)
    with crm.unit() as unit:
        scoring.run(unit, mode="incremental")

    assert len(asked) == 3


def test_a_scorer_cannot_change_what_another_one_reads(make_crm, book_of, scorer, people):
    def spoil(columns, parameters):
        columns["orders"] += 1

    told = refused(make_crm, book_of, people, scorer=scorer, score=spoil)
    assert "read-only" in told
