"""Knowledge, feedback, amends, and what goes together with staying."""

from datetime import UTC, datetime, timedelta
from math import isnan

import attrs
import pytest

from crmkit import (
    Customer,
    Interaction,
    InvalidValueError,
    Money,
    Offer,
    RecordNotFoundError,
    RefusedError,
    StaleVersionError,
)
from crmkit.plugins.operational import service
from crmkit.plugins.operational.service import Article, Draft
from crmkit.plugins.operational.service.searching import ranked, words

from .test_cases import move, opened

BEGIN, END = datetime(2025, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
LAMPS = (
    Article(title="A lamp that flickers", body="Turn it off and on, or its bulb.", public=True),
    Article(title="Returns", body="A lamp may be returned within 30 days, with its box."),
    Article(title="Größe der Teller", body="Die Teller sind 30 cm groß.", language="de"),
)  # fmt: skip


@pytest.fixture
def library(desk):
    with desk.unit() as unit:
        for each in LAMPS:
            service.save_article(unit, each)
    return desk


def titles(crm, text, **given):
    with crm.unit(write=False) as unit:
        return [hit.article.title for hit in service.search(unit, text, **given)]


def test_what_fits_best_comes_first(library):
    assert titles(library, "flickering LAMP flickers") == ["A lamp that flickers", "Returns"]
    assert titles(library, "grosse TELLER") == ["Größe der Teller"]
    assert titles(library, "candles") == []
    assert titles(library, "lamp", public_only=True) == ["A lamp that flickers"]
    assert titles(library, "30", language="de") == ["Größe der Teller"]
    assert titles(library, "  ") == []


def test_scores_are_robertsons():
    # Two articles of 10 and 20 words, mean 15; one word is in one of them twice.
    ((article, score),) = ranked({"lamp": {1: 2}}, {1: 10}, 2, 15.0)
    idf, norm = 0.6931471805599453, 1.2 * (0.25 + 0.75 * 10 / 15)
    assert (article, score) == (1, pytest.approx(idf * 2 * 2.2 / (2 + norm)))


def test_words_of_any_script():
    assert words("Zoë's Lámp, 2x") == ["zoe", "s", "lamp", "2x"]
    assert words("東京都") == ["東京", "京都"]


def test_an_article_is_changed_by_one_at_a_time(library):
    with library.unit() as unit:
        first = service.article(unit, 1)
        service.save_article(unit, attrs.evolve(first, body="Buy a candle."))
    assert titles(library, "bulb") == []
    assert titles(library, "candle") == ["A lamp that flickers"]
    with library.unit() as unit, pytest.raises(StaleVersionError):
        service.save_article(unit, first)
    with library.unit() as unit:
        service.remove_article(unit, 1)
        with pytest.raises(RecordNotFoundError):
            service.rate_article(unit, 1, helped=True)
        service.rate_article(unit, 2, helped=True)
        service.rate_article(unit, 2, helped=False)
        assert service.article(unit, 2).helped == service.article(unit, 2).not_helped == 1
    assert titles(library, "candle") == []


def said(unit, customer, kind, score, **given):
    payload = {"score": score} | given
    return Interaction(customer_id=customer, kind=kind, at=unit.now, payload=payload)


def test_feedback_with_its_interval(desk):
    found = opened(desk)
    with desk.unit() as unit:
        scores = [("feedback.csat", each) for each in (5, 4, 3, 1)] + [("feedback.ces", 7)]
        unit.interactions.add_many(
            said(unit, 1, kind, score, case_id=found.id) for kind, score in scores
        )
        told = service.feedback(unit, BEGIN, END)
    assert (told.content.count, told.content.of, told.content.value) == (2, 4, 0.5)
    assert (told.easy.count, told.easy.of) == (1, 1)


@pytest.mark.parametrize(
    ("kind", "score"), [("feedback.csat", 6), ("feedback.csat", 0), ("feedback.ces", 8)]
)
def test_answers_that_are_none(desk, kind, score):
    with desk.unit() as unit, pytest.raises(InvalidValueError, match="score"):
        unit.interactions.add(said(unit, 1, kind, score))


def test_amends_are_an_offer_that_the_case_explains(make_desk):
    desk = make_desk(amends_holdout=0.0)
    found = opened(desk, kind="complaint")
    with desk.unit() as unit:
        made = service.make_amends(unit, found.id, "A voucher", cost=Money(1_000, "EUR"))
        again = service.make_amends(unit, found.id, "Two vouchers")
        offer = unit.offers.get(made.offer_id)
    assert again == made
    assert (offer.kind, offer.terms["case_id"], offer.plugin) == ("amends", found.id, "service")


def test_only_complaints_are_made_amends_for(desk):
    found = opened(desk)
    with desk.unit() as unit, pytest.raises(service.NoComplaintError, match="is a question"):
        service.make_amends(unit, found.id, "A voucher")


def complaints(crm, customers, clock, stays):
    """A complaint of each, amends as chance has it; and an order of those *stays* says yes for."""
    with crm.unit() as unit:
        drafts = [Draft(customer_id=each, subject="x", kind="complaint") for each in customers]
        cases = service.open_cases(unit, drafts)
        made = [service.make_amends(unit, each.id, "y", cost=Money(5, "EUR")) for each in cases]
    clock.move(days=10)
    with crm.unit() as unit:
        unit.interactions.add_many(
            Interaction(customer_id=each.customer_id, kind="purchase.order", at=unit.now)
            for each in made
            if stays(each)
        )
    return made


def many(crm, count):
    with crm.unit() as unit:
        return [
            each.id
            for each in unit.customers.add_many(Customer(name=f"c{n}") for n in range(count))
        ]


def test_whether_amends_keep_customers_is_measured(make_desk, clock):
    desk = make_desk(amends_holdout=0.5)
    made = complaints(desk, many(desk, 120), clock, lambda each: not each.held_out)
    held = sum(each.held_out for each in made)
    assert 40 <= held <= 80
    with desk.unit(write=False) as unit:
        early = service.amends_effect(unit, BEGIN, END)
    assert (early.waiting, early.verdict) == (120, "not enough data")
    clock.move(days=180)
    with desk.unit(write=False) as unit:
        found = service.amends_effect(unit, BEGIN, END)
    assert (found.difference, found.verdict, found.waiting) == (1.0, "keeps", 0)
    assert found.cost_minor == 5 * (120 - held)


def test_amends_that_do_nothing_are_not_praised(make_desk, clock):
    desk = make_desk(amends_holdout=0.5)
    complaints(desk, many(desk, 60), clock, lambda each: each.case_id % 2 == 0)
    clock.move(days=180)
    with desk.unit(write=False) as unit:
        found = service.amends_effect(unit, BEGIN, END)
    assert found.verdict == "open"
    assert found.low < 0 < found.high


def test_without_a_holdout_nothing_can_be_told(make_desk, clock):
    desk = make_desk(amends_holdout=0.0)
    complaints(desk, [1, 2], clock, lambda _: True)
    clock.move(days=180)
    with desk.unit(write=False) as unit:
        found = service.amends_effect(unit, BEGIN, END)
    assert isnan(found.difference)
    assert found.verdict == "not enough data"


def test_service_beside_discounts(desk, clock):
    with desk.unit() as unit:
        unit.interactions.add_many(
            Interaction(customer_id=each, kind="purchase.order", at=unit.now) for each in (1, 2, 3)
        )
    clock.move(days=10)
    since = clock.now
    found = opened(desk, customer=1)
    move(desk, found.id, status="solved")
    with desk.unit() as unit:
        service.reply(unit, found.id, "Done.")
        offer = unit.offers.add(
            Offer(customer_id=2, what="10 %", kind="discount", cost=Money(300, "EUR"))
        )
        answer = Interaction(customer_id=2, kind="purchase.order", at=unit.now, offer_id=offer.id)
        answered = unit.interactions.add(answer).id
        unit.offers.save(attrs.evolve(offer, status="accepted", answered_by=answered))
    clock.move(days=10)
    until = clock.now
    with desk.unit() as unit:
        stay = Interaction(customer_id=1, kind="purchase.order", at=unit.now)
        unit.interactions.add(stay)
    with desk.unit(write=False) as unit, pytest.raises(RefusedError, match="180 days after"):
        service.meter(unit, since, until)
    clock.move(days=200)
    with desk.unit(write=False) as unit:
        told = {
            (each.service, each.discount): (each.stayed.count, each.stayed.of, each.acts)
            for each in service.meter(unit, since, until)
        }
    assert told == {
        ("more", False): (1, 1, 2),
        ("none", True): (0, 1, 0),
        ("none", False): (0, 1, 0),
    }
    assert until - since == timedelta(days=10)
