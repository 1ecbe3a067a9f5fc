"""Interactions: stored once however often they arrive, in any order, by anybody."""

import threading
from datetime import UTC, datetime, timedelta, timezone

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmkit import (
    CrmkitError,
    Customer,
    DatabaseBusyError,
    Interaction,
    InteractionKind,
    InvalidValueError,
    Line,
    Money,
    Offer,
    Plugin,
    RecordNotFoundError,
    hookimpl,
)

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)


@attrs.frozen
class Answer:
    question: str
    stars: int
    weight: float = 1.0
    tags: tuple[str, ...] = ()
    closed: bool = False


class Hooks:
    @hookimpl
    def crmkit_interaction_kinds(self):
        yield InteractionKind(name="survey.answer", summary="An answer.", payload=Answer)


SURVEY = Plugin(name="survey", summary="", hooks=Hooks())


def test_what_was_added_is_read_back(make_crm, bought):
    crm = make_crm(SURVEY)
    lines = (
        Line(sku="A-1", quantity=2, amount=Money(1000, "EUR"), name="Tea"),
        Line(sku="B-2", quantity=0.5, amount=Money(290, "EUR")),
    )
    with crm.unit() as unit:
        unit.customers.add(Customer(name="Ana"))
        offer = unit.offers.add(Offer(customer_id=1, what="Tea"))
        records = [
            bought("k1", lines=lines, channel="web", thread="t-1", offer_id=offer.id),
            bought(None, minor=-1290, kind="purchase.return", amount=None, machine=True),
            bought("k2", kind="survey.answer", payload={"question": "Why?", "stars": 5}),
            bought("k3", text="Hello,\n\tworld ☕ \\u0000", direction="outbound", source=""),
        ]
        added = unit.interactions.add_many(records)
    assert (list(added.ids), added.new) == ([1, 2, 3, 4], 4)
    with crm.unit(write=False) as unit:
        for record, new_id in zip(records, added.ids, strict=True):
            assert unit.interactions.get(new_id) == attrs.evolve(record, id=new_id)


@pytest.mark.parametrize(
    "at",
    [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2038, 1, 19, 3, 14, 8, 1, tzinfo=UTC),
        datetime(2026, 3, 29, 2, 30, tzinfo=timezone(timedelta(hours=5, minutes=45))),
    ],
)
def test_an_instant_is_exact_and_comes_back_in_utc(ana, bought, at):
    with ana.unit() as unit:
        added = unit.interactions.add(bought("k", at=at))
        read = unit.interactions.get(added.id)
    assert read.at == at
    assert read.at.utcoffset() == timedelta(0)


def test_the_same_key_in_one_batch_is_stored_once(ana, bought):
    with ana.unit() as unit:
        added = unit.interactions.add_many(
            [
                bought("a"),
                bought("b"),
                bought("a", minor=1),
                bought("b"),
                bought(None),
                bought(None),
            ]
        )
        ids, new = list(added.ids), added.new
        assert new == 4
        assert ids[0] == ids[2]
        assert ids[1] == ids[3]
        assert len(set(ids)) == 4
        assert unit.interactions.get(ids[0]).amount == Money(1290, "EUR")
        assert len(unit.interactions.timeline(1)) == 4


def test_a_key_that_is_there_already_is_left_as_it_is(ana, bought):
    with ana.unit() as unit:
        first = unit.interactions.add_many([bought("a"), bought("b")])
    with ana.unit() as unit:
        again = unit.interactions.add_many([bought("c"), bought("b", minor=5), bought("a")])
        assert again.new == 1
        assert list(again.ids)[1:] == [first.ids[1], first.ids[0]]
        assert unit.interactions.get(first.ids[1]).amount == Money(1290, "EUR")
        assert unit.interactions.ids_of("shop", ["a", "b", "nope"]) == {
            "a": first.ids[0],
            "b": first.ids[1],
        }
        assert unit.interactions.add(bought("a", minor=7)).amount == Money(1290, "EUR")
        assert unit.interactions.add_many([bought("a"), bought("b")]).new == 0
        assert unit.interactions.add(bought("a", source="till")).id not in first.ids


def test_a_rerun_tells_the_plugins_only_what_is_new(make_crm, bought):
    told = []

    class Listening:
        @hookimpl
        def crmkit_saved(self, changes):
            if changes.noun == "interaction":
                told.append(
                    [(i, r.source_key) for i, r in zip(changes.ids, changes.after, strict=True)]
                )

    crm = make_crm(Plugin(name="listening", summary="", hooks=Listening()))
    with crm.unit() as unit:
        unit.customers.add(Customer(name="Ana"))
        unit.interactions.add_many([bought("a"), bought("b")])
        unit.interactions.add_many([bought("b"), bought("c"), bought("c")])
        unit.interactions.add_many([bought("c")])
        ids = unit.interactions.ids_of("shop", "abc")
    assert told == [[(ids["a"], "a"), (ids["b"], "b")], [(ids["c"], "c")]]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("through", ["unit", "run"])
def test_writers_of_the_same_keys_at_once_store_each_once(ana, bought, through):
    barrier, failures = threading.Barrier(6), []

    def store(unit):
        return unit.interactions.add_many(bought(f"k{n}") for n in range(40))

    def write():
        barrier.wait()
        try:
            if through == "run":
                ana.run(store)
            else:
                with ana.unit() as unit:
                    store(unit)
        except CrmkitError as exc:
            failures.append(exc)

    threads = [threading.Thread(target=write) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert [each for each in failures if not isinstance(each, DatabaseBusyError)] == []
    if through == "run":
        assert failures == []
    with ana.unit(write=False) as unit:
        keys = [each.source_key for each in unit.interactions.timeline(1, size=100)]
    assert sorted(keys) == sorted(f"k{n}" for n in range(40))


def test_a_customer_or_offer_that_does_not_exist_is_named(ana, bought):
    with ana.unit() as unit:
        with pytest.raises(RecordNotFoundError, match=r"^no customer 77$"):
            unit.interactions.add_many([bought("a"), bought("b", customer_id=77)])
        with pytest.raises(RecordNotFoundError, match=r"^no offer 78$"):
            unit.interactions.add_many([bought("a"), bought("b", offer_id=78)])
        assert unit.interactions.timeline(1) == []
        with pytest.raises(RecordNotFoundError, match=r"^no interaction 5$"):
            unit.interactions.get(5)


def test_an_unregistered_kind_is_refused_with_the_nearest(ana, bought):
    with ana.unit() as unit:
        with pytest.raises(InvalidValueError, match=r"'purchase\.ordr'.*did you mean 'purchase\."):
            unit.interactions.add(bought("a", kind="purchase.ordr"))


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        ({"question": "Why?"}, "stars"),
        ({"question": "Why?", "stars": "5"}, r"expected int @ \$\.stars"),
        ({"question": "Why?", "stars": 5.0}, "expected int"),
        ({"question": "Why?", "stars": True}, "expected int"),
        ({"question": 5, "stars": 5}, "expected str"),
        ({"question": "Why?", "stars": 5, "tags": "abc"}, "expected tuple"),
        ({"question": "Why?", "stars": 5, "tags": [1]}, "expected tuple"),
        ({"question": "Why?", "stars": 5, "closed": "no"}, "expected bool"),
        ({"question": "Why?", "stars": 5, "extra": 1}, "extra"),
        ({"question": "Why?", "stars": 5, "weight": float("nan")}, "JSON"),
        ({"question": "a\x00", "stars": 5}, "NUL"),
        ({"question": "\ud800", "stars": 5}, "JSON-ready"),
    ],
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_payload_fits_the_schema_of_its_kind(make_crm, bought, payload, told):
    crm = make_crm(SURVEY)
    with crm.unit() as unit:
        unit.customers.add(Customer(name="Ana"))
        with pytest.raises(InvalidValueError, match=told):
            unit.interactions.add(bought("a", kind="survey.answer", payload=payload))
        assert unit.interactions.timeline(1) == []


def test_a_kind_without_schema_takes_no_payload(ana, bought):
    with ana.unit() as unit:
        with pytest.raises(InvalidValueError, match=r"nothing for kind purchase\.order"):
            unit.interactions.add(bought("a", payload={"colour": "red"}))


def test_a_payload_comes_back_as_it_went(make_crm, bought):
    crm = make_crm(SURVEY)
    payload = {"question": "Wh\\u0000y ☕?", "stars": -5, "weight": 2, "tags": ["b", "a"]}
    with crm.unit() as unit:
        unit.customers.add(Customer(name="Ana"))
        added = unit.interactions.add(bought("a", kind="survey.answer", payload=payload))
        assert unit.interactions.get(added.id).payload == payload


def test_a_stored_interaction_is_never_changed(ana, bought):
    with ana.unit() as unit:
        stored = unit.interactions.add(bought("a"))
        with pytest.raises(InvalidValueError, match="an interaction is never changed"):
            unit.interactions.add(attrs.evolve(stored, amount=None))
        assert unit.interactions.add_many([]).new == 0


@given(
    hours=st.lists(st.integers(0, 4), max_size=30),
    size=st.integers(1, 7),
)
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_pages_of_a_timeline_put_together_are_the_whole_sorted(ana, bought, hours, size):
    with pytest.raises(ZeroDivisionError), ana.unit() as unit:  # noqa: PT012
        records = [bought(None, hours=each) for each in hours]
        ids = unit.interactions.add_many(records).ids
        expected = sorted(zip(hours, ids, strict=True), reverse=True)
        pages, last = [], None
        while page := unit.interactions.timeline(1, before=last, size=size):
            assert len(page) <= size
            pages += page
            last = page[-1]
        assert [each.id for each in pages] == [new_id for _, new_id in expected]
        1 / 0  # noqa: B018  rolls this example back


def test_a_timeline_is_of_one_customer(make_crm, bought):
    crm = make_crm()
    with crm.unit() as unit:
        unit.customers.add_many([Customer(name="A"), Customer(name="B")])
        unit.interactions.add_many(bought(None, customer_id=n % 2 + 1) for n in range(6))
        assert {each.customer_id for each in unit.interactions.timeline(2)} == {2}


def heard(text, **fields):
    return Interaction(**{"customer_id": 1, "kind": "note.heard", "at": AT, "text": text} | fields)


def test_texts_are_found_once_they_are_indexed_in_batches(ana):
    with ana.unit() as unit:
        unit.interactions.add_many(heard(f"She collects STAMPS number {n}") for n in range(5))
        unit.interactions.add(heard(""))
        assert unit.interactions.search("stamps") == []
    with ana.unit() as unit:
        assert [unit.interactions.index_texts(size=3) for _ in range(3)] == [3, 2, 0]
    with ana.unit(write=False) as unit:
        found = unit.interactions.search("stamps", size=4)
        assert [each.id for each in found] == [5, 4, 3, 2]
        assert [each.id for each in unit.interactions.search("number 3")] == [4]


TEXTS = [
    "Zoë lives at STRASSE 5", "Он живёт в Москве", "喜欢茶 very much", "e-mail: ana@example.com",
    "snake_case words", "3.14159 and 12abc", "it's O'Brien's", "a", "tab\tand\nline",
]  # fmt: skip
TEXTS_FOUND = {
    "zoe": [1],
    "straße": [1],
    "STRAS": [1],
    "москве": [2],
    "喜欢茶": [3],
    "喜欢": [3],
    "much very": [3],
    "ana@example.com": [4],
    "example": [4],
    "snake": [5],
    "snake_case": [5],
    "12ab": [6],
    "14159": [6],
    "o'brien": [7],
    "a": [9, 8, 6, 4, 1],
    "line": [9],
    "a b": [],
    "'; DROP": [],
    "NOT zoe": [],
    "zoe OR moscow": [],
    "zoe*": [1],
    '"zoe': [1],
    "&|!()": [],
    "": [],
    "\x00": [],
}


def test_words_are_found_the_same_on_both_databases(ana):
    with ana.unit() as unit:
        unit.interactions.add_many(heard(text) for text in TEXTS)
        unit.interactions.index_texts()
        for asked, ids in TEXTS_FOUND.items():
            found = [each.id for each in unit.interactions.search(asked)]
            assert found == ids, asked


def test_a_text_of_a_million_characters_does_not_stop_the_index(ana):
    words = " ".join(f"w{n:06}" for n in range(125_000))
    with ana.unit() as unit:
        unit.interactions.add_many([heard(words[:1_000_000]), heard("x" * 5000), heard("after it")])
        assert unit.interactions.index_texts() == 3
        assert [each.id for each in unit.interactions.search("after")] == [3]
        assert [each.id for each in unit.interactions.search("w000001")] == [1]


@pytest.mark.parametrize(
    ("kind", "amount"), [("purchase.order", "-5.00 EUR"), ("purchase.return", "5.00 EUR")]
)
def test_an_amount_goes_the_way_its_kind_says(ana, kind, amount):
    with pytest.raises(InvalidValueError, match=f"amount: .*{amount}.* for {kind}"):
        with ana.unit() as unit:
            unit.interactions.add(
                Interaction(customer_id=1, kind=kind, at=unit.now, amount=Money.parse(amount))
            )
