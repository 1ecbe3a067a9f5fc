"""The CDNOW sample from the database: the tracking of the reference, and who is worth most."""

import xml.etree.ElementTree as ET
from datetime import UTC, datetime

import pytest

from crmkit import Customer, Interaction, InvalidValueError, Money
from crmkit.plugins.analytical import clv
from crmkit.plugins.foundation import scoring
from crmkit.plugins.foundation.scoring import TooThinError

CUT = datetime(1997, 10, 1, tzinfo=UTC)
END = datetime(1998, 7, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def orders(cdnow_orders):
    """Customers of the sample by number, and their purchases."""
    names = sorted({customer for customer, _, _ in cdnow_orders})
    return names, cdnow_orders


@pytest.fixture
def book(make_crm, clock, orders):
    crm = make_crm("scoring", "clv")
    clock.now = END
    names, bought = orders
    with crm.unit() as unit:
        added = unit.customers.add_many(Customer(name=name) for name in names)
        ids = {name: each.id for name, each in zip(names, added, strict=True)}
        unit.interactions.add_many(
            Interaction(
                customer_id=ids[name],
                kind="purchase.order",
                at=datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
                amount=Money(round(dollars * 100), "USD"),
            )
            for name, day, dollars in bought
        )
    return crm


def test_the_book_is_tracked_as_the_arrays_are(book, cdnow):
    with book.unit(write=False) as unit:
        found = clv.tracking(unit, cut=CUT)

    model = clv.fit_bgnbd(*cdnow.triple)
    weeks = found.until
    assert weeks.tolist() == list(range(1, 78))
    expected = clv.track(model, cdnow.histories, cdnow.repeat_weeks, weeks)
    assert found.expected == pytest.approx(expected.expected, rel=1e-6)
    assert found.actual.tolist() == expected.actual.tolist()
    assert found.calibrated_until == cdnow.age.max()


def test_a_cut_that_comes_too_late_or_too_early_is_refused(book):
    with book.unit(write=False) as unit:
        with pytest.raises(InvalidValueError, match="a week or more after 1998-07-01"):
            clv.tracking(unit, cut=END)
        with pytest.raises(
            InvalidValueError, match="1998-07-02' is not accepted; expected a day that has come"
        ):
            clv.tracking(unit, cut=CUT, until=datetime(1998, 7, 2, tzinfo=UTC))
        with pytest.raises(TooThinError, match="all purchases fall on one day"):
            clv.tracking(unit, cut=datetime(1997, 1, 2, tzinfo=UTC))
        with pytest.raises(TooThinError, match="nobody had ordered before the cut"):
            clv.tracking(unit, cut=datetime(1997, 1, 1, tzinfo=UTC))


def test_those_worth_most_come_first(book):
    with book.unit() as unit:
        assert clv.standings(unit) == []
        scoring.run(unit, ["clv", "p_alive"])
        everybody, three = clv.standings(unit), clv.standings(unit, top=3)

        assert three == everybody[:3]
        assert len(everybody) == 2357
        assert three[0].worth_minor == max(each.worth_minor for each in everybody)
        best = three[0].customer_id
        assert three[0].worth_minor == scoring.score_of(unit, best, "clv").value
        assert three[0].p_alive == scoring.score_of(unit, best, "p_alive").value


def test_the_pictures_show_what_was_found(book):
    from crmkit.plugins.analytical.clv import plots

    with book.unit() as unit:
        scoring.run(unit, ["clv", "p_alive"])
        drawn = plots.standings(clv.standings(unit)), plots.tracking(clv.tracking(unit, cut=CUT))

    for picture in drawn:
        assert ET.fromstring(picture).tag == "{http://www.w3.org/2000/svg}svg"
    assert "chance to buy again" in drawn[0]
    assert "the model saw the first 39 weeks" in drawn[1]
