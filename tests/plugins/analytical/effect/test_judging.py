"""An uplift score put back in time, and orders of the customers of an experiment compared."""

import csv
import json
from contextlib import closing
from datetime import timedelta

import numpy as np
import pytest

from crmkit import CRM, InvalidValueError, Scope
from crmkit.plugins.analytical import effect
from crmkit.plugins.analytical.effect.scoring.qini import Ranking
from crmkit.plugins.foundation import policy, scoring
from tests.plugins.analytical.effect.conftest import POLICY, Book


def by_name(rows):
    return {row["name"]: row for row in rows}


def test_on_hillstrom_uplift_beats_response_where_the_mailing_persuades_and_only_there(hillstrom):
    # scikit-uplift 0.5.1 gives these coefficients for the same orders: qini_auc_score,
    # uplift_auc_score. The women's mailing moves who bought women's goods before; the men's moves
    # everybody alike, and there a model of who visits anyway sorts better.
    known = {
        "Womens E-Mail": {
            "uplift": (0.06163822951548467, 0.027919065934539935),
            "response": (0.036167436279147674, 0.016247810623266728),
        },
        "Mens E-Mail": {
            "uplift": (0.007091724901193768, 0.004047516480198809),
            "response": (0.031832401740325124, 0.015754212304686734),
        },
    }
    with hillstrom.open(newline="") as file:
        told = list(csv.DictReader(file))
    for mailing, wanted in known.items():
        rows = [each for each in told if each["segment"] in (mailing, "No E-Mail")]
        x = np.array(
            [
                [float(each["recency"]), np.log(float(each["history"]))]
                + [float(each[name]) for name in ("mens", "womens", "newbie")]
                for each in rows
            ]
        )
        t = np.array([each["segment"] == mailing for each in rows], float)
        y = np.array([float(each["visit"]) for each in rows])
        learn = np.arange(len(rows)) % 2 == 0
        treated = learn & (t == 1)
        orders = {
            "uplift": effect.fit_uplift(x[learn], y[learn], t[learn])(x[~learn]),
            "response": effect.ridge(x[treated], y[treated])(x[~learn]),
        }
        found = by_name(effect.compare_orders(orders, y[~learn], t[~learn]))
        for name, (qini, auuc) in wanted.items():
            assert found[name]["qini"] == pytest.approx(qini, rel=1e-9)
            assert found[name]["auuc"] == pytest.approx(auuc, rel=1e-9)
        ahead = found["response"]
        persuades = mailing == "Womens E-Mail"
        assert (found["uplift"]["qini_low"] > 0) is persuades
        assert (ahead["behind_low"] > 0) is persuades
        assert (ahead["behind_high"] < 0) is not persuades


def experiment(rng, n):
    """Who is treated buys with chance .1 + .2 x, others with .15; x is known before."""
    x, t = rng.random(n), (rng.random(n) < 0.5).astype(float)
    return x, (rng.random(n) < np.where(t == 1, 0.1 + 0.2 * x, 0.15)).astype(float), t


def test_the_interval_is_as_wide_as_other_customers_make_it():
    rng = np.random.default_rng(3)
    values, widths, gains = [], [], []
    for _ in range(150):
        x, y, t = experiment(rng, 800)
        (row, _) = effect.compare_orders({"x": x}, y, t, draws=40)
        values.append(row["qini"])
        gains.append(row["gain"])
        widths.append((row["qini_high"] - row["qini_low"]) / 2 / 1.96)
    assert np.mean(widths) == pytest.approx(np.std(values), rel=0.15)
    # by hand: after the share p of the best, p (.1 + .2 (1 - p / 2) - .15) more buy, a random
    # order makes .05 p; the area between is .2 / 12, of the treated half
    assert np.mean(gains) == pytest.approx(0.2 / 12 / 2, abs=3 * np.std(gains) / 150**0.5)


def test_equal_orders_are_equally_good_and_chance_has_nothing():
    x, y, t = experiment(np.random.default_rng(5), 500)
    found = by_name(effect.compare_orders({"a": x, "b": 2 * x + 1, "flat": x * 0}, y, t))
    assert found["a"] | {"name": ""} == found["b"] | {"name": ""}
    assert found["b"]["behind"] == found["b"]["behind_low"] == found["b"]["behind_high"] == 0
    assert found["flat"]["qini"] == pytest.approx(0, abs=1e-12)
    assert found["random"]["qini"] == found["random"]["qini_high"] == 0
    assert found["random"]["behind"] == found["a"]["qini"]


def test_weights_are_so_many_copies_of_a_customer():
    rng = np.random.default_rng(8)
    x, y, t = experiment(rng, 200)
    copies = rng.integers(0, 4, 200)
    weighted = Ranking(x, y, t)
    copied = Ranking(*(np.repeat(each, copies) for each in (x, y, t)))
    assert weighted.coefficients(copies.astype(float)) == pytest.approx(copied.coefficients())
    assert weighted.gain(copies.astype(float)) == pytest.approx(copied.gain())


def test_orders_need_customers_who_did_something():
    x, y, t = experiment(np.random.default_rng(5), 100)
    with pytest.raises(effect.NotEnoughDataError, match="nobody"):
        effect.compare_orders({"x": x}, y * 0, t)
    with pytest.raises(effect.NotEnoughDataError, match="one arm"):
        effect.compare_orders({"x": x}, y, t * 0)
    with pytest.raises(InvalidValueError, match="finite"):
        effect.compare_orders({"x": np.where(x > 0.5, np.nan, x)}, y, t)


def campaign(unit, book, run, ago, *, rng, n=400, persuades=True, days=20):
    """Who spent much before is persuadable; who spent little buys anyway, treated or not."""
    arms = ["treatment", "control"] * (n // 2)
    found = book(unit, arms, run=run, at=unit.now - timedelta(days=ago), days=days)
    large = rng.random(n) < 0.5
    found.buys({place: 9_000 if large[place] else 1_000 for place in range(n)}, days=-60)
    moved = np.array([arm == "treatment" for arm in arms]) & large & persuades
    buys = np.where(moved | ~large, rng.random(n) < 0.5, rng.random(n) < 0.05)
    found.buys(dict.fromkeys(np.flatnonzero(buys), 2000))
    return found


def test_a_score_learnt_from_one_campaign_is_judged_by_the_next(crm, book):
    rng = np.random.default_rng(1)
    with crm.unit() as unit:
        campaign(unit, book, "spring", 200, rng=rng)
        summer = campaign(unit, book, "summer", 60, rng=rng)
        campaign(unit, book, "autumn", 30, rng=rng)
        cut = unit.now - timedelta(days=90)
        found = scoring.backtest(unit, "uplift", cut=cut)
        scorer = unit.contributed.scorers["uplift"]
        assert (found.foretells, found.customers, found.rivals) == ("", len(summer.customers), ())
        rows = by_name(found.judged)
        assert rows["model"]["qini_low"] > 0
        assert rows["response"]["behind_low"] > 0
        assert rows["random"]["qini"] == 0
        assert [row["customers"] for row in found.tenths] == [40] * 10
        assert found.tenths[0]["came"] > found.tenths[-1]["came"]
        columns = scoring.read_columns(
            unit.connection, "uplift", scorer.outcome(Scope(as_of=cut), unit.now)
        )
        treated = columns["arm"] == 1
        assert found.came == columns["outcome"].sum()
        assert treated.sum() == 200
        later = scoring.backtest(unit, "uplift", cut=unit.now - timedelta(days=55))
        assert later.customers == 400


def test_a_campaign_that_persuades_nobody_is_not_praised(crm, book):
    rng = np.random.default_rng(2)
    with crm.unit() as unit:
        campaign(unit, book, "spring", 200, rng=rng, persuades=False)
        campaign(unit, book, "summer", 60, rng=rng, persuades=False)
        found = scoring.backtest(unit, "uplift", cut=unit.now - timedelta(days=90))
    model = by_name(found.judged)["model"]
    assert model["qini_low"] < 0 < model["qini_high"]


def test_who_was_drawn_before_the_cut_and_what_still_runs_says_nothing(crm, book):
    rng = np.random.default_rng(4)
    with crm.unit() as unit:
        spring = campaign(unit, book, "spring", 200, rng=rng)
        cut = unit.now - timedelta(days=90)
        spring.decide(["treatment", "control"] * 200, "again", unit.now - timedelta(days=60))
        with pytest.raises(effect.NotEnoughDataError, match="drawn before the cut is left out"):
            scoring.backtest(unit, "uplift", cut=cut)
        campaign(unit, book, "summer", 60, rng=rng, days=90)
        with pytest.raises(effect.NotEnoughDataError, match=r"\(0 treated and 0 held out\)"):
            scoring.backtest(unit, "uplift", cut=cut)


def test_the_command_line_shows_both_tables(cli, tmp_path):
    plugins = "scoring,policy,consent,delivery,decisions,effect"
    assert cli("init", "--plugins", plugins).exit_code == 0
    with closing(CRM.from_config(tmp_path / "crmkit.toml")) as crm, crm.unit() as unit:
        policy.adopt(unit, POLICY.format(share=0.5))
        rng = np.random.default_rng(1)
        campaign(unit, Book, "spring", 200, rng=rng)
        campaign(unit, Book, "summer", 60, rng=rng)
        cut = f"{unit.now - timedelta(days=90):%Y-%m-%d}"
    done = cli("--format", "json", "score", "backtest", "uplift", "--cut", cut)
    assert done.exit_code == 0, done.output
    assert [row["name"] for row in json.loads(done.stdout)] == ["model", "response", "random"]
    assert "uplift 2 365d: 400 customers scored" in done.stderr
    tenths = cli("--format", "json", "score", "backtest", "uplift", "--cut", cut, "--deciles")
    assert [row["decile"] for row in json.loads(tenths.stdout)] == [*range(1, 11)]
    drawn = cli("score", "backtest", "uplift", "--cut", cut, "--plot", "gains.svg")
    assert (drawn.exit_code, "no such plot" in drawn.stderr) == (5, True)
    assert not (tmp_path / "gains.svg").exists()
