"""Any subset of the bundled plugins works: each alone, every pair, and all of them."""

from datetime import timedelta
from importlib.metadata import entry_points
from itertools import combinations

import pytest

from crmkit import (
    CRM,
    ContactPoint,
    Customer,
    Identity,
    Interaction,
    Line,
    Money,
    Offer,
    Ref,
    Turn,
    ask,
)
from crmkit.core.plugin import installed, load
from crmkit.plugins.foundation import policy
from crmkit.testing import Clock

NAMES = sorted(
    each.name
    for each in entry_points(group="crmkit.plugins")
    if each.value.startswith("crmkit.plugins.")
)
PAIRS = sorted(combinations(NAMES, 2))
PARTS = 24
"""So that the pairs are shared out over the processors."""


def with_required(names):
    """The plugins, and what they require, in an order that works."""
    found = {}

    def gather(name):
        for need in load(name, installed()).requires:
            gather(need)
        found.setdefault(name)

    for name in names:
        gather(name)
    return list(found)


def contract(crm, clock):
    """What the core promises, whatever is enabled beside it."""
    with crm.unit() as unit:
        if "policy" in {each.name for each in crm.plugins}:
            policy.adopt(unit, policy.EXAMPLE.read_text(encoding="utf-8"))
        ana, bo = unit.customers.add_many(
            [
                Customer(
                    name="Ana",
                    contact_points=(ContactPoint("email", "ana@example.com"),),
                    identities=(Identity("shop", "1"),),
                ),
                Customer(name="Bo"),
            ]
        )
        price = Money(1_990, "EUR")
        orders = [
            Interaction(
                customer_id=each.id,
                kind="purchase.order",
                at=unit.now - timedelta(days=ago),
                amount=price,
                lines=(Line(sku="CUP", amount=price),),
                source="shop",
                source_key=f"{each.id}-{ago}",
            )
            for each in (ana, bo)
            for ago in (90, 30, 3)
        ]
        assert unit.interactions.add_many(orders).new == 6
        assert unit.interactions.add_many(orders).new == 0
        offer = unit.offers.add(Offer(customer_id=ana.id, what="A saucer"))
    clock.move(hours=1)
    with crm.unit() as unit:
        assert unit.customers.find("ana@example.com").id == ana.id
        assert len(unit.interactions.timeline(ana.id)) == 3
        assert unit.offers.open_of(ana.id) == [offer]
        refs = [Ref("offer", offer.id), Ref("interaction", 1), Ref("nothing", 1)]
        ask.explain(unit, refs)
        ask.describe(unit, [ana, bo])
        assert [each.text for each in ask.diagnose(unit) if each.level == "fail"] == []
        assert ask.export(unit, [ana.id, bo.id]).keys() == {ana.id, bo.id}
        ask.segments(unit)
    for step in crm.contributed.cycle_steps.values():
        step.run(crm, Turn(as_of=clock.now, dry_run=True))
    with crm.unit() as unit:
        unit.customers.erase([ana.id])
        assert unit.customers.get(ana.id).status == "erased"
        assert unit.customers.get(bo.id).name == "Bo"


def run(names):
    clock = Clock()
    plugins = with_required(names)
    crm = CRM.open("sqlite://", plugins, strict=True, clock=clock)
    try:
        crm.upgrade()
        contract(crm, clock)
    finally:
        crm.close()


@pytest.mark.parametrize("name", NAMES)
def test_each_alone(name):
    run([name])


@pytest.mark.parametrize("part", range(PARTS))
def test_every_pair(part):
    for pair in PAIRS[part::PARTS]:
        run(pair)


def test_all_of_them(make_crm, clock):
    crm = make_crm(*with_required(NAMES))
    contract(crm, clock)


def test_none_of_them(make_crm, clock):
    contract(make_crm(), clock)
