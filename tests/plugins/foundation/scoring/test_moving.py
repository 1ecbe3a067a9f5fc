"""Moving few customers one by one comes to the same as moving everybody in the database."""

import contextlib
import random

import pytest
import sqlalchemy as sa

from crmkit import Customer, Plugin, Segment, hookimpl
from crmkit.plugins.foundation import scoring
from crmkit.plugins.foundation.scoring.tables import scoring_membership
from crmkit.sql import customer

NAMES = ("Ana", "Bo", "Cy")


def by_name(scope):
    label = sa.case((customer.c.name == "Ana", "name.ana"), else_="name.other")
    select = sa.select(customer.c.id.label("customer_id"), customer.c.name, label.label("segment"))
    return select.where(customer.c.name != "Cy", scope.covers(customer.c.id))


def everybody(scope):
    return sa.select(customer.c.id, sa.literal("is here")).where(scope.covers(customer.c.id))


def defines(told):
    hooks = {"crmkit_define_segments": staticmethod(hookimpl(lambda unit: list(told)))}
    return Plugin(name="finder", summary="s", hooks=type("Hooks", (), hooks)())


class _Undo(Exception):
    pass


def rows(unit):
    select = sa.select(scoring_membership).order_by(*scoring_membership.primary_key)
    return unit.connection.execute(select).all()


def moved(crm, customers):
    """What a refresh would leave and return; it is undone."""
    found = []
    with contextlib.suppress(_Undo), crm.unit() as unit:
        found = [scoring.refresh_segments(unit, unit.now, customers), rows(unit)]
        raise _Undo
    return found


@pytest.mark.parametrize("seed", range(6))
def test_few_are_moved_as_all_are(make_crm, clock, seed):
    chance = random.Random(seed)
    told = [
        Segment(name="name.ana", summary="Ana.", members=by_name),
        Segment(name="name.other", summary="Others.", members=by_name),
        Segment(name="all", summary="All.", members=everybody),
    ]
    crm = make_crm("scoring", defines(told))
    with crm.unit() as unit:
        ids = [unit.customers.add(Customer(name=chance.choice(NAMES))).id for _ in range(12)]
    for turn in range(6):
        if turn == 4:
            told.pop()
        if chance.random() < 0.7:
            clock.move(hours=1)
        with crm.unit() as unit:
            for each in chance.sample(ids, 5):
                changes = {"name": chance.choice(NAMES)}
                if chance.random() < 0.2:
                    changes = {"status": chance.choice(("active", "archived"))}
                unit.connection.execute(
                    sa.update(customer).where(customer.c.id == each).values(**changes)
                )
        assert moved(crm, sa.select(customer.c.id)) == moved(crm, None)
        with crm.unit() as unit:
            scoring.refresh_segments(unit, unit.now, sa.select(customer.c.id))
