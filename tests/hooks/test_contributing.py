"""Hooks that contribute once, when the CRM is opened."""

from contextlib import nullcontext

import pytest
import sqlalchemy as sa

from crmkit import (
    CRM,
    Channel,
    Customer,
    Interaction,
    InteractionKind,
    InvalidValueError,
    Plugin,
    PluginConflictError,
    Scored,
    Scorer,
    Segment,
    Step,
    ask,
    hookimpl,
)

SCORER = Scorer(
    name="orders",
    version="1",
    summary="s",
    features=lambda scope: sa.select(sa.literal(1).label("customer_id")),
    fit=lambda columns: {},
    score=lambda columns, fitted: Scored(value=columns["customer_id"]),
)


def plugin(name, hook, *records):
    """A plugin that contributes *records* through one hook."""

    def contribute():
        return records

    contribute.__name__ = hook
    hooks = type("Hooks", (), {hook: staticmethod(hookimpl(contribute))})()
    return Plugin(name=name, summary="s", hooks=hooks)


def test_crmkit_interaction_kinds_are_accepted_once_contributed(make_crm):
    kind = InteractionKind(name="parcel.delivered", summary="s")

    def deliver(crm):
        with crm.unit() as unit:
            ana = unit.customers.add(Customer(name="Ana"))
            visit = Interaction(customer_id=ana.id, kind=kind.name, at=unit.now)
            return unit.interactions.add(visit).kind

    with pytest.raises(InvalidValueError, match="expected a registered kind"):
        deliver(make_crm())
    assert deliver(make_crm(plugin("post", "crmkit_interaction_kinds", kind))) == kind.name


def test_crmkit_scorers_are_found_by_name():
    crm = CRM.open("sqlite://", [plugin("shop", "crmkit_scorers", SCORER)])

    assert crm.contributed.scorers == {"orders": SCORER}


def test_crmkit_segments_are_found_by_name():
    segment = Segment(name="shop.regulars", summary="s", members=SCORER.features)
    crm = CRM.open("sqlite://", [plugin("shop", "crmkit_segments", segment)])

    assert crm.contributed.segments == {"shop.regulars": segment}


def test_crmkit_channels_are_found_by_name():
    channel = Channel(name="pigeon", summary="s", contact_kind="postal", open=nullcontext)
    crm = CRM.open("sqlite://", [plugin("loft", "crmkit_channels", channel)])

    assert crm.contributed.channels == {"pigeon": channel}


def test_crmkit_cycle_steps_keep_the_order_of_plugins():
    def step(name):
        return Step(phase="know", name=name, summary="s", run=lambda crm, turn: name)

    plugins = [plugin(each, "crmkit_cycle_steps", step(each)) for each in ("b", "a", "c")]

    assert list(CRM.open("sqlite://", plugins).contributed.cycle_steps) == ["b", "a", "c"]


def test_the_same_contribution_twice_is_an_error_that_names_both():
    plugins = [plugin(each, "crmkit_scorers", SCORER) for each in ("one", "two")]

    with pytest.raises(PluginConflictError, match="one and two both contribute Scorer 'orders'"):
        CRM.open("sqlite://", plugins)


def test_a_contribution_of_a_wrong_type_quarantines_the_plugin(caplog):
    crm = CRM.open("sqlite://", [plugin("shop", "crmkit_scorers", "orders")])

    assert crm.plugins == ()
    assert [each.name for each in crm.quarantined] == ["shop"]
    assert "quarantined: plugin shop: crmkit_scorers failed" in caplog.text


def defining(name, *segments):
    hooks = {"crmkit_define_segments": staticmethod(hookimpl(lambda unit: list(segments)))}
    return Plugin(name=name, summary="s", hooks=type("Hooks", (), hooks)())


def test_crmkit_define_segments_are_known_beside_the_contributed(make_crm):
    fixed = Segment(name="shop.regulars", summary="s", members=SCORER.features)
    found = Segment(name="found.readers", summary="s", members=SCORER.features)
    crm = make_crm(plugin("shop", "crmkit_segments", fixed), defining("found", found))
    with crm.unit(write=False) as unit:
        assert ask.segments(unit) == {"shop.regulars": fixed, "found.readers": found}


def test_crmkit_define_segments_must_not_take_a_name_that_is_taken(make_crm):
    segment = Segment(name="shop.regulars", summary="s", members=SCORER.features)
    crm = make_crm(plugin("shop", "crmkit_segments", segment), defining("thief", segment))
    with crm.unit(write=False) as unit:
        with pytest.raises(PluginConflictError, match=r"thief.*'shop.regulars' is there already"):
            ask.segments(unit)
