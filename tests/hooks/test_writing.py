"""Hooks around a write."""

import attrs
import pytest

from crmkit import (
    ChangeRejectedError,
    Customer,
    HookFailedError,
    Plugin,
    RecordNotFoundError,
    hookimpl,
)


def plugin(name, **hooks):
    """A plugin made of functions; each gets the hook's own arguments."""
    made = {hook: staticmethod(hookimpl(function)) for hook, function in hooks.items()}
    return Plugin(name=name, summary="s", hooks=type("Hooks", (), made)())


def names(crm):
    with crm.unit(write=False) as unit:
        return [each.name for each in unit.customers.page()]


def add(crm, *wanted):
    with crm.unit() as unit:
        return unit.customers.add_many([Customer(name=each) for each in wanted])


def test_crmkit_saving_may_replace_a_batch(make_crm):
    def louder(unit, changes):
        after = [attrs.evolve(each, name=each.name.upper()) for each in changes.after]
        return attrs.evolve(changes, after=after)

    def marked(unit, changes):
        after = [attrs.evolve(each, name=f"{each.name}!") for each in changes.after]
        return attrs.evolve(changes, after=after)

    first, second = plugin("first", crmkit_saving=louder), plugin("second", crmkit_saving=marked)
    crm = make_crm(first, second)

    assert [each.name for each in add(crm, "Ana", "Bo")] == ["ANA!", "BO!"]
    assert names(crm) == ["ANA!", "BO!"]


def test_crmkit_saving_may_veto(make_crm):
    def refuse(unit, changes):
        if any(each.name == "Bo" for each in changes.after):
            raise ChangeRejectedError("nobody called Bo")

    crm = make_crm(plugin("strict", crmkit_saving=refuse))

    def add_both():
        with crm.unit() as unit:
            unit.customers.add(Customer(name="Ana"))
            unit.customers.add(Customer(name="Bo"))

    with pytest.raises(ChangeRejectedError, match="nobody called Bo"):
        add_both()
    assert names(crm) == []


def test_crmkit_saving_is_called_once_per_batch(make_crm):
    sizes = []
    crm = make_crm(plugin("p", crmkit_saving=lambda changes: sizes.append(len(changes.after))))

    add(crm, *"abcdefgh")

    assert sizes == [8]


def test_crmkit_saving_that_breaks_is_named_and_rolls_back(make_crm):
    crm = make_crm(plugin("shaky", crmkit_saving=lambda changes: 1 / 0))

    with pytest.raises(HookFailedError, match="plugin shaky: crmkit_saving failed") as caught:
        add(crm, "Ana")
    assert isinstance(caught.value.causes[0][1], ZeroDivisionError)
    assert names(crm) == []


def test_crmkit_saving_must_return_the_same_records(make_crm):
    crm = make_crm(plugin("p", crmkit_saving=lambda changes: attrs.evolve(changes, after=[])))

    with pytest.raises(HookFailedError, match="plugin p: crmkit_saving failed"):
        add(crm, "Ana")


def test_crmkit_saved_commits_together_with_the_batch(make_crm):
    def add_a_friend(unit, changes):
        for each in changes.after:
            if not each.name.startswith("Friend"):
                unit.customers.add(Customer(name=f"Friend of {each.name} ({changes.ids[0]})"))

    crm = make_crm(plugin("p", crmkit_saved=add_a_friend))

    add(crm, "Ana")

    assert names(crm) == ["Ana", "Friend of Ana (1)"]


def test_crmkit_saved_that_raises_rolls_the_unit_back(make_crm):
    def fail(unit, changes):
        raise RecordNotFoundError("shelf", 7)

    crm = make_crm(plugin("p", crmkit_saved=fail))

    with pytest.raises(RecordNotFoundError, match="no shelf 7"):
        add(crm, "Ana")
    assert names(crm) == []


def test_crmkit_committed_is_told_after_the_commit(make_crm):
    seen = []

    def note(crm, changes):
        seen.append((names(crm), [(each.noun, len(each.ids)) for each in changes]))

    crm = make_crm(plugin("p", crmkit_committed=note))
    with crm.unit() as unit:
        unit.customers.add(Customer(name="Ana"))
        unit.customers.add(Customer(name="Bo"))
        assert seen == []

    assert seen == [(["Ana", "Bo"], [("customer", 1), ("customer", 1)])]


def test_crmkit_committed_is_not_told_of_what_was_rolled_back(make_crm):
    seen = []
    crm = make_crm(plugin("p", crmkit_committed=lambda changes: seen.append(changes)))

    def fail_late():
        with crm.unit() as unit:
            unit.customers.add(Customer(name="Ana"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_late()
    assert seen == []


def test_crmkit_committed_is_told_of_every_unit_that_could_write_and_of_no_other(make_crm):
    seen = []
    crm = make_crm(plugin("p", crmkit_committed=lambda changes: seen.append(changes)))

    with crm.unit(write=False) as unit:
        unit.customers.page()
    assert seen == []
    with crm.unit() as unit:  # perhaps a plugin wrote to tables of its own
        unit.customers.page()
    crm.run(lambda unit: unit.customers.page())
    assert seen == [(), ()]


def test_crmkit_committed_that_fails_is_logged_and_the_others_run(make_crm, caplog):
    seen = []
    shaky = plugin("shaky", crmkit_committed=lambda changes: 1 / 0)
    sound = plugin("sound", crmkit_committed=lambda changes: seen.append(1))
    crm = make_crm(shaky, sound)

    add(crm, "Ana")

    assert names(crm) == ["Ana"]
    assert seen == [1]
    assert "plugin shaky: crmkit_committed failed: division by zero" in caplog.text
