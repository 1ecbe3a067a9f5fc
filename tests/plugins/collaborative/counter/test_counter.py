"""What stands on the shopkeeper's screen, and what is noted in the moment of sale."""

import json
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from crmkit import (
    CRM,
    Attribute,
    ConfigError,
    ContactPoint,
    Customer,
    Interaction,
    InvalidValueError,
    Line,
    Money,
    Offer,
    RecordNotFoundError,
    RefusedError,
)
from crmkit.plugins.collaborative import counter
from crmkit.plugins.collaborative.counter.screen import ROWS, WIDTH, screen
from crmkit.plugins.foundation import consent
from crmkit.plugins.operational import service


def order(unit, customer_id, days, *skus):
    return Interaction(
        customer_id=customer_id,
        kind="purchase.order",
        at=unit.now - timedelta(days=days),
        amount=Money(500 * len(skus), "EUR"),
        lines=tuple(Line(sku=each, name=each.title(), amount=Money(500, "EUR")) for each in skus),
    )


@pytest.fixture
def crm(make_crm):
    return make_crm("scoring", "service", "consent", "counter", settings={"service": {}})


@pytest.fixture
def ana(crm):
    with crm.unit() as unit:
        point = ContactPoint("email", "ana@example.com")
        who = unit.customers.add(Customer(name="Ana Ruiz", contact_points=(point,)))
        unit.interactions.add_many(
            [
                order(unit, who.id, 300, "tea", "mug"),
                order(unit, who.id, 100, "tea", "honey"),
                order(unit, who.id, 3, "tea", "honey"),
            ]
        )
        unit.offers.add(Offer(customer_id=who.id, what="A teapot", why="You like tea."))
    return who.id


def prompt(crm, customer_id):
    with crm.unit(write=False) as unit:
        return counter.prompt(unit, customer_id)


def test_what_they_like_is_what_most_of_their_orders_hold(crm, ana):
    told = prompt(crm, ana)
    assert [(each.sku, each.orders) for each in told.favourites] == [
        ("tea", 3),
        ("honey", 2),
        ("mug", 1),
    ]
    assert (told.name, told.orders) == ("Ana Ruiz", 3)
    assert [each.what for each in told.offers] == ["A teapot"]


def test_what_is_heard_is_there_the_next_time(crm, ana, clock):
    with crm.unit() as unit:
        counter.hear(unit, ana, "  has a dog now ")
    clock.move(days=2)
    told = prompt(crm, ana)
    assert [each.text for each in told.heard] == ["has a dog now"]
    assert "heard    2 days ago: has a dog now" in screen(told, clock.now)


def test_questions_come_one_at_a_time_and_an_answer_is_not_asked_for_again(crm, ana, clock):
    assert prompt(crm, ana).question.name == "heard_of_us"
    with crm.unit() as unit:
        counter.answer(unit, ana, "heard_of_us", "from a neighbour")
    assert prompt(crm, ana).question is None
    clock.move(days=14)
    told = prompt(crm, ana)
    assert told.question.name == "for_whom"
    assert [each.text for each in told.heard] == ["from a neighbour"]


def test_a_question_that_was_refused_rests_for_a_year(crm, ana, clock):
    with crm.unit() as unit:
        counter.answer(unit, ana, "heard_of_us", refused=True)
    clock.move(days=20)
    assert prompt(crm, ana).question.name == "for_whom"
    clock.move(days=345)
    assert prompt(crm, ana).question.name == "heard_of_us"


def test_who_has_hardly_bought_is_served_and_not_asked(crm):
    with crm.unit() as unit:
        bo = unit.customers.add(Customer(name="Bo")).id
        counter.answer(unit, bo, "heard_of_us", refused=True)
        unit.interactions.add(
            Interaction(customer_id=bo, kind="contact.visit", at=unit.now - timedelta(days=90))
        )
    told = prompt(crm, bo)
    assert (told.question, told.orders, told.last_order_at) == (None, 0, None)


def test_what_an_attribute_says_is_not_asked(make_crm):
    question = {"name": "dog", "text": "Have you a dog?", "unless_attribute": "dog"}
    crm = make_crm(
        "counter",
        attributes=[Attribute(name="dog", type="text")],
        settings={"counter": {"questions": [question | {"from_orders": 0}]}},
    )
    with crm.unit() as unit:
        ana, bo = unit.customers.add_many(
            [Customer(name="Ana", attributes={"dog": "yes"}), Customer(name="Bo")]
        )
    assert prompt(crm, ana.id).question is None
    assert prompt(crm, bo.id).question.text == "Have you a dog?"


def test_who_complains_is_served_and_not_sold_to(crm, ana):
    with crm.unit() as unit:
        draft = service.Draft(customer_id=ana, subject="The mug leaks", kind="complaint")
        (case,) = service.open_cases(unit, [draft])
    told = prompt(crm, ana)
    assert (told.offers, told.question) == ((), None)
    assert f"complaint {case.id} is open" in told.silence[0]
    assert "The mug leaks" in told.silence[0]
    with crm.unit() as unit:
        service.change(unit, [case.id], status="solved")
    assert [each.what for each in prompt(crm, ana).offers] == ["A teapot"]


def test_who_objected_to_advertising_is_proposed_nothing(crm, ana):
    with crm.unit() as unit:
        consent.object_to_marketing(unit, ana, source="letter")
    told = prompt(crm, ana)
    assert told.silence == ("objected to advertising: serve, and propose nothing",)
    assert told.offers == ()


@pytest.mark.parametrize(("accepted", "status"), [(True, "accepted"), (False, "declined")])
def test_an_answer_to_an_offer_is_its_end(crm, ana, accepted, status):
    with crm.unit() as unit:
        (offer,) = unit.offers.open_of(ana)
        done = counter.respond(unit, ana, offer.id, accepted=accepted, text="has one")
        said = unit.interactions.get(done.answered_by)
    assert (done.status, said.offer_id, said.text) == (status, offer.id, "has one")
    with crm.unit() as unit, pytest.raises(RefusedError, match=f"is {status} already"):
        counter.respond(unit, ana, offer.id, accepted=True)


def test_an_offer_of_somebody_else_or_out_of_time_is_none(crm, ana, clock):
    with crm.unit() as unit:
        bo = unit.customers.add(Customer(name="Bo")).id
        late = unit.offers.add(
            Offer(customer_id=bo, what="Tea", valid_until=clock.now + timedelta(days=1))
        )
        with pytest.raises(RefusedError, match=f"is customer {bo}'s"):
            counter.respond(unit, ana, late.id, accepted=True)
    assert len(prompt(crm, bo).offers) == 1
    clock.move(days=1)
    assert prompt(crm, bo).offers == ()


def test_people_are_found_by_what_they_say(crm, ana):
    with crm.unit() as unit:
        unit.customers.add(Customer(name="Ana Lopez"))
        assert counter.who(unit, "ana@example.com").id == ana
        assert counter.who(unit, str(ana)).id == ana
        assert counter.who(unit, "ruiz").id == ana
        with pytest.raises(RefusedError, match=r"may be .*Ana Ruiz.*say the number"):
            counter.who(unit, "ana")
        with pytest.raises(RecordNotFoundError):
            counter.who(unit, "zoe")


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda unit, ana: counter.hear(unit, ana, " "), "what was heard"),
        (lambda unit, ana: counter.answer(unit, ana, "liks", "x"), "did you mean 'likes'"),
        (lambda unit, ana: counter.answer(unit, ana, "likes"), "an answer, or that it was refused"),
        (lambda unit, ana: counter.answer(unit, ana, "likes", "x", refused=True), "an answer"),
    ],
)
def test_what_says_nothing_is_refused(crm, ana, call, told):
    with crm.unit() as unit, pytest.raises(InvalidValueError, match=told):
        call(unit, ana)


def test_a_screen_is_a_screen(crm, ana, clock):
    with crm.unit() as unit:
        for n in range(40):
            unit.offers.add(Offer(customer_id=ana, what=f"Thing {n} " + "and more " * 20))
    lines = screen(prompt(crm, ana), clock.now)
    assert len(lines) == ROWS
    assert max(map(len, lines)) <= WIDTH
    assert lines[-1].strip() == "..."


def test_who_is_new_is_told_so(crm, clock):
    with crm.unit() as unit:
        bo = unit.customers.add(Customer(name="Bo")).id
    assert "new to us" in screen(prompt(crm, bo), clock.now)[1]


def test_questions_have_names_of_their_own(make_crm):
    twice = [{"name": "a", "text": "?"}, {"name": "a", "text": "??"}]
    with pytest.raises(ConfigError, match="each name once"):
        make_crm("counter", settings={"counter": {"questions": twice}})


def test_the_command_line(cli, tmp_path):
    assert cli("init", "--plugins", "counter").exit_code == 0
    assert cli("customer", "add", "Ana Ruiz", "--email", "ana@example.com").exit_code == 0
    assert cli("counter", "hear", "ruiz", "has a dog").exit_code == 0
    shown = cli("counter", "ana@example.com")
    assert shown.exit_code == 0, shown.output
    assert "Ana Ruiz (1)" in shown.stdout
    assert "today: has a dog" in shown.stdout
    told = json.loads(cli("--format", "json", "counter", "show", "1").stdout)
    assert told["question"]["name"] == "heard_of_us"
    assert cli("counter", "answer", "1", "heard_of_us", "a friend").exit_code == 0
    assert cli("counter", "offer", "1", "7").exit_code == 2
    assert cli("counter", "offer", "1", "7", "--accepted").exit_code == 3
    program = Path(sys.executable).with_name("crmkit")
    command = [program, "counter", "show", "1", "--listen"]
    done = subprocess.run(
        command, input="likes blue\n\n", text=True, capture_output=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr
    with closing(CRM.from_config(tmp_path / "crmkit.toml")) as crm, crm.unit(write=False) as unit:
        assert "likes blue" in [each.text for each in unit.interactions.timeline(1)]
