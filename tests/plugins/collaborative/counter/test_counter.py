"""The shopkeeper's memory, on both databases."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit import (
    ContactPoint,
    Customer,
    Identity,
    Interaction,
    InvalidValueError,
    Line,
    Money,
    Offer,
    RecordNotFoundError,
)
from crmkit.plugins.collaborative import counter
from crmkit.plugins.collaborative.counter import Heard
from crmkit.plugins.foundation import consent
from crmkit.plugins.operational import service

PLUGINS = ("consent", "service", "billing", "scoring", "recommend", "counter")


@pytest.fixture
def crm(make_crm):
    return make_crm(*PLUGINS)


@pytest.fixture
def ana(crm):
    with crm.unit() as unit:
        record = Customer(
            name="Ana Kowalska",
            contact_points=(
                ContactPoint("email", "ana@example.com"),
                ContactPoint("phone", "+48 22 123 45 67"),
            ),
            identities=(Identity("loyalty", "99887766"),),
        )
        return unit.customers.add(record).id


def bought(unit, customer_id, days, *skus):
    lines = tuple(Line(sku=sku, name=f"{sku} cone", amount=Money(200, "EUR")) for sku in skus)
    at = unit.now - timedelta(days=days)
    total = Money(200 * len(skus), "EUR")
    record = Interaction(
        customer_id=customer_id, kind="purchase.order", at=at, amount=total, lines=lines
    )
    unit.interactions.add(record)


def seen(crm, customer_id):
    with crm.unit(write=False) as unit:
        return counter.prompt(unit, customer_id)


def heard(crm, customer_id, **facts):
    with crm.unit() as unit:
        return counter.hear(unit, customer_id, Heard(**facts))


@pytest.mark.parametrize(
    "who",
    ["1", "ana@example.com", "+48 22 123 45 67", "99887766", "loyalty:99887766", "ana kow"],
)
def test_whoever_is_named_in_any_way_is_found(crm, ana, who):
    with crm.unit(write=False) as unit:
        assert counter.find(unit, who.replace("1", str(ana)) if who == "1" else who).id == ana


def test_two_of_one_name_are_a_choice_and_an_exact_name_is_none(crm, ana):
    with crm.unit() as unit:
        other = unit.customers.add(Customer(name="Ana Kowalska-Nowak")).id
    with crm.unit(write=False) as unit:
        assert counter.find(unit, "ana kowalska").id == ana
        with pytest.raises(counter.SeveralError, match="say the number") as told:
            counter.find(unit, "kowal")
    assert {number for number, _ in told.value.choices} == {ana, other}


def test_a_number_that_is_one_persons_id_and_anothers_card_is_never_guessed(crm, ana):
    with crm.unit() as unit:
        card = Identity("card", str(ana))
        unit.customers.add(Customer(name="Bo", identities=(card,)))
    with crm.unit(write=False) as unit, pytest.raises(counter.SeveralError):
        counter.find(unit, str(ana))


@pytest.mark.parametrize("who", ["", "nobody", "loyalty:1", "no@example.com", "424242"])
def test_who_is_not_there_is_not_found(crm, ana, who):
    with crm.unit(write=False) as unit, pytest.raises(RecordNotFoundError):
        counter.find(unit, who)


def test_the_favourite_is_what_is_bought_most_and_the_last_is_the_last(crm, ana):
    with crm.unit() as unit:
        for days, skus in ((30, ["P", "V"]), (20, ["P"]), (2, ["M"])):
            bought(unit, ana, days, *skus)
        now = unit.now
    prompt = seen(crm, ana)
    assert [(each.sku, each.times) for each in prompt.favourites] == [("P", 2), ("M", 1), ("V", 1)]
    assert prompt.last.sku == "M"
    assert (prompt.visits, prompt.since) == (3, now - timedelta(days=30))
    assert prompt.question.text == "How did you like the M cone?"


def test_what_was_heard_stands_on_the_screen(crm, ana):
    heard(crm, ana, text="A hard week at work")
    heard(crm, ana, sku="P", likes=True, text="the darker the better")
    heard(crm, ana, sku="V", likes=False)
    prompt = seen(crm, ana)
    assert {each.text for each in prompt.heard} == {
        "A hard week at work",
        "P: the darker the better",
    }
    assert prompt.spare == ("V",)


def test_the_last_word_on_an_article_counts(crm, ana, clock):
    heard(crm, ana, sku="V", likes=False)
    clock.move(days=1)
    heard(crm, ana, sku="V", likes=True)
    assert seen(crm, ana).spare == ()


def test_a_question_is_asked_until_it_is_answered_rests_or_is_refused(crm, ana, clock):
    with crm.unit() as unit:
        for days in (30, 20, 2):
            bought(unit, ana, days, "P")
    heard(crm, ana, question="last_purchase", text="Very much")
    assert seen(crm, ana).question.name == "family"
    heard(crm, ana, question="family", response="unanswered")
    assert seen(crm, ana).question.name == "missed"
    heard(crm, ana, question="missed", response="refused")
    assert seen(crm, ana).question is None
    clock.move(days=91)
    assert seen(crm, ana).question.name == "family"
    heard(crm, ana, question="family", text="Two girls")
    prompt = seen(crm, ana)
    assert prompt.question is None
    assert {each.topic: each.text for each in prompt.known} == {
        "family": "Two girls",
        "last_purchase": "Very much",
    }
    with crm.unit() as unit:
        bought(unit, ana, 0, "M")
    assert seen(crm, ana).question.text == "How did you like the M cone?"


def an_offer(crm, customer_id, **facts):
    with crm.unit() as unit:
        record = Offer(customer_id=customer_id, what="A second scoop", why="It is hot.", **facts)
        return unit.offers.add(record).id


@pytest.mark.parametrize("reply", ["accepted", "declined"])
def test_an_offer_raised_at_the_counter_is_carried_and_answered_there(crm, ana, reply):
    offer_id = an_offer(crm, ana)
    assert seen(crm, ana).suggestion.offer_id == offer_id
    noted = heard(crm, ana, offer_id=offer_id, reply=reply)
    with crm.unit(write=False) as unit:
        offer = unit.offers.get(offer_id)
    assert offer.status == reply
    assert (offer.carried_by, offer.answered_by) == (noted.interaction_ids * 2)
    assert seen(crm, ana).suggestion is None


def test_an_offer_that_was_kept_back_stays_open(crm, ana):
    offer_id = an_offer(crm, ana)
    heard(crm, ana, offer_id=offer_id, reply="not_raised")
    assert seen(crm, ana).suggestion.offer_id == offer_id


def test_what_was_declined_rests_although_it_is_offered_anew(crm, ana, clock):
    heard(crm, ana, offer_id=an_offer(crm, ana), reply="declined")
    again = an_offer(crm, ana)
    assert seen(crm, ana).suggestion is None
    clock.move(days=91)
    assert seen(crm, ana).suggestion.offer_id == again


def test_what_they_dislike_is_not_offered(crm, ana):
    an_offer(crm, ana, terms={"sku": "V"})
    heard(crm, ana, sku="V", likes=False)
    assert seen(crm, ana).suggestion is None


def test_another_persons_offer_cannot_be_answered_and_nothing_is_kept(crm, ana):
    with crm.unit() as unit:
        bo = unit.customers.add(Customer(name="Bo")).id
    offer_id = an_offer(crm, bo)
    with crm.unit() as unit:
        with pytest.raises(InvalidValueError, match="an offer that is open to customer"):
            counter.hear(unit, ana, Heard(text="Yes", offer_id=offer_id, reply="accepted"))
    assert seen(crm, ana).heard == ()


def test_after_a_complaint_nothing_is_sold_until_it_is_solved_and_some_time_has_gone(
    crm, ana, clock
):
    an_offer(crm, ana)
    with crm.unit() as unit:
        draft = service.Draft(customer_id=ana, subject="The cone broke", kind="complaint")
        (case,) = service.open_cases(unit, [draft])
    prompt = seen(crm, ana)
    assert prompt.suggestion is None
    assert prompt.question is None
    assert prompt.first[0].startswith("complaint 'The cone broke', open since")
    clock.move(days=15)
    assert seen(crm, ana).suggestion is None
    with crm.unit() as unit:
        service.change(unit, [case.id], status="solved")
    assert seen(crm, ana).suggestion is not None


def test_who_objected_to_marketing_is_sold_nothing(crm, ana):
    an_offer(crm, ana)
    with crm.unit() as unit:
        consent.object_to_marketing(unit, ana, evidence="said so", source="till")
    prompt = seen(crm, ana)
    assert prompt.suggestion is None
    assert prompt.silence[0].startswith("they objected to marketing")


def test_a_sale_and_what_was_heard_are_one_and_the_same_receipt_counts_once(crm, ana):
    offer_id = an_offer(crm, ana)
    said = Heard(text="For her sister", offer_id=offer_id, reply="accepted")
    for _ in range(2):
        with crm.unit() as unit:
            noted = counter.sell(
                unit, ana, Money(400, "EUR"), heard=said, source="till", source_key="r-1"
            )
    with crm.unit(write=False) as unit:
        timeline = unit.interactions.timeline(ana)
        offer = unit.offers.get(offer_id)
    kinds = sorted(each.kind for each in timeline)
    assert kinds == ["counter.offered", "note.heard", "purchase.order"]
    purchase = next(each for each in timeline if each.kind == "purchase.order")
    assert (offer.status, offer.answered_by) == ("accepted", purchase.id)
    assert purchase.offer_id == offer_id
    assert set(noted.interaction_ids) == {each.id for each in timeline}


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"text": "  "},
        {"text": "x", "sku": "V"},
        {"text": "x", "likes": True},
        {"question": "family"},
        {"offer_id": 1},
        {"text": "x", "reply": "accepted"},
        {"question": "family", "response": "maybe"},
    ],
)
def test_half_of_a_fact_is_refused(facts):
    with pytest.raises(InvalidValueError):
        Heard(**facts)


def test_an_unknown_question_is_refused_with_the_nearest(crm, ana):
    with crm.unit() as unit, pytest.raises(InvalidValueError, match="family"):
        counter.hear(unit, ana, Heard(text="x", question="famly"))


WORDS = st.text(max_size=300)


@given(WORDS, st.lists(WORDS, max_size=30), st.lists(WORDS, max_size=9), WORDS)
def test_whatever_is_known_one_screen_holds_it(name, first, also, why):
    prompt = counter.Prompt(
        customer_id=1,
        name=name,
        since=None,
        last_at=None,
        visits=0,
        first=tuple(first),
        also=tuple(also),
        suggestion=counter.Suggestion(what="Tea", why=why, offer_id=7),
        question=counter.Asking(name="family", text="Whom else do you shop for?"),
    )
    lines = counter.lines(prompt)
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert lines[-1].endswith("[family]")
