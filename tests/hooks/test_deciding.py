"""Hooks that propose, and hooks that object."""

import pytest

from crmkit import (
    Contact,
    Customer,
    HookFailedError,
    Objection,
    Offer,
    Plugin,
    Proposal,
    ask,
    hookimpl,
)


def plugin(name, **hooks):
    made = {hook: staticmethod(hookimpl(function)) for hook, function in hooks.items()}
    return Plugin(name=name, summary="s", hooks=type("Hooks", (), made)())


def offering(what, value):
    def propose(unit, customers):
        for each in customers:
            offer = Offer(customer_id=each.id, what=what)
            yield Proposal(customer_id=each.id, offer=offer, value=value, why="it is good")

    return propose


def proposals(unit):
    (ana,) = unit.customers.add_many([Customer(name="Ana")])
    return [each for _, each in ask.propose_offers(unit, [ana])]


TEA = plugin("tea", crmkit_propose_offers=offering("tea", 3))
CAKE = plugin("cake", crmkit_propose_offers=offering("cake", -1))


def test_crmkit_propose_offers_collects_from_all(make_crm):
    with make_crm(TEA, CAKE).unit() as unit:
        ana = unit.customers.add(Customer(name="Ana"))
        told = ask.propose_offers(unit, [ana])

    assert [(by, each.offer.what) for by, each in told] == [("tea", "tea"), ("cake", "cake")]


def test_crmkit_propose_offers_that_breaks_is_named_after_all_ran(make_crm):
    asked = []
    broken = plugin("broken", crmkit_propose_offers=lambda customers: 1 / 0)
    late = plugin("late", crmkit_propose_offers=lambda customers: asked.append(1))

    with make_crm(broken, late).unit() as unit:
        with pytest.raises(HookFailedError, match="plugin broken: crmkit_propose_offers failed"):
            proposals(unit)
        assert asked == [1]


def test_crmkit_check_offers_objects_by_position(make_crm):
    def costly(unit, proposals):
        return [Objection(n, "too dear") for n, each in enumerate(proposals) if each.value < 0]

    with make_crm(TEA, CAKE, plugin("thrift", crmkit_check_offers=costly)).unit() as unit:
        found = ask.check_offers(unit, proposals(unit))

    assert found == {1: [Objection(1, "too dear", "thrift")]}


def test_crmkit_check_offers_that_breaks_refuses_all(make_crm):
    broken = plugin("broken", crmkit_check_offers=lambda proposals: 1 / 0)

    with make_crm(TEA, CAKE, broken).unit() as unit:
        found = ask.check_offers(unit, proposals(unit))

    assert sorted(found) == [0, 1]
    assert {each.plugin for objections in found.values() for each in objections} == {"broken"}


def contacts(unit):
    ana = unit.customers.add(Customer(name="Ana"))
    return [
        Contact(customer_id=ana.id, purpose="news", channel=channel, address="x", at=unit.now)
        for channel in ("email", "pigeon")
    ]


def test_crmkit_may_contact_lets_any_objection_win(make_crm):
    silent = plugin("silent", crmkit_may_contact=lambda contacts: [])
    winter = plugin("winter", crmkit_may_contact=lambda contacts: [Objection(1, "too cold")])

    with make_crm(silent, winter).unit() as unit:
        assert ask.may_contact(unit, contacts(unit)) == {1: [Objection(1, "too cold", "winter")]}


@pytest.mark.parametrize(
    "answer", [lambda: 1 / 0, lambda: ["no"], lambda: [Objection(5, "out of range")]]
)
def test_crmkit_may_contact_fails_closed(make_crm, answer):
    fair = plugin("fair", crmkit_may_contact=lambda contacts: [])
    broken = plugin("broken", crmkit_may_contact=lambda contacts: answer())

    with make_crm(broken, fair).unit() as unit:
        found = ask.may_contact(unit, contacts(unit))

    assert sorted(found) == [0, 1]
    assert all(each[0].reason.startswith("the guard failed") for each in found.values())
