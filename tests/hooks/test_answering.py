"""Hooks that answer for the rows a plugin holds."""

import pytest

from crmkit import Cause, Customer, Finding, HookFailedError, Plugin, Ref, Remark, ask, hookimpl


def plugin(name, **hooks):
    made = {hook: staticmethod(hookimpl(function)) for hook, function in hooks.items()}
    return Plugin(name=name, summary="s", hooks=type("Hooks", (), made)())


def test_crmkit_explain_is_answered_by_who_knows(make_crm):
    def knows(noun):
        def explain(unit, refs):
            for ref in refs:
                if ref.noun == noun:
                    yield Cause(ref=ref, at=unit.now, text=f"{noun} {ref.id}")

        return explain

    crm = make_crm(*(plugin(each, crmkit_explain=knows(each)) for each in ("parcel", "visit")))
    with crm.unit(write=False) as unit:
        told = ask.explain(unit, [Ref("visit", 2), Ref("parcel", 1), Ref("stranger", 3)])

    assert [each.text for each in told] == ["parcel 1", "visit 2"]


def test_crmkit_describe_speaks_in_plugin_order(make_crm):
    def says(word):
        return lambda customers: [Remark(customer_id=each.id, text=word) for each in customers]

    crm = make_crm(*(plugin(each, crmkit_describe=says(f"by {each}")) for each in ("one", "two")))
    with crm.unit() as unit:
        ana = unit.customers.add(Customer(name="Ana"))
        told = ask.describe(unit, [ana])

    assert [(name, each.text) for name, each in told] == [("one", "by one"), ("two", "by two")]


def test_crmkit_tokens_are_asked_of_who_is_wanted(make_crm):
    one = plugin("one", crmkit_tokens=lambda customer_ids, purpose: {7: {"for": purpose}})
    two = plugin("two", crmkit_tokens=lambda customer_ids: 1 / 0)
    odd = plugin("odd", crmkit_tokens=lambda customer_ids: {9: {"not": "asked for"}})

    with make_crm(one, two, odd).unit(write=False) as unit:
        assert ask.tokens(unit, [7, 8], "news", {"one", "nobody"}) == {
            7: {"one": {"for": "news"}},
            8: {},
        }
        with pytest.raises(HookFailedError, match="plugin two: crmkit_tokens failed"):
            ask.tokens(unit, [7], "news", {"one", "two"})
        with pytest.raises(HookFailedError, match=r"plugin odd: .*by the ids asked for"):
            ask.tokens(unit, [7], "news", {"odd"})


def test_crmkit_export_keeps_plugins_apart(make_crm):
    one = plugin("one", crmkit_export=lambda customer_ids: {customer_ids[0]: {"a": 1}})
    two = plugin(
        "two", crmkit_export=lambda customer_ids: {each: {"b": 2} for each in customer_ids}
    )

    with make_crm(one, two).unit(write=False) as unit:
        found = ask.export(unit, [7, 8])

    assert found == {7: {"one": {"a": 1}, "two": {"b": 2}}, 8: {"two": {"b": 2}}}


def test_crmkit_export_that_breaks_is_no_partial_answer(make_crm):
    sound = plugin("sound", crmkit_export=lambda customer_ids: {7: {"a": 1}})
    broken = plugin("broken", crmkit_export=lambda customer_ids: 1 / 0)

    with make_crm(sound, broken).unit(write=False) as unit:
        with pytest.raises(HookFailedError, match="plugin broken: crmkit_export failed"):
            ask.export(unit, [7])


def test_crmkit_erase_is_all_or_nothing(make_crm):
    asked = []
    broken = plugin("broken", crmkit_erase=lambda customer_ids: 1 / 0)
    late = plugin("late", crmkit_erase=lambda customer_ids: asked.append(list(customer_ids)) or 3)
    crm = make_crm(broken, late)
    with crm.unit() as unit:
        ana = unit.customers.add(Customer(name="Ana"))

    with pytest.raises(HookFailedError, match="plugin broken: crmkit_erase failed"):
        with crm.unit() as unit:
            unit.customers.erase([ana.id])
    with crm.unit(write=False) as unit:
        assert unit.customers.get(ana.id).name == "Ana"
    assert asked == [[ana.id]]


def test_crmkit_erase_counts_what_each_plugin_touched(make_crm):
    crm = make_crm(plugin("notes", crmkit_erase=lambda customer_ids: 3))
    with crm.unit() as unit:
        ana = unit.customers.add(Customer(name="Ana"))
        touched = unit.customers.erase([ana.id])

    assert touched["notes"] == 3
    with crm.unit(write=False) as unit:
        assert (unit.customers.get(ana.id).name, unit.customers.get(ana.id).status) == (
            "",
            "erased",
        )


def test_crmkit_diagnose_reports_who_cannot(make_crm):
    fine = Finding(level="ok", subject="loft", text="3 pigeons")
    broken = plugin("broken", crmkit_diagnose=lambda unit: 1 / 0)

    with make_crm(broken, plugin("loft", crmkit_diagnose=lambda unit: [fine])).unit() as unit:
        found = ask.diagnose(unit)

    assert fine in found
    (told,) = [each for each in found if each.subject == "broken"]
    assert (told.level, told.text) == ("fail", "cannot diagnose itself: division by zero")
