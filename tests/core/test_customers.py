"""Customers in the database: the same on SQLite and PostgreSQL."""

import threading

import attrs
import pytest

from crmkit import (
    AmbiguousReferenceError,
    Attribute,
    ChangeRejectedError,
    ContactPoint,
    CrmkitError,
    Customer,
    DatabaseBusyError,
    Identity,
    InvalidValueError,
    Plugin,
    RecordNotFoundError,
    StaleVersionError,
    hookimpl,
)

TIER = Attribute(name="tier", type="choice", choices=("gold", "silver"), indexed=True)
LIMIT = Attribute(name="credit", type="decimal", indexed=True)
NOTE = Attribute(name="note", type="text")


def shop(number):
    return Identity("shop", str(number))


def full():
    return Customer(
        name="Zoë Müller",
        kind="organisation",
        standing="mentioned",
        contact_points=(
            ContactPoint("phone", "+48 22 123 45 67", label="work"),
            ContactPoint("email", "Zoe@Example.com", preferred=True),
            ContactPoint("postal", "Hauptstraße 1\n10115 Berlin"),
        ),
        identities=(shop(7), Identity("erp", "Z-7")),
        locale="de-DE",
        time_zone="Europe/Berlin",
        attributes={"tier": "gold", "credit": "12.50", "note": "likes “tea”\n☕"},
    )


def test_what_was_added_is_read_back(make_crm):
    crm = make_crm(attributes=[TIER, LIMIT, NOTE])
    with crm.unit() as unit:
        added = unit.customers.add(full())
    assert (added.id, added.version) == (1, 1)
    with crm.unit(write=False) as unit:
        assert unit.customers.get(1) == added
    assert added.contact_points == full().contact_points
    assert added.identities == (Identity("erp", "Z-7"), shop(7))
    assert added.attributes == {"tier": "gold", "credit": "12.5", "note": "likes “tea”\n☕"}


def test_ids_are_short_and_dense(make_crm):
    crm = make_crm()
    with crm.unit() as unit:
        first = unit.customers.add_many(Customer(name=f"c{n}") for n in range(3))
    with pytest.raises(RuntimeError), crm.unit() as unit:  # noqa: PT012
        unit.customers.add(Customer(name="rolled back"))
        raise RuntimeError
    with crm.unit() as unit:
        last = unit.customers.add(Customer(name="d"))
        unit.interactions.index_texts()
    assert [each.id for each in first] == [1, 2, 3]
    assert last.id == 4 if crm.engine.dialect.name == "sqlite" else last.id == 5


def test_nobody_answers_to_an_unknown_id(ana):
    with ana.unit() as unit:
        with pytest.raises(RecordNotFoundError, match="no customer 99"):
            unit.customers.get(99)
        assert unit.customers.get_many([]) == []
        assert [each.id for each in unit.customers.get_many([99, 1, 1])] == [1]


def test_a_stored_customer_is_not_added_again(ana):
    with ana.unit() as unit:
        with pytest.raises(InvalidValueError, match=r"id: 1 is not accepted.*use save"):
            unit.customers.add(unit.customers.get(1))


def test_pages_walk_through_all_customers_once_by_id(make_crm):
    crm = make_crm()
    with crm.unit() as unit:
        unit.customers.add_many(Customer(name=f"c{n}") for n in range(23))
        gone = unit.customers.get(7)
        unit.customers.save(attrs.evolve(gone, status="archived"))
    seen, after = [], 0
    with crm.unit(write=False) as unit:
        while page := unit.customers.page(after=after, size=5):
            assert len(page) <= 5
            seen += [each.id for each in page]
            after = page[-1].id
        archived = unit.customers.page(status="archived")
    assert seen == [n for n in range(1, 24) if n != 7]
    assert [each.id for each in archived] == [7]


def test_a_customer_is_called_by_id_address_or_identity(ana):
    with ana.unit() as unit:
        known = unit.customers.get(1)
        points = (ContactPoint("email", "Ana@Example.com"),)
        unit.customers.save(attrs.evolve(known, contact_points=points))
        for reference in (1, "1", " ana@example.com ", "ANA@EXAMPLE.COM.", "shop:42"):
            assert unit.customers.find(reference).id == 1


def test_a_reference_to_nobody_is_not_found(ana):
    with ana.unit() as unit:
        for reference in ("7", "nobody@example.com", "shop:7", "erp:42"):
            with pytest.raises(RecordNotFoundError, match=f"no customer '?{reference}"):
                unit.customers.find(reference)


def test_a_reference_of_no_known_form_is_refused(ana):
    with ana.unit() as unit:
        for reference in ("Ana", "", "9" * 30, "9" * 5000, "٣", "-1"):
            with pytest.raises(InvalidValueError, match="an id, an e-mail address or namespace:"):
                unit.customers.find(reference)


def test_an_address_two_customers_share_is_ambiguous(make_crm):
    crm = make_crm()
    home = (ContactPoint("email", "home@example.com"),)
    with crm.unit() as unit:
        unit.customers.add_many(Customer(name=name, contact_points=home) for name in "AB")
        with pytest.raises(AmbiguousReferenceError, match="customers 1, 2; name one of them by id"):
            unit.customers.find("home@example.com")


def test_a_save_raises_the_version_and_replaces_all_parts(make_crm):
    crm = make_crm(attributes=[TIER, LIMIT, NOTE])
    with crm.unit() as unit:
        before = unit.customers.add(full())
        after = unit.customers.save(
            attrs.evolve(before, name="Zoë Meyer", contact_points=(), attributes={"tier": "silver"})
        )
    assert after.version == 2
    with crm.unit(write=False) as unit:
        assert unit.customers.get(1) == after
        assert unit.customers.ids_at("email", "zoe@example.com") == []
        assert unit.customers.ids_with("tier", "gold") == []
        assert unit.customers.ids_with("tier", "silver") == [1]
        assert unit.customers.find("erp:Z-7").name == "Zoë Meyer"


def test_one_stale_record_keeps_the_whole_batch_from_being_written(make_crm):
    crm = make_crm()
    with crm.unit() as unit:
        read = unit.customers.add_many(Customer(name=f"c{n}") for n in range(5))
    with crm.unit() as unit:
        unit.customers.save(attrs.evolve(read[3], name="somebody else's"))
    with crm.unit() as unit:
        with pytest.raises(StaleVersionError, match="customer 4 changed since it was read") as told:
            unit.customers.save_many(attrs.evolve(each, name="mine") for each in read)
    assert (told.value.ids, told.value.exit_code) == ((4,), 75)
    with crm.unit(write=False) as unit:
        names = [each.name for each in unit.customers.page()]
    assert names == ["c0", "c1", "c2", "somebody else's", "c4"]


def test_saves_come_back_in_the_given_order(make_crm):
    crm = make_crm()
    with crm.unit() as unit:
        one, two = unit.customers.add_many([Customer(name="one"), Customer(name="two")])
        assert [each.id for each in unit.customers.save_many([two, one])] == [2, 1]
        assert unit.customers.save_many([]) == []


def test_a_batch_holds_each_customer_once(ana):
    with ana.unit() as unit:
        known = unit.customers.get(1)
        with pytest.raises(InvalidValueError, match="each id once"):
            unit.customers.save_many([known, known])
        with pytest.raises(RecordNotFoundError, match="no customer 9"):
            unit.customers.save_many([known, attrs.evolve(known, id=9)])


def test_an_identity_belongs_to_one_customer(ana):
    with ana.unit() as unit:
        taken = Customer(name="Bo", identities=(shop(42),))
        with pytest.raises(InvalidValueError, match=r"shop:42.*customer 1 has it"):
            unit.customers.add(taken)
        with pytest.raises(InvalidValueError, match=r"shop:9.*an identity of one customer"):
            unit.customers.add_many(Customer(name=n, identities=(shop(9),)) for n in "AB")
        bo = unit.customers.add(Customer(name="Bo"))
        with pytest.raises(InvalidValueError, match="customer 1 has it"):
            unit.customers.save(attrs.evolve(bo, identities=(shop(42),)))
        assert [each.name for each in unit.customers.page()] == ["Ana Kowalska", "Bo"]


def test_nobody_is_merged_into_somebody_who_does_not_exist(ana):
    with ana.unit() as unit:
        known = unit.customers.get(1)
        with pytest.raises(RecordNotFoundError, match="no customer 5"):
            unit.customers.save(attrs.evolve(known, status="merged", merged_into=5))


def test_upsert_adds_what_is_new_and_overlays_what_is_known(make_crm):
    crm = make_crm(attributes=[TIER, NOTE])
    with crm.unit() as unit:
        unit.customers.add(
            Customer(
                name="Ana",
                identities=(shop(1),),
                contact_points=(ContactPoint("email", "ana@example.com"),),
                attributes={"tier": "gold"},
                locale="pl",
            )
        )
        stored = unit.customers.upsert_many(
            [
                Customer(name="New", identities=(shop(2),)),
                Customer(
                    name="Ana Kowalska",
                    identities=(shop(1), Identity("erp", "A")),
                    contact_points=(
                        ContactPoint("email", "ANA@example.com"),
                        ContactPoint("phone", "+48 22 1"),
                        ContactPoint("phone", "+48-22-1"),
                    ),
                    attributes={"note": "x"},
                ),
            ]
        )
    new, ana = stored
    assert (new.id, new.version, ana.id, ana.version) == (2, 1, 1, 2)
    assert ana.name == "Ana Kowalska"
    assert ana.locale == "pl"
    assert ana.attributes == {"tier": "gold", "note": "x"}
    assert ana.identities == (Identity("erp", "A"), shop(1))
    assert [p.value for p in ana.contact_points] == ["ana@example.com", "+48 22 1"]
    with crm.unit(write=False) as unit:
        assert [unit.customers.get(2), unit.customers.get(1)] == stored


def test_the_same_upsert_again_changes_nothing(make_crm):
    crm = make_crm(attributes=[TIER, LIMIT, NOTE])
    seen = []
    with crm.unit() as unit:
        first = unit.customers.upsert_many([full(), Customer(name="B", identities=(shop(9),))])
        unit.changes.clear()
        second = unit.customers.upsert_many([full(), Customer(name="", identities=(shop(9),))])
        seen += unit.changes
    assert second == first
    assert {each.version for each in second} == {1}
    assert seen == []


def test_one_identity_twice_in_a_batch_is_one_customer(make_crm):
    crm = make_crm()
    with crm.unit() as unit:
        stored = unit.customers.upsert_many(
            [
                Customer(name="Ana", identities=(shop(1),)),
                Customer(name="", identities=(shop(1), Identity("erp", "A")), locale="pl"),
                Customer(name="Ana K.", identities=(Identity("erp", "A"),)),
            ]
        )
        assert [each.id for each in stored] == [1, 1, 1]
        assert stored[0].name == "Ana K."
        assert stored[0].locale == "pl"
        assert len(unit.customers.page()) == 1


def test_identities_that_name_two_customers_are_refused(make_crm):
    crm = make_crm()
    with crm.unit() as unit:
        unit.customers.add_many(Customer(name=str(n), identities=(shop(n),)) for n in (1, 2))
        both = Customer(name="who?", identities=(shop(1), shop(2)))
        with pytest.raises(InvalidValueError, match="one and the same customer"):
            unit.customers.upsert_many([both])
        with pytest.raises(InvalidValueError, match="at least one for an upsert"):
            unit.customers.upsert_many([Customer(name="nobody")])


def test_customers_are_found_by_an_indexed_attribute(make_crm):
    crm = make_crm(attributes=[TIER, LIMIT, NOTE])
    tiers = ["gold", "silver"] * 4
    with crm.unit() as unit:
        unit.customers.add_many(
            Customer(name=str(n), attributes={"tier": tier, "credit": f"{n % 2}.50"})
            for n, tier in enumerate(tiers)
        )
        assert unit.customers.ids_with("tier", "gold") == [1, 3, 5, 7]
        assert unit.customers.ids_with("tier", "gold", after=3, size=1) == [5]
        assert unit.customers.ids_with("credit", "1.5") == [2, 4, 6, 8]
        with pytest.raises(InvalidValueError, match=r"attributes\.tier: 'bronze'.*gold, silver"):
            unit.customers.ids_with("tier", "bronze")
        with pytest.raises(InvalidValueError, match="indexed = true"):
            unit.customers.ids_with("note", "x")


def test_an_undefined_attribute_is_refused_with_the_nearest(make_crm):
    crm = make_crm(attributes=[TIER, NOTE])
    with crm.unit() as unit:
        with pytest.raises(InvalidValueError, match=r"'teir'.*did you mean 'tier'.*\(note, tier\)"):
            unit.customers.add(Customer(name="A", attributes={"teir": "gold"}))
        with pytest.raises(InvalidValueError, match=r"attributes\.tier: 'bronze'"):
            unit.customers.add(Customer(name="A", attributes={"tier": "bronze"}))


def test_an_attribute_that_is_no_longer_defined_stays_until_it_is_changed(make_crm):
    crm = make_crm(attributes=[TIER, NOTE])
    with crm.unit() as unit:
        unit.customers.add(Customer(name="A", attributes={"tier": "gold", "note": "x"}))
    later = make_crm(attributes=[NOTE])
    with later.unit() as unit:
        known = unit.customers.get(1)
        saved = unit.customers.save(attrs.evolve(known, name="B"))
        assert saved.attributes == {"tier": "gold", "note": "x"}
        with pytest.raises(InvalidValueError, match="'tier' is not accepted"):
            unit.customers.save(attrs.evolve(saved, attributes={"tier": "silver"}))
        assert unit.customers.save(attrs.evolve(saved, attributes={})).attributes == {}


@pytest.mark.parametrize("text", ["a\x00b", "\\u0000 is fine", "half \ud800"])
def test_both_databases_store_and_refuse_the_same_text(make_crm, text):
    crm = make_crm(attributes=[NOTE])
    with crm.unit() as unit:
        if "fine" in text:
            added = unit.customers.add(Customer(name=text, attributes={"note": text}))
            assert unit.customers.get(added.id).attributes == {"note": text}
        else:
            with pytest.raises(InvalidValueError, match=r"attributes\.note"):
                unit.customers.add(Customer(name="A", attributes={"note": text}))


NAMES = [
    "Zoë Straße",
    "ZOE STRASSE",
    "Ana Kowalska",
    "Anna-Maria O'Brien",
    "İpek Yılmaz",
    "Łukasz Żak",
    "Ｔｏｋｙｏ Trading",
    "東京商店",
    "100% Cotton_Ltd",
    'Quote "Q" Ltd',
    "Back\\slash",
    "zo\u200beller",
]


FOUND = {
    "zoë": ["Zoë Straße", "ZOE STRASSE", "zo\u200beller"],
    "ZOE STRASSE": ["Zoë Straße", "ZOE STRASSE"],
    "strass": ["Zoë Straße", "ZOE STRASSE"],
    "straße": ["Zoë Straße", "ZOE STRASSE"],
    "a": ["Ana Kowalska", "Anna-Maria O'Brien"],
    "walsk": ["Ana Kowalska"],
    "kowalska ana": ["Ana Kowalska"],
    "o'b": ["Anna-Maria O'Brien"],
    "ipek": ["İpek Yılmaz"],
    "tokyo": ["Ｔｏｋｙｏ Trading"],
    "東京": ["東京商店"],
    "京商店": ["東京商店"],
    "0%": [],
    "100%": ["100% Cotton_Ltd"],
    "n_l": ["100% Cotton_Ltd"],
    "nxl": [],
    '"q"': ['Quote "Q" Ltd'],
    "k\\s": ["Back\\slash"],
    "zoeller": ["zo\u200beller"],
    "' OR 1=1 --": [],
    "*": [],
    "": [],
    " \x00\ud800 ": [],
    "x" * 5000: [],
}


def test_search_finds_the_same_on_both_databases(make_crm):
    crm = make_crm()
    with crm.unit() as unit:
        unit.customers.add_many(Customer(name=name) for name in NAMES)
        for asked, names in FOUND.items():
            assert [each.name for each in unit.customers.search(asked)] == names, asked


def test_search_finds_by_address_number_and_part_of_them(make_crm):
    crm = make_crm(attributes=[TIER, LIMIT, NOTE])
    asked = ("+48 22 123 45 67", "48221234567", "123 45 67", "zoe@example.com", "@example", "10115")
    with crm.unit() as unit:
        unit.customers.add_many([Customer(name="Other"), full()])
        for each in asked:
            assert [found.id for found in unit.customers.search(each)] == [2], each


def test_an_exact_address_comes_before_a_name_that_holds_it(make_crm):
    crm = make_crm()
    with crm.unit() as unit:
        unit.customers.add_many(
            [
                Customer(name="a@example.com fan club"),
                Customer(name="Z", contact_points=(ContactPoint("email", "a@example.com"),)),
            ]
        )
        assert [each.id for each in unit.customers.search("A@example.com")] == [2, 1]
        assert [each.id for each in unit.customers.search("A@example.com", size=1)] == [2]


def test_search_forgets_an_old_name_and_learns_the_new(ana):
    with ana.unit() as unit:
        unit.customers.save(attrs.evolve(unit.customers.get(1), name="Ana Nowak"))
    with ana.unit(write=False) as unit:
        assert unit.customers.search("kowalska") == []
        assert [each.id for each in unit.customers.search("nowak")] == [1]


def test_a_caught_failure_leaves_nothing_of_the_batch(make_crm):
    """What a plugin refused after the write is undone although the unit commits the rest."""

    class Hooks:
        @hookimpl
        def crmkit_saved(self, unit, changes):
            if any(each.name == "Bad" for each in changes.after):
                raise ChangeRejectedError("no Bad here")

    crm = make_crm(Plugin(name="strict", summary="", hooks=Hooks()))
    with crm.unit() as unit:
        unit.customers.add(Customer(name="Good"))
        with pytest.raises(ChangeRejectedError):
            unit.customers.add(Customer(name="Bad", identities=(shop(1),)))
        assert len(unit.changes) == 1
    with crm.unit(write=False) as unit:
        assert [each.name for each in unit.customers.page()] == ["Good"]
        assert unit.customers.search("bad") == []
        assert unit.customers.ids_of("shop", ["1"]) == {}


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_two_processes_that_store_one_identity_at_once_leave_one_customer(make_crm):
    crm = make_crm()
    barrier = threading.Barrier(4)
    failures = []

    def work(unit):
        return unit.customers.upsert_many([Customer(name="Ana", identities=(shop(1),))])

    def store():
        barrier.wait()
        try:
            crm.run(work)
        except CrmkitError as exc:
            failures.append(exc)

    threads = [threading.Thread(target=store) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert failures == []
    with crm.unit(write=False) as unit:
        assert [each.identities for each in unit.customers.page()] == [(shop(1),)]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_race_for_an_identity_outside_run_says_try_again(make_crm):
    crm = make_crm()
    with crm.unit() as first:
        first.customers.add(Customer(name="Ana", identities=(shop(1),)))
        told = []

        def second():
            try:
                with crm.unit() as unit:
                    unit.customers.add(Customer(name="Ana", identities=(shop(1),)))
            except DatabaseBusyError as exc:
                told.append(str(exc))

        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.3)
    thread.join()
    assert len(told) == 1
    assert told[0].startswith("another process is storing the same identities; nothing")
