from datetime import timedelta
from types import SimpleNamespace

import pytest

from crmkit import ContactPoint, Customer, Interaction, Money, Ref, Turn
from crmkit.admin import PHASES, cycle_steps
from crmkit.cli.lineage import trace
from crmkit.plugins.foundation import consent, decisions, delivery, policy, scoring

PLUGINS = ("scoring", "rfm", "policy", "consent", "decisions", "delivery", "email")
ORDERS = {"Ana": (4, 200), "Bo": (1, 10), "Cy": (2, 20), "Di": (3, 30), "Ed": (5, 40)}
"""Name, orders of 10.00 GBP, days since the last: Ana's R is 1, F and M are 4."""


def purchase(customer_id, at):
    return Interaction(
        customer_id=customer_id,
        kind="purchase.order",
        at=at,
        channel="shop",
        amount=Money(1000, "GBP"),
    )


def turn(crm):
    for phase in PHASES:
        for _, step in cycle_steps(crm):
            if step.phase == phase:
                step.run(crm, Turn(as_of=crm.clock()))


@pytest.fixture
def book(make_crm, clock, tmp_path):
    """Five customers, of whom Ana used to buy often; one turn of the cycle made her an offer."""
    settings = {"email": {"target": f"maildir:{tmp_path}/mail", "from_address": "shop@example.com"}}
    crm = make_crm(*PLUGINS, settings=settings)
    with crm.unit() as unit:
        people = unit.customers.add_many(
            Customer(name=name, contact_points=(ContactPoint("email", f"{name}@example.com"),))
            for name in ORDERS
        )
        unit.interactions.add_many(
            purchase(each.id, clock.now - timedelta(days=days, minutes=n))
            for each, (orders, days) in zip(people, ORDERS.values(), strict=True)
            for n in range(orders)
        )
        text = policy.EXAMPLE.read_text(encoding="utf-8")
        policy.adopt(unit, text.replace("holdout_share = 0.1", "holdout_share = 0"))
        consent.grant(
            unit,
            people[0].id,
            purpose="win_back",
            channel="email",
            basis="consent",
            evidence="ticked the box",
            source="shop",
        )
    turn(crm)
    with crm.unit(write=False) as unit:
        (offer,) = unit.offers.of(people[0].id)
        (decision,) = decisions.decisions_of(unit, people[0].id)
        (run,) = scoring.runs(unit)
    return SimpleNamespace(
        crm=crm,
        ana=people[0].id,
        offer=Ref("offer", offer.id),
        decision=f"decision:{decision.id}",
        run=f"score_run:{run.id}",
    )


def traced(book, root):
    with book.crm.unit(write=False) as unit:
        return {str(ref): each for ref, each in trace(unit, root).causes.items()}


def origins(causes):
    return {ref: [str(each) for each in cause.because] for ref, cause in causes.items()}


def test_an_offer_leads_through_decision_policy_segment_and_score_to_the_run(book):
    causes = traced(book, book.offer)

    assert origins(causes) == {
        str(book.offer): [book.decision],
        book.decision: ["policy:1", f"segment.rfm.at_risk:{book.ana}"],
        "policy:1": [],
        f"segment.rfm.at_risk:{book.ana}": [f"score.rfm:{book.ana}"],
        f"score.rfm:{book.ana}": [book.run],
        book.run: [],
    }
    assert {ref: cause.text for ref, cause in causes.items() if ref[0] == "s"} == {
        f"segment.rfm.at_risk:{book.ana}": ("in rfm.at_risk since 2026-01-05 09:00 UTC: RFM 144"),
        f"score.rfm:{book.ana}": (
            "rfm 144, at_risk = 100 for recency + 40 for frequency + 4 for monetary"
        ),
        book.run: (
            "full run of rfm 1 as of 2026-01-05 09:00 UTC: 5 customers scored, 5 scores changed"
        ),
    }


def test_a_purchase_that_answers_leads_to_the_offer_and_to_what_held_when_it_was_made(book, clock):
    clock.move(days=3)
    with book.crm.unit() as unit:
        bought = unit.interactions.add(purchase(book.ana, clock.now - timedelta(hours=1)))
    turn(book.crm)  # scores Ana anew, and learns that she answered
    causes = traced(book, Ref("interaction", bought.id))

    assert bought.offer_id is None
    assert origins(causes) == {
        f"interaction:{bought.id}": [str(book.offer)],
        str(book.offer): [book.decision],
        book.decision: ["policy:1", f"segment.rfm.at_risk:{book.ana}"],
        "policy:1": [],
        f"segment.rfm.at_risk:{book.ana}": [book.run],
        book.run: [],
    }
    assert causes[f"segment.rfm.at_risk:{book.ana}"].text == (
        "in rfm.at_risk from 2026-01-05 09:00 UTC until 2026-01-08 09:00 UTC: RFM 144, "
        "then now rfm.champions: RFM 555"
    )


def test_a_message_leads_to_the_same_offer(book):
    with book.crm.unit(write=False) as unit:
        (message,) = delivery.messages(unit)
        carrier = unit.offers.get(book.offer.id).carried_by
    causes = traced(book, Ref("interaction", carrier))

    assert message.state == "sent"
    assert origins(causes)[f"interaction:{carrier}"] == [str(book.offer), f"intent:{message.id}"]
    assert origins(causes)[f"intent:{message.id}"] == [book.decision, str(book.offer)]
    assert book.run in causes


def test_what_is_erased_leaves_no_reasons_in_the_thread(book):
    with book.crm.unit() as unit:
        unit.customers.erase([book.ana])

    assert origins(traced(book, book.offer)) == {
        str(book.offer): [book.decision],
        book.decision: ["policy:1"],
        "policy:1": [],
    }


def test_the_command_line_shows_the_whole_thread(book, cli, database, tmp_path):
    plugins = ", ".join(f'"{each}"' for each in PLUGINS)
    (tmp_path / "crmkit.toml").write_text(
        f'[crmkit]\ndatabase = "{database}"\nplugins = [{plugins}]\n'
        '[email]\ntarget = "maildir:mail"\nfrom_address = "shop@example.com"\n'
    )
    shown = cli("cycle", "explain", str(book.offer))

    assert shown.exit_code == 0, shown.stderr
    assert [line.split("  2026")[0] for line in shown.stdout.splitlines()] == [
        str(book.offer),
        f"  {book.decision}",
        "    policy:1",
        f"    segment.rfm.at_risk:{book.ana}",
        f"      score.rfm:{book.ana}",
        f"        {book.run}",
    ]
