"""The conformance suite of a scorer, for whoever contributes one."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from crmkit import CRM, Columns, Customer, Interaction, Plugin, Scored, Scorer, Unit

    from .fixtures import MakeCRM

EXACT = 1e-9


class ScorerSuite:
    """
    Everything crmkit asks of a scorer, as tests::

        class TestPunctuality(ScorerSuite):
            plugin = "punctuality"
            scorer = "punctuality"
            time = ("late_days",)
            time_scales = "value"

    Attributes:
        plugin: Who contributes it: an installed name, a path of a .py file, or a Plugin.
        scorer: The name of the score.
        also: Plugins to enable beside it and those it requires.
        settings: As in ``crmkit.toml``: settings by plugin name.
        money, time: Feature columns in minor units, and in units of time.
        money_scales, time_scales: What happens when all of these grow a thousandfold, or sevenfold:
            the ``value`` does too, or ``nothing`` changes; None where neither is so.
        outcome_adds_up: Whether what came true in a time is the sum over its parts.
        before: Scores it is made of; they are run first.
        people: How many customers to score.
        tolerance: Relative, of the two laws about scale; a fit may end a little elsewhere.
    """

    plugin: ClassVar[str | Path | Plugin]
    scorer: ClassVar[str]
    also: ClassVar[tuple[str | Path | Plugin, ...]] = ()
    settings: ClassVar[Mapping[str, Mapping[str, object]]] = {}
    money: ClassVar[tuple[str, ...]] = ()
    time: ClassVar[tuple[str, ...]] = ()
    money_scales: ClassVar[str | None] = None
    time_scales: ClassVar[str | None] = None
    outcome_adds_up: ClassVar[bool] = True
    before: ClassVar[tuple[str, ...]] = ()
    people: ClassVar[int] = 60
    tolerance: ClassVar[float] = 1e-6

    def happened(self, unit: Unit, customer: Customer, chance: random.Random) -> None:
        """
        Write what may have happened to one customer within two years before now.

        Default: a first order, and up to eleven more or returns, of 5 to 500 euros.
        """
        days = sorted((chance.uniform(1, 700) for _ in range(chance.randint(1, 12))), reverse=True)
        unit.interactions.add_many(
            _purchase(unit, customer.id, ago, chance, is_first=not n) for n, ago in enumerate(days)
        )

    @pytest.fixture
    def crm(self, make_crm: MakeCRM) -> CRM:
        """A CRM with customers to whom something has happened."""
        crm = self._open(make_crm)
        chance = random.Random(4)
        with crm.unit() as unit:
            for customer in self._customers(unit, self.people):
                self.happened(unit, customer, chance)
            self._run_before(unit)
        return crm

    def _run_before(self, unit: Unit) -> None:
        from crmkit.plugins.foundation import scoring

        if self.before:
            scoring.run(unit, self.before)

    def _open(self, make_crm: MakeCRM) -> CRM:
        from .subject import subject_of

        subject = subject_of(self.plugin, self.also)
        plugins = (*subject.needs, subject.plugin)
        names = {each.name for each in plugins}
        settings = {name: each for name, each in self.settings.items() if name in names}
        return make_crm(*plugins, settings=settings)

    def _customers(self, unit: Unit, count: int) -> Sequence[Customer]:
        from crmkit import Customer

        return unit.customers.add_many(Customer(name=f"Customer {n}") for n in range(count))

    def _tuned(self, unit: Unit) -> Scorer:
        found = unit.contributed.scorers[self.scorer]
        return found if found.tuned is None else found.tuned(unit)

    def _columns(self, unit: Unit, scorer: Scorer, **given: Any) -> Columns:
        from crmkit import Scope
        from crmkit.plugins.foundation.scoring import read_columns

        scope = Scope(**{"as_of": unit.now} | given)
        columns: Columns = read_columns(unit.connection, scorer.name, scorer.features(scope))
        return columns

    def _scored(self, crm: CRM) -> tuple[Scorer, Columns, Scored]:
        with crm.unit(write=False) as unit:
            scorer = self._tuned(unit)
            columns = self._columns(unit, scorer)
        return scorer, columns, scorer.score(columns, scorer.fit(columns))

    def test_it_is_contributed_and_says_what_it_is(self, crm: CRM) -> None:
        with crm.unit(write=False) as unit:
            scorer = self._tuned(unit)
        assert scorer.summary.strip()
        assert scorer.version.strip()

    def test_every_customer_has_one_row_and_one_finite_score(self, crm: CRM) -> None:
        import numpy as np

        _, columns, scored = self._scored(crm)
        ids = columns["customer_id"]
        assert len(ids) == len(np.unique(ids)) > 0
        assert np.asarray(scored.value).shape == ids.shape
        assert np.isfinite(scored.value).all()

    def test_base_and_reasons_add_up_to_the_value(self, crm: CRM) -> None:
        import numpy as np

        _, _, scored = self._scored(crm)
        assert scored.reasons, "give reasons; a score nobody can explain is not believed"
        total = scored.base + np.sum([np.asarray(each) for each in scored.reasons.values()], axis=0)
        np.testing.assert_allclose(total, scored.value, rtol=EXACT, atol=EXACT)

    def test_the_interval_holds_the_value(self, crm: CRM) -> None:
        import numpy as np

        _, _, scored = self._scored(crm)
        if scored.low is None or scored.high is None:
            pytest.skip("it gives no interval")
        slack = EXACT * (1 + np.abs(scored.value))
        assert (scored.low <= scored.value + slack).all()
        assert (scored.value <= scored.high + slack).all()

    def test_the_same_facts_score_the_same(self, crm: CRM) -> None:
        import numpy as np

        scorer, columns, scored = self._scored(crm)
        again = scorer.score(columns, scorer.fit(columns))
        np.testing.assert_array_equal(again.value, scored.value)

    def test_the_order_of_customers_means_nothing(self, crm: CRM) -> None:
        import numpy as np

        scorer, columns, scored = self._scored(crm)
        order = np.random.default_rng(1).permutation(len(columns["customer_id"]))
        mixed = {name: column[order] for name, column in columns.items()}
        parameters = scorer.fit(columns)
        np.testing.assert_allclose(
            scorer.score(mixed, parameters).value, scored.value[order], rtol=EXACT, atol=EXACT
        )

    def test_a_few_customers_score_as_they_do_among_all(self, crm: CRM) -> None:
        import numpy as np
        import sqlalchemy as sa

        from crmkit.sql import customer

        with crm.unit(write=False) as unit:
            scorer = self._tuned(unit)
            columns = self._columns(unit, scorer)
            few = sa.select(customer.c.id).where(customer.c.id % 3 == 0)
            some = self._columns(unit, scorer, customers=few)
        parameters = scorer.fit(columns)
        everybody = _by_customer(columns, scorer.score(columns, parameters))
        found = _by_customer(some, scorer.score(some, parameters))
        assert found.keys() == {each for each in everybody if each % 3 == 0}
        wanted = [everybody[each] for each in found]
        np.testing.assert_allclose([*found.values()], wanted, rtol=EXACT, atol=EXACT)

    def test_what_happens_later_is_not_known(self, crm: CRM, clock: Any) -> None:
        import numpy as np

        with crm.unit() as unit:
            scorer, now = self._tuned(unit), unit.now
            before = self._columns(unit, scorer)
        clock.move(days=900)
        with crm.unit() as unit:
            for each in unit.customers.page(size=self.people):
                self.happened(unit, each, random.Random(each.id))
        with crm.unit(write=False) as unit:
            after = self._columns(unit, scorer, as_of=now)
        order, other = (np.argsort(each["customer_id"]) for each in (before, after))
        for name, column in before.items():
            np.testing.assert_array_equal(column[order], after[name][other], err_msg=name)

    def test_an_incremental_run_scores_as_a_full_one_with_its_parameters(self, crm: CRM) -> None:
        import numpy as np

        from crmkit.plugins.foundation import scoring

        with crm.unit() as unit:
            scorer = self._tuned(unit)
            (full,) = scoring.run(unit, [self.scorer], mode="full")
            chance = random.Random(9)
            for each in unit.customers.page(size=self.people)[:7]:
                self.happened(unit, each, chance)
            self._run_before(unit)
            (run,) = scoring.run(unit, [self.scorer], mode="incremental")
            columns = self._columns(unit, scorer)
            kept = scoring.scores_of_many(unit, columns["customer_id"].tolist())
        assert full.state == run.state == "done"
        assert 0 < run.customers <= 7
        wanted = _by_customer(columns, scorer.score(columns, full.parameters))
        stored = {
            each: score.value
            for each, scores in kept.items()
            for score in scores
            if score.scorer == self.scorer
        }
        np.testing.assert_allclose(
            [stored[each] for each in wanted], [*wanted.values()], rtol=EXACT, atol=EXACT
        )

    @pytest.mark.parametrize("count", [0, 1, 2])
    def test_thin_data_is_refused_or_scored_with_numbers(
        self, make_crm: MakeCRM, count: int
    ) -> None:
        crm = self._open(make_crm)
        with crm.unit() as unit:
            for customer in self._customers(unit, count):
                self.happened(unit, customer, random.Random(customer.id))
        self._refuses_or_scores(crm)

    def test_all_on_one_day_is_refused_or_scored_with_numbers(self, make_crm: MakeCRM) -> None:
        crm = self._open(make_crm)
        with crm.unit() as unit:
            customers = self._customers(unit, 9)
            unit.interactions.add_many(
                _purchase(unit, each.id, 30, random.Random(5), is_first=True) for each in customers
            )
        self._refuses_or_scores(crm)

    def _refuses_or_scores(self, crm: CRM) -> None:
        from crmkit.plugins.foundation import scoring

        with crm.unit() as unit:
            self._run_before(unit)
            (run,) = scoring.run(unit, [self.scorer], mode="full")
        assert run.state == "done" or run.reason

    def test_money_in_another_unit(self, crm: CRM) -> None:
        self._scales(crm, self.money, 1000, self.money_scales)

    def test_time_in_another_unit(self, crm: CRM) -> None:
        self._scales(crm, self.time, 7, self.time_scales)

    def _scales(self, crm: CRM, names: Sequence[str], by: int, law: str | None) -> None:
        import numpy as np

        if law is None:
            pytest.skip("no law of scale is claimed")
        scorer, columns, scored = self._scored(crm)
        larger = {**columns, **{name: columns[name] * by for name in names}}
        found = scorer.score(larger, scorer.fit(larger)).value
        wanted = scored.value * by if law == "value" else scored.value
        np.testing.assert_allclose(found, wanted, rtol=self.tolerance, atol=self.tolerance)

    def test_what_comes_true_lies_between_the_cut_and_the_end(self, crm: CRM) -> None:
        from crmkit import Scope
        from crmkit.plugins.foundation.scoring import read_columns

        with crm.unit(write=False) as unit:
            scorer = self._tuned(unit)
            if scorer.outcome is None or scorer.judged or not self.outcome_adds_up:
                pytest.skip("it foretells nothing that adds up over time")
            start, middle, end = (unit.now - timedelta(days=ago) for ago in (2_000, 300, 0))
            sums = []
            for since, until in ((start, end), (start, middle), (middle, end), (end, end)):
                select = scorer.outcome(Scope(as_of=since), until)
                columns = read_columns(unit.connection, scorer.name, select)
                assert list(columns) == ["customer_id", "outcome"]
                sums.append(float(columns["outcome"].sum()))
        assert sums[0] == pytest.approx(sums[1] + sums[2])
        assert sums[3] == 0


def _purchase(
    unit: Unit, customer_id: int, days_ago: float, chance: random.Random, *, is_first: bool
) -> Interaction:
    from crmkit import Interaction, Money

    is_return = not is_first and chance.random() < 0.15
    minor = chance.randint(500, 50_000) * (-1 if is_return else 1)
    return Interaction(
        customer_id=customer_id,
        kind="purchase.return" if is_return else "purchase.order",
        at=unit.now - timedelta(days=days_ago),
        amount=Money(minor, "EUR"),
    )


def _by_customer(columns: Columns, scored: Scored) -> dict[int, float]:
    """Values by customer id."""
    return dict(sorted(_pairs(columns["customer_id"].tolist(), scored.value.tolist())))


def _pairs(ids: Sequence[int], values: Sequence[float]) -> Iterator[tuple[int, float]]:
    return zip(ids, values, strict=True)
