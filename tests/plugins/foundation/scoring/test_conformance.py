from datetime import timedelta

import pytest

from crmkit import Interaction, Money
from crmkit.plugins.foundation import scoring
from crmkit.testing import PluginSuite


@pytest.fixture(autouse=True)
def _scorers(request, scorer, book_of):
    request.cls.also = (book_of(scorer(), scorer("other"), requires=()),)


class TestScoring(PluginSuite):
    plugin = "scoring"

    def populate(self, unit, customer):
        def all_buy():
            unit.interactions.add_many(
                Interaction(
                    customer_id=each.id,
                    kind="purchase.order",
                    at=unit.now - timedelta(hours=1),
                    amount=Money(20_000, "EUR"),
                )
                for each in unit.customers.page()
            )

        all_buy()
        scoring.run(unit, mode="full")
        all_buy()
        scoring.run(unit, ["spend"], mode="full")
        all_buy()
