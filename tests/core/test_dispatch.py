"""What a failure means, by kind of hook; who is called, and in which order."""

import sys
from datetime import UTC, datetime

import attrs
import pytest

from crmkit import (
    Cause,
    ChangeRejectedError,
    Changes,
    Contact,
    Customer,
    Finding,
    HookFailedError,
    Identity,
    Objection,
    Offer,
    Plugin,
    Proposal,
    Ref,
    ask,
    hookimpl,
)
from crmkit.core import calls

AT = datetime(2026, 1, 5, tzinfo=UTC)
CONTACTS = [
    Contact(customer_id=n, purpose="news", channel="email", address=f"{n}@example.com", at=AT)
    for n in (1, 2, 3)
]


def plugin(name, **functions):
    """A plugin whose hooks are the given functions."""
    members = {hook: hookimpl(staticmethod(made)) for hook, made in functions.items()}
    return Plugin(name=name, summary="", hooks=type("Hooks", (), members)())


def fail(*_, **__):
    raise OSError("no answer")


def leave(*_, **__):
    sys.exit(3)


def lazily_fail(*_, **__):
    yield Objection(0, "first")
    raise OSError("no answer")


pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def names(crm):
    with crm.unit(write=False) as unit:
        return [each.name for each in unit.customers.page()]


def test_saving_hands_each_plugin_what_the_one_before_returned(make_crm):
    def adding(letter):
        def crmkit_saving(unit, changes):
            if changes.noun != "customer":
                return None
            return attrs.evolve(
                changes, after=[attrs.evolve(c, name=c.name + letter) for c in changes.after]
            )

        return crmkit_saving

    crm = make_crm(*(plugin(each, crmkit_saving=adding(each)) for each in "cab"))
    with crm.unit() as unit:
        unit.customers.add_many([Customer(name="1"), Customer(name="2")])
    assert names(crm) == ["1cab", "2cab"]


def test_what_saving_put_in_is_checked_like_everything_else(make_crm):
    def crmkit_saving(unit, changes):
        return attrs.evolve(
            changes,
            after=[attrs.evolve(c, attributes={"no_such": 1}) for c in changes.after],
        )

    crm = make_crm(plugin("a", crmkit_saving=crmkit_saving))
    with pytest.raises(ValueError, match="a defined attribute"), crm.unit() as unit:
        unit.customers.add(Customer(name="1"))
    assert names(crm) == []


@pytest.mark.parametrize(
    "answer",
    [
        lambda changes: 5,
        lambda changes: [],
        lambda changes: attrs.evolve(changes, after=changes.after[:1]),
        lambda changes: attrs.evolve(changes, after=changes.after[::-1]),
        lambda changes: attrs.evolve(changes, after=[attrs.evolve(c, id=9) for c in changes.after]),
        lambda changes: attrs.evolve(
            changes, after=[Offer(customer_id=1, what="x", id=c.id) for c in changes.after]
        ),
    ],
)
def test_saving_must_return_the_same_records(make_crm, answer):
    crm = make_crm(plugin("a", crmkit_saving=lambda unit, changes: answer(changes)))
    with pytest.raises(HookFailedError, match=r"plugin a: crmkit_saving failed: .*same records"):
        with crm.unit() as unit:
            unit.customers.add_many([Customer(name="1"), Customer(name="2")])
    assert names(crm) == []


@pytest.mark.parametrize("hook", ["crmkit_saving", "crmkit_saved"])
@pytest.mark.parametrize(
    ("function", "told"), [(fail, "OSError: no answer"), (leave, "SystemExit: 3")]
)
def test_a_failure_inside_the_transaction_names_the_plugin_and_rolls_back(
    make_crm, hook, function, told
):
    called = []

    def inside(unit, changes):
        function()

    after = plugin("b", **{hook: lambda unit, changes: called.append(changes)})
    crm = make_crm(plugin("a", **{hook: inside}), after)
    with pytest.raises(HookFailedError, match=f"plugin a: {hook} failed: {told}"):
        with crm.unit() as unit:
            unit.customers.add(Customer(name="1"))
    assert names(crm) == []
    assert called == []


def test_a_veto_passes_as_it_was_raised(make_crm):
    def crmkit_saving(unit, changes):
        raise ChangeRejectedError("the name is taken")

    crm = make_crm(plugin("a", crmkit_saving=crmkit_saving))
    with pytest.raises(ChangeRejectedError, match=r"^the name is taken$") as told:
        with crm.unit() as unit:
            unit.customers.add(Customer(name="1"))
    assert told.value.exit_code == 5
    assert names(crm) == []


def test_ctrl_c_inside_a_hook_is_nobodys_failure(make_crm):
    def crmkit_saving(unit, changes):
        raise KeyboardInterrupt

    crm = make_crm(plugin("a", crmkit_saving=crmkit_saving))
    with pytest.raises(KeyboardInterrupt), crm.unit() as unit:
        unit.customers.add(Customer(name="1"))
    assert names(crm) == []


def test_hooks_get_one_batch_with_what_was_before(make_crm):
    seen = []

    def crmkit_saved(unit, changes):
        seen.append(changes)

    crm = make_crm(plugin("a", crmkit_saved=crmkit_saved))
    with crm.unit() as unit:
        one, two = unit.customers.add_many([Customer(name="1"), Customer(name="2")])
        unit.customers.save(attrs.evolve(two, name="3"))
        unit.customers.upsert_many([Customer(name="4", identities=(Identity("shop", "4"),))])
        unit.customers.save_many([])
        unit.customers.add_many([])
    assert [(each.noun, list(each.ids)) for each in seen] == [
        ("customer", [1, 2]),
        ("customer", [2]),
        ("customer", [3]),
    ]
    assert seen[0] == Changes(noun="customer", after=[one, two], ids=seen[0].ids)
    assert [each.name for each in seen[1].before] == ["2"]
    assert [(each.name, each.version) for each in seen[1].after] == [("3", 2)]


def test_committed_is_logged_and_the_others_run(make_crm, caplog):
    told = []
    crm = make_crm(
        plugin("a", crmkit_committed=fail),
        plugin("b", crmkit_committed=leave),
        plugin("c", crmkit_committed=lambda changes: told.append(len(changes))),
    )
    with crm.unit() as unit:
        unit.customers.add(Customer(name="1"))
        unit.customers.add(Customer(name="2"))
        assert told == []
    assert told == [2]
    assert names(crm) == ["1", "2"]
    assert [record.getMessage() for record in caplog.records] == [
        "plugin a: crmkit_committed failed: no answer",
        "plugin b: crmkit_committed failed: 3",
    ]
    with crm.unit(write=False) as unit:
        unit.customers.page()
    assert told == [2]
    with crm.unit() as unit:
        unit.customers.page()
    assert told == [2, 0]


def test_verbs_all_run_and_their_failures_are_raised_together(make_crm):
    called = []
    crm = make_crm(
        plugin("a", crmkit_export=fail),
        plugin("b", crmkit_export=lambda customer_ids: called.append(customer_ids) or {}),
        plugin("c", crmkit_export=leave),
    )
    with pytest.raises(HookFailedError) as told, crm.unit() as unit:
        ask.export(unit, [1, 2])
    assert called == [[1, 2]]
    assert str(told.value) == (
        "plugin a: crmkit_export failed: OSError: no answer; "
        "plugin c: crmkit_export failed: SystemExit: 3"
    )
    assert [name for name, _ in told.value.causes] == ["a", "c"]


def test_an_export_is_by_customer_and_plugin(make_crm):
    crm = make_crm(
        plugin("a", crmkit_export=lambda customer_ids: {1: {"x": 1}}),
        plugin("b", crmkit_export=lambda customer_ids: {n: {"y": n} for n in customer_ids}),
    )
    with crm.unit() as unit:
        assert ask.export(unit, [1, 2]) == {
            1: {"a": {"x": 1}, "b": {"y": 1}},
            2: {"b": {"y": 2}},
        }


@pytest.mark.parametrize("answer", [None, [], {3: {}}, "all"])
def test_an_export_of_a_wrong_form_names_the_plugin(make_crm, answer):
    crm = make_crm(plugin("a", crmkit_export=lambda customer_ids: answer))
    with pytest.raises(HookFailedError, match="plugin a: crmkit_export"), crm.unit() as unit:
        ask.export(unit, [1, 2])


def test_objections_of_all_are_collected_with_who_made_them(make_crm):
    at_night = [Objection(2, "night"), Objection(0, "no")]
    crm = make_crm(
        plugin("b", crmkit_may_contact=lambda contacts: [Objection(2, "no consent")]),
        plugin("a", crmkit_may_contact=lambda contacts: iter(at_night)),
        plugin("c", crmkit_may_contact=lambda contacts: None),
    )
    with crm.unit() as unit:
        assert ask.may_contact(unit, CONTACTS) == {
            2: [Objection(2, "no consent", "b"), Objection(2, "night", "a")],
            0: [Objection(0, "no", "a")],
        }


def wrong(answer):
    return lambda contacts: answer


@pytest.mark.parametrize(
    "guard",
    [
        fail, leave, lazily_fail, wrong(5), wrong(["no"]), wrong([Objection(3, "far")]),
        wrong([Objection(-1, "before")]), wrong(True), wrong(map(int, "x")),
    ],
)  # fmt: skip
def test_a_guard_that_fails_refuses_all_of_the_batch(make_crm, guard, caplog):
    crm = make_crm(
        plugin("bad", crmkit_may_contact=guard),
        plugin("good", crmkit_may_contact=lambda contacts: [Objection(1, "no consent")]),
    )
    with crm.unit() as unit:
        found = ask.may_contact(unit, CONTACTS)
    assert set(found) == {0, 1, 2}
    assert all(objections[0].plugin == "bad" for objections in found.values())
    assert all("the guard failed" in objections[0].reason for objections in found.values())
    assert found[1][1] == Objection(1, "no consent", "good")
    assert "plugin bad: crmkit_may_contact failed" in caplog.text


def test_proposals_keep_the_order_of_plugins_and_their_names(make_crm):
    def proposing(*whys):
        def crmkit_propose_offers(customers):
            return (Proposal(customer_id=1, why=why) for why in whys)

        return crmkit_propose_offers

    crm = make_crm(
        plugin("z", crmkit_propose_offers=proposing("1", "2")),
        plugin("a", crmkit_propose_offers=proposing("3")),
    )
    with crm.unit() as unit:
        found = ask.propose_offers(unit, [])
    assert [(name, each.why) for name, each in found] == [("z", "1"), ("z", "2"), ("a", "3")]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda: 5, "expected Cause records, got 5"),
        (lambda: [Ref("x", 1)], "expected Cause records"),
        (lambda: (1 / 0 for _ in "x"), "ZeroDivisionError"),
        (lambda: map(int, "x"), "ValueError"),
    ],
)
def test_an_answer_of_a_wrong_form_names_the_plugin(make_crm, answer, told):
    crm = make_crm(
        plugin("good", crmkit_explain=lambda refs: [Cause(ref=Ref("x", 1), at=AT, text="x")]),
        plugin("bad", crmkit_explain=lambda refs: answer()),
    )
    with pytest.raises(HookFailedError, match=f"plugin bad: crmkit_explain.*{told}"):
        with crm.unit() as unit:
            ask.explain(unit, [Ref("x", 1)])


def test_a_plugin_that_cannot_diagnose_itself_is_a_finding(make_crm):
    fine = Finding(level="ok", subject="a", text="all well")
    crm = make_crm(
        plugin("a", crmkit_diagnose=lambda unit: [fine]),
        plugin("b", crmkit_diagnose=fail),
        plugin("c", crmkit_diagnose=lambda unit: ["fine"]),
    )
    with crm.unit(write=False) as unit:
        found = ask.diagnose(unit)
    assert found[0] == fine
    assert [(each.level, each.subject) for each in found[1:]] == [("fail", "b"), ("fail", "c")]
    assert "no answer" in found[1].text
    assert "expected Finding records" in found[2].text


def test_every_hook_has_one_call_site(make_crm):
    from inspect import getsource

    from crmkit.core import hookspecs, loading

    source = getsource(calls) + getsource(loading)
    specs = [name for name in vars(hookspecs) if name.startswith("crmkit_")]
    assert len(specs) == 18
    for name in specs:
        assert f'"{name}"' in source, name
