import pytest
import sqlalchemy as sa

from crmkit import Plugin, PluginError, Scope, Segment, hookimpl
from crmkit.plugins.foundation import scoring
from crmkit.sql import customer, interaction


def run(crm, **given):
    with crm.unit() as unit:
        return scoring.run(unit, **given)


def ids(crm, select):
    with crm.unit(write=False) as unit:
        return sorted(unit.connection.scalars(select))


def test_membership_is_a_history_of_who_since_when_why_until_when(crm, people, buy, clock):
    run(crm)
    since = clock.now
    clock.move(hours=2)
    with crm.unit() as unit:
        buy(unit, people.bo, 6_000)
        buy(unit, people.ana, -5_000)
    run(crm)
    assert ids(crm, scoring.members("spend.big")) == [people.bo]
    assert ids(crm, scoring.members("spend.big", at=since)) == [people.ana]
    with crm.unit(write=False) as unit:
        (ended,) = scoring.memberships_of(unit, people.ana)
        (lasting,) = scoring.members_of(unit, "spend.big")
    assert (ended.since, ended.why, ended.until) == (since, "Ana", clock.now)
    assert ended.ended_why == "the definition no longer fits"
    assert (lasting.customer_id, lasting.since, lasting.until) == (people.bo, clock.now, None)


def test_who_leaves_and_comes_back_has_two_memberships(crm, people, buy, clock):
    for minor in (0, -5_000, 6_000):
        clock.move(hours=2)
        with crm.unit() as unit:
            buy(unit, people.ana, minor)
        run(crm)
    with crm.unit(write=False) as unit:
        assert [each.until is None for each in scoring.memberships_of(unit, people.ana)] == [
            False,
            True,
        ]


def test_a_membership_of_no_time_leaves_no_trace(crm, people, buy):
    for minor in (0, -5_000, 6_000, -6_000):
        with crm.unit() as unit:
            buy(unit, people.ana, minor)
        run(crm, mode="full")
    with crm.unit(write=False) as unit:
        assert scoring.memberships_of(unit, people.ana) == []


def everybody(scope):
    label = sa.case((customer.c.name == "Ana", "name.ana"), else_="name.other")
    why = ("called " + customer.c.name).label("why")
    return sa.select(customer.c.id.label("customer_id"), why, label.label("segment")).where(
        scope.covers(customer.c.id)
    )


def a_plugin(*segments):
    class Hooks:
        @staticmethod
        @hookimpl
        def crmkit_segments():
            return segments

    return Plugin(name="names", summary="Names.", hooks=Hooks, requires=("scoring",))


def test_segments_that_share_a_definition_say_where_a_leaver_went(make_crm, crm, people, clock):
    named = make_crm(
        "scoring",
        a_plugin(
            Segment(name="name.ana", summary="Ana.", members=everybody),
            Segment(name="name.other", summary="Others.", members=everybody),
        ),
    )
    run(named)
    assert ids(named, scoring.members("name.ana")) == [people.ana]
    clock.move(hours=1)
    with named.unit() as unit:
        unit.connection.execute(
            sa.update(customer).where(customer.c.id == people.ana).values(name="Eva")
        )
    run(named)
    with named.unit(write=False) as unit:
        left, joined = scoring.memberships_of(unit, people.ana)
    assert (left.segment, left.ended_why) == ("name.ana", "now name.other: called Eva")
    assert (joined.segment, joined.why) == ("name.other", "called Eva")


def two_columns(scope: Scope):
    return sa.select(interaction.c.customer_id, interaction.c.text).distinct()


def test_segments_cannot_share_a_definition_that_does_not_name_them(make_crm):
    crm = make_crm(
        "scoring",
        a_plugin(*(Segment(name=n, summary="", members=two_columns) for n in ("a", "b"))),
    )
    with pytest.raises(PluginError, match="segments a, b share a definition without a third"):
        run(crm)


def test_a_defined_segment_is_joined_and_when_it_is_gone_left(make_crm, crm, people, clock):
    told = [Segment(name="found.all", summary="s", members=lambda scope: _all(scope))]
    hooks = {"crmkit_define_segments": staticmethod(hookimpl(lambda unit: list(told)))}
    finder = Plugin(name="finder", summary="s", hooks=type("Hooks", (), hooks)())
    crm = make_crm("scoring", finder)
    with crm.unit() as unit:
        scoring.refresh_segments(unit, clock.now)
    assert ids(crm, scoring.members("found.all")) == sorted([people.ana, people.bo])
    told.clear()
    clock.move(hours=1)
    with crm.unit() as unit:
        scoring.refresh_segments(unit, clock.now)
    assert ids(crm, scoring.members("found.all")) == []
    with crm.unit(write=False) as unit:
        (left,) = scoring.memberships_of(unit, people.ana)
    assert (left.until, left.ended_why) == (clock.now, "the segment is no longer defined")


def _all(scope):
    return sa.select(customer.c.id.label("customer_id"), sa.literal("is here").label("why")).where(
        scope.covers(customer.c.id)
    )
