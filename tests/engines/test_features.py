"""What the bundled plugins read about customers is the same on every engine, to the cent."""

from datetime import timedelta

import sqlalchemy as sa

from crmkit import Scope
from crmkit.plugins.analytical import profit
from crmkit.plugins.analytical.communities import features
from crmkit.sql import customer
from crmkit.testing.engines import differences


def selects(unit):
    """Every SELECT about customers that the bundled plugins contribute, with a name."""
    some = sa.select(customer.c.id).where(customer.c.id % 3 == 0)
    for told, customers in (("all", None), ("some", some)):
        scope = Scope(as_of=unit.now - timedelta(days=90), customers=customers)
        for scorer in unit.contributed.scorers.values():
            yield f"features of {scorer.name}, {told}", scorer.features(scope)
            if scorer.outcome is not None:
                yield f"outcome of {scorer.name}, {told}", scorer.outcome(scope, unit.now)
        since = unit.now - timedelta(days=600)
        costed = profit.facts(profit.Settings(), since, unit.now, scope, costed=True)
        yield f"facts of profit with costs, {told}", costed
        for feature in (features.products, features.moments, features.baskets, features.returners):
            yield f"{feature.__name__} of communities, {told}", feature(scope, since)
        for segment in unit.contributed.segments.values():
            yield f"segment {segment.name}, {told}", segment.members(scope)


def test_features_outcomes_and_segments_are_the_same_on_every_engine(book, fetched):
    with book.unit(write=False) as unit:
        fetch = fetched(unit)
        found = {
            name: list(differences(unit, select, fetch))[:3]
            for name, select in dict(selects(unit)).items()
        }
    assert found
    assert {name: each for name, each in found.items() if each} == {}
