"""Offers: proposed, carried, answered; open as long as the clock says."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from crmkit import Customer, InvalidValueError, Money, Offer, RecordNotFoundError, StaleVersionError

DAY = timedelta(days=1)
NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)  # where the tests' clock starts


def test_what_was_added_is_read_back(ana):
    offer = Offer(
        customer_id=1,
        what="A box of tea",
        kind="discount",
        terms={"percent": 10, "codes": ["TEA", "☕"], "nested": {"b": 1, "a": None}},
        cost=Money(250, "EUR"),
        valid_from=NOW,
        valid_until=NOW + DAY,
        why="You liked it.",
        plugin="tea",
    )
    with ana.unit() as unit:
        added = unit.offers.add(offer)
        assert added == attrs.evolve(offer, id=1, version=1)
        assert unit.offers.get(1) == added
        assert unit.offers.add(Offer(customer_id=1, what="x")).terms == {}
        assert [each.id for each in unit.offers.of(1)] == [2, 1]
        assert [each.id for each in unit.offers.of(1, size=1)] == [2]


@pytest.mark.parametrize("status", ["accepted", "declined", "expired", "withdrawn"])
def test_an_answered_offer_is_not_open(ana, status):
    with ana.unit() as unit:
        unit.offers.add_many([Offer(customer_id=1, what="a"), Offer(customer_id=1, what="b")])
        first = unit.offers.get(1)
        carried = unit.offers.save(attrs.evolve(first, status="carried", carried_by=5))
        assert [each.id for each in unit.offers.open_of(1)] == [2, 1]
        unit.offers.save(attrs.evolve(carried, status=status, answered_by=6))
        assert [each.id for each in unit.offers.open_of(1)] == [2]
        assert unit.offers.get(1).version == 3


def test_an_offer_closes_when_the_injected_clock_passes_its_end(ana, clock):
    with ana.unit() as unit:
        unit.offers.add(Offer(customer_id=1, what="today", valid_until=NOW + DAY))
        unit.offers.add(Offer(customer_id=1, what="always"))
        assert len(unit.offers.open_of(1)) == 2
    clock.move(days=1, microseconds=-1)
    with ana.unit() as unit:
        assert len(unit.offers.open_of(1)) == 2
    clock.move(microseconds=1)
    with ana.unit() as unit:
        assert [each.what for each in unit.offers.open_of(1)] == ["always"]


def test_one_stale_offer_keeps_the_batch_from_being_written(ana):
    with ana.unit() as unit:
        read = unit.offers.add_many(Offer(customer_id=1, what=str(n)) for n in range(3))
    with ana.unit() as unit:
        unit.offers.save(attrs.evolve(read[1], status="withdrawn"))
    with ana.unit() as unit:
        with pytest.raises(StaleVersionError, match="offer 2 changed"):
            unit.offers.save_many(attrs.evolve(each, status="accepted") for each in read)
    with ana.unit() as unit:
        assert [each.status for each in unit.offers.get_many([1, 2, 3])] == [
            "proposed",
            "withdrawn",
            "proposed",
        ]
        two, one = unit.offers.save_many(unit.offers.get_many([1, 2])[::-1])
        assert (two.id, one.id) == (2, 1)
        assert unit.offers.save_many([]) == []


def test_offers_that_do_not_fit_are_refused(ana):
    with ana.unit() as unit:
        with pytest.raises(RecordNotFoundError, match="no customer 7"):
            unit.offers.add(Offer(customer_id=7, what="x"))
        with pytest.raises(InvalidValueError, match="JSON-ready"):
            unit.offers.add(Offer(customer_id=1, what="x", terms={"at": NOW}))
        stored = unit.offers.add(Offer(customer_id=1, what="x"))
        with pytest.raises(InvalidValueError, match="use save"):
            unit.offers.add(stored)
        with pytest.raises(RecordNotFoundError, match="no offer 9"):
            unit.offers.save(attrs.evolve(stored, id=9))
        with pytest.raises(RecordNotFoundError, match="no customer 7"):
            unit.offers.save(attrs.evolve(stored, customer_id=7))
        with pytest.raises(RecordNotFoundError, match="no offer 9"):
            unit.offers.get(9)
        assert unit.offers.add_many([]) == []


def test_an_open_offer_is_of_one_customer(ana):
    with ana.unit() as unit:
        unit.customers.add(Customer(name="Bo"))
        unit.offers.add_many([Offer(customer_id=1, what="a"), Offer(customer_id=2, what="b")])
        assert [each.what for each in unit.offers.open_of(2)] == ["b"]
