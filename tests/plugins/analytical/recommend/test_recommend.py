"""Recommendations on real databases: what is left out, and why something is in."""

import importlib.util
import json
from contextlib import closing
from datetime import timedelta

import pytest

from crmkit import (
    CRM,
    ConfigError,
    Customer,
    Interaction,
    InvalidValueError,
    Line,
    MissingExtraError,
    Money,
    RecordNotFoundError,
    Ref,
    ask,
)
from crmkit.plugins.analytical import recommend

SETTINGS = {"purpose": "care", "model": "cosine", "margin_share": 0.5}


@pytest.fixture
def opened(make_crm):
    """
    Forty customers: number n bought tea, cup or pot by n, half of them sugar with it, again and
    again. Customer 41 bought nothing.
    """

    def make(**changes):
        crm = make_crm("scoring", "recommend", settings={"recommend": SETTINGS | changes})
        with crm.unit() as unit:
            if not unit.customers.page(size=1):
                fill(unit)
            recommend.fit(unit)
        return crm

    return make


def fill(unit):
    unit.customers.add_many(Customer(name=f"c{n}") for n in range(1, 42))
    for n in range(1, 41):
        unit.interactions.add(order(unit, n, 50, "tea", "cup" if n % 2 else "pot"))
        if n % 4 == 0:
            unit.interactions.add(order(unit, n, 40, "sugar"))
            unit.interactions.add(order(unit, n, 39, "sugar"))
        if n % 8 == 0:
            unit.interactions.add(order(unit, n, 45, "spoon"))


def order(unit, customer_id, ago, *skus, kind="purchase.order"):
    sign = -1 if kind == "purchase.return" else 1
    price = Money(200 * sign, "EUR")
    return Interaction(
        customer_id=customer_id,
        kind=kind,
        at=unit.now - timedelta(days=ago),
        amount=Money(200 * sign * len(skus), "EUR"),
        lines=tuple(
            Line(sku=sku, name=sku.title(), quantity=1.0 * sign, amount=price) for sku in skus
        ),
    )


def skus(unit, customer_id, n=9):
    return [
        each.item.sku for each in recommend.recommendations(unit, [customer_id], n=n)[customer_id]
    ]


def test_what_goes_with_what_somebody_has_comes_first_with_its_reason(opened):
    with opened().unit(write=False) as unit:
        first = recommend.recommendations(unit, [2], n=1)[2][0]
        assert skus(unit, 2) == ["sugar", "spoon", "cup"]
    assert first.score == pytest.approx(sum(each.part for each in first.because))
    assert first.because[0].sku == "pot"
    assert first.why == "You bought Pot; people like you often take this too."
    assert first.chance == 10 / 20


def test_a_purchase_made_after_learning_counts_at_once(opened):
    with opened().unit() as unit:
        before = skus(unit, 1)
        unit.interactions.add(order(unit, 1, 1, "pot"))
        assert before == ["pot", "sugar", "spoon"] or set(before) == {"pot", "sugar", "spoon"}
        assert skus(unit, 1)[0] == "sugar"


def test_what_went_back_speaks_for_nothing(opened):
    with opened().unit() as unit:
        unit.interactions.add(order(unit, 2, 1, "pot", "tea", kind="purchase.return"))
        (first, *_) = recommend.recommendations(unit, [2])[2]
    assert first.because == ()


def test_what_is_gone_sold_out_or_unwanted_is_not_offered(opened):
    with opened().unit() as unit:
        recommend.tell(
            unit,
            [
                recommend.Item(sku="sugar", name="Sugar", tags=("sweet",)),
                recommend.Item(sku="spoon", name="Spoon", stock=0),
            ],
        )
        assert skus(unit, 2) == ["sugar", "cup"]
        recommend.avoid(unit, 2, " Sweet ", source="told us")
        assert skus(unit, 2) == ["cup"]
        assert skus(unit, 6) == ["sugar", "cup"]
        told = [remark.text for _, remark in ask.describe(unit, [unit.customers.get(2)])]
        assert "wants no sweet" in told
        assert recommend.allow(unit, 2, "sweet")
        assert skus(unit, 2) == ["sugar", "cup"]
        recommend.tell(unit, [recommend.Item(sku="cup", active=False)])
        assert skus(unit, 2) == ["sugar"]


def test_what_people_buy_again_is_offered_again_when_it_is_time(opened, clock):
    with opened(repeat_days=45).unit(write=False) as unit:
        assert "sugar" not in skus(unit, 4)
        assert "tea" not in skus(unit, 4)
    clock.move(days=10)
    with opened(repeat_days=45).unit(write=False) as unit:
        assert "sugar" in skus(unit, 4)
        assert "tea" not in skus(unit, 4)


def test_who_bought_nothing_gets_what_most_buy(opened):
    with opened().unit(write=False) as unit:
        first, *_ = recommend.recommendations(unit, [41], n=2)[41]
    assert (first.item.sku, first.chance, first.because) == ("tea", 1.0, ())
    assert first.why == "Many of our customers like it."


def test_offers_are_worth_the_margin_times_the_chance(opened):
    with opened().unit(write=False) as unit:
        ((plugin, proposal),) = ask.propose_offers(unit, [unit.customers.get(2)])
        (cause,) = ask.explain(unit, proposal.because)
    assert (plugin, proposal.purpose, proposal.channel) == ("recommend", "care", "email")
    assert proposal.offer.terms["sku"] == "sugar"
    assert proposal.value == pytest.approx(0.5 * 200 * 10 / 20)
    assert proposal.because == (Ref("recommend_run", 1),)
    assert cause.text == "cosine learnt 5 items from 40 customers"


def test_without_a_purpose_nothing_is_offered_and_doctor_says_so(opened):
    with opened(purpose="").unit(write=False) as unit:
        assert ask.propose_offers(unit, [unit.customers.get(2)]) == []
        texts = [each.text for each in ask.diagnose(unit) if each.subject == "recommend"]
    assert texts == ["no purpose is set: nothing is offered to anybody"]


@pytest.mark.parametrize("model", ["sar", "cosine", "ease", "popular"])
def test_every_model_is_learnt_and_recommends(opened, model):
    with opened(model=model, regularisation=1.0).unit(write=False) as unit:
        assert recommend.last_run(unit).model == model
        assert skus(unit, 2)


def test_als_finds_the_same_friends_or_names_its_extra(opened):
    if importlib.util.find_spec("implicit") is None:
        with pytest.raises(MissingExtraError, match=r"crmkit\[reco\]"):
            opened(model="als")
        return
    with opened(model="als", factors=4).unit(write=False) as unit:
        assert recommend.last_run(unit).model == "als"
        assert recommend.neighbours(unit, ["sugar"])["sugar"]
        assert skus(unit, 2)


def test_too_little_to_learn_from_is_refused_and_what_was_learnt_stays(opened, make_crm):
    crm = opened()
    with make_crm(
        "scoring", "recommend", settings={"recommend": {"history_days": 1}}
    ).unit() as unit:
        with pytest.raises(recommend.TooThinError, match="0 customers bought 0 different items"):
            recommend.fit(unit)
    with crm.unit(write=False) as unit:
        assert recommend.neighbours(unit, ["pot"])["pot"]


def test_nothing_learnt_recommends_nothing(make_crm):
    with make_crm("scoring", "recommend").unit(write=False) as unit:
        with pytest.raises(recommend.NotFittedError, match="recommend fit"):
            recommend.recommendations(unit, [])


def test_what_was_told_of_items_outlives_learning_again(opened):
    with opened().unit() as unit:
        recommend.tell(unit, [recommend.Item(sku="sugar", name="Cane", tags=("sweet",), stock=3)])
        recommend.fit(unit)
        sugar = recommend.items(unit)["sugar"]
    assert (sugar.name, sugar.tags, sugar.stock, sugar.buyers) == ("Cane", ("sweet",), 3, 10)
    assert sugar.repeats == 10


def test_rules_among_orders_are_exact(opened):
    with opened().unit(write=False) as unit:
        found = recommend.rules(unit, min_support="0.1", min_confidence="1")
    assert {(each.given, each.then) for each in found} == {(("cup",), "tea"), (("pot",), "tea")}


def test_a_customer_who_is_not_there_avoids_nothing(opened):
    with opened().unit() as unit:
        with pytest.raises(RecordNotFoundError):
            recommend.avoid(unit, 99, "meat")
        with pytest.raises(InvalidValueError, match="a word such as meat"):
            recommend.avoid(unit, 1, " ")


@pytest.mark.parametrize(
    ("settings", "told"),
    [({"model": "magic"}, "sar, cosine, ease, popular"), ({"neighbours": 0}, "1 to 1000")],
)
def test_wrong_settings_are_told(make_crm, settings, told):
    with pytest.raises(ConfigError, match=told):
        make_crm("scoring", "recommend", settings={"recommend": settings})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name\nx\n", "sku and any of name, active, stock, tags"),
        ("sku,colour\nx,red\n", "sku and any of"),
        ("sku,stock\nx,many\n", "line 2: stock: 'many'"),
        ("sku,active\nx,perhaps\n", "line 2: active: 'perhaps'"),
        ("sku\nx\nx\n", "line 3: sku: 'x'"),
        ("sku,name\nx,y,z\n", "line 2"),
    ],
)
def test_a_list_of_items_that_is_wrong_changes_nothing(cli, tmp_path, text, told):
    assert cli("init", "--plugins", "scoring,recommend").exit_code == 0
    (tmp_path / "items.csv").write_text(text)
    done = cli("recommend", "import-items", "items.csv")
    assert done.exit_code == 2
    assert told in done.stderr
    assert json.loads(cli("--format", "json", "recommend", "items").stdout) == []


def test_the_command_line(cli, tmp_path):
    assert cli("init", "--plugins", "scoring,recommend").exit_code == 0
    refused = cli("recommend", "fit")
    assert refused.exit_code == 5
    with closing(CRM.from_config(tmp_path / "crmkit.toml")) as crm, crm.unit() as unit:
        fill(unit)
    assert cli("recommend", "fit").exit_code == 0
    shown = json.loads(cli("--format", "json", "recommend", "for", "2", "-n", "1").stdout)
    assert shown[0]["sku"] == "sugar"
    near = json.loads(cli("--format", "json", "recommend", "like", "pot").stdout)
    assert {each["sku"] for each in near} == {"tea", "sugar", "spoon"}
    assert cli("recommend", "like", "nothing").exit_code == 3
    assert cli("recommend", "rules", "--min-support", "2").exit_code == 2
    (tmp_path / "items.csv").write_text("sku,tags\nsugar,sweet\n")
    assert "1 of them new or changed" in cli("recommend", "import-items", "items.csv").stderr
    assert cli("recommend", "avoid", "2", "sweet").exit_code == 0
    shown = json.loads(cli("--format", "json", "recommend", "for", "2", "-n", "1").stdout)
    assert shown[0]["sku"] != "sugar"
