from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from crmkit import ContactPoint, PluginError, RecordNotFoundError, Ref, Turn, ask
from crmkit.plugins.foundation import consent, decisions, delivery, policy
from crmkit.plugins.foundation.decisions import letters


def decided(unit, customer):
    (found,) = decisions.decisions_of(unit, customer.id)
    return found


def test_without_a_policy_in_force_nothing_is_decided(make_crm, people):
    crm = make_crm("policy", "consent", "delivery", "decisions", "email")
    with crm.unit() as unit:
        people(unit, "Ana")
        with pytest.raises(policy.NoPolicyError) as refused:
            decisions.decide(unit, run="first")
        assert refused.value.exit_code == 5
        assert decisions.runs(unit) == []
    with pytest.raises(policy.NoPolicyError):
        crm.contributed.cycle_steps["decide"].run(crm, Turn(as_of=crm.clock()))


def test_a_fresh_database_sends_nothing_whoever_asks_for_it(make_crm, people, tmp_path):
    settings = {"email": {"target": f"maildir:{tmp_path}/mail", "from_address": "shop@example.com"}}
    crm = make_crm("policy", "consent", "delivery", "decisions", "email", settings=settings)
    with crm.unit() as unit:
        (ana,) = people(unit, "Ana")
        wish = delivery.Intent(
            run="own",
            step="1",
            customer_id=ana.id,
            channel="email",
            address="ana@example.com",
            purpose="news",
            subject="Hello",
            text="Hello",
        )
        delivery.intend_many(unit, [wish])
    assert delivery.run_until_empty(crm).counts == {"suppressed": 1}


def test_without_a_lawful_basis_everybody_is_left_alone_and_nothing_is_sent(crm, people):
    with crm.unit() as unit:
        (ana,) = people(unit, "Ana", agreed=False)
        result = decisions.decide(unit, run="first")
        assert (result.silence, result.new, result.messages) == (1, 1, 0)
        why = decided(unit, ana).why
        assert why == "Tea: consent: no lawful basis for news by email is on record"
        assert unit.offers.of(ana.id) == []
    assert delivery.run_until_empty(crm).sent == 0


def test_the_offer_worth_most_is_made_logged_and_handed_to_delivery(crm, people, proposer, clock):
    proposer.offers = [{"what": "Tea"}, {"what": "Cake", "value": 250}]
    with crm.unit() as unit:
        (ana,) = people(unit, "Ana")
        result = decisions.decide(unit, run="first")
        assert (result.treatment, result.messages, result.policy_version) == (1, 1, 1)
        (offer,) = unit.offers.of(ana.id)
        assert (offer.what, offer.plugin, offer.status) == ("Cake", "shop", "proposed")
        found = decided(unit, ana)
        (message,) = delivery.messages(unit)
    assert (found.arm, found.what, found.value, found.currency) == ("treatment", "Cake", 250, "EUR")
    assert (found.run, found.policy_version, found.experiment) == ("first", 1, "shop")
    assert (found.offer_id, found.at, found.decided_by) == (offer.id, clock.now, "test")
    assert found.window_until == clock.now + timedelta(days=30)
    assert [(each.what, each.outcome) for each in found.considered] == [
        ("Cake", "chosen"),
        ("Tea", "outranked"),
        ("", "outranked"),
    ]
    assert (message.address, message.subject, message.purpose) == (
        "ana@example.com",
        "Cake",
        "news",
    )
    assert message.because == f"decision:{found.id}"
    assert (message.offer_id, message.expires_at) == (offer.id, offer.valid_until)
    assert message.text == (
        "Hello Ana,\n\nCake\n\nYou like tea.\n\nThis holds until 2026-02-04.\n\n"
        "If you would rather not hear from us, answer with the word STOP.\n"
    )


def test_a_vetoed_offer_gives_way_to_the_next_best_and_every_veto_is_kept(crm, people, proposer):
    proposer.offers = [
        {"what": "Wine", "value": 900},
        {"what": "Cake", "value": 800, "purpose": "gossip"},
        {"what": "Beer", "value": 700, "channel": "pigeon"},
        {"what": "Soup", "value": 600, "valid_days": -0.1},
        {"what": "Tea", "value": 100},
    ]
    proposer.forbidden = ("Wine",)
    with crm.unit() as unit:
        (ana,) = people(unit, "Ana")
        decisions.decide(unit, run="first")
        found = decided(unit, ana)
    assert found.what == "Tea"
    vetoes = {each.what: each.vetoes for each in found.considered if each.outcome == "vetoed"}
    assert vetoes == {
        "Wine": ("shop: out of stock",),
        "Cake": (
            "policy: policy 1 names no purpose 'gossip'",
            "consent: no lawful basis for gossip by email is on record",
        ),
        "Beer": ("decisions: no enabled plugin has a channel 'pigeon'",),
        "Soup": ("decisions: the offer ends before it may be sent",),
    }


def test_silence_wins_unless_something_is_worth_more(crm, people, proposer):
    proposer.offers = [{"value": 0}, {"value": -5}]
    with crm.unit() as unit:
        (ana,) = people(unit, "Ana")
        decisions.decide(unit, run="first")
        found = decided(unit, ana)
        assert (found.arm, found.offer_id) == ("silence", None)
        assert found.why == "nothing proposed is worth more than silence"
        proposer.offers = []
        decisions.decide(unit, run="second")
        assert decisions.decisions_of(unit, ana.id)[1].why == "nothing was proposed"


def test_a_plugin_may_propose_silence_and_say_why(crm, people, proposer):
    proposer.offers = [{}, {"silent": True, "value": 150, "why": "is in mourning"}]
    with crm.unit() as unit:
        (ana,) = people(unit, "Ana")
        decisions.decide(unit, run="first")
        found = decided(unit, ana)
    assert (found.arm, found.why, found.value) == ("silence", "is in mourning", 150)


def test_offers_of_equal_value_are_ranked_alike_whatever_their_order(crm, people, proposer):
    proposer.offers = [{"what": what} for what in ("Tea", "Ale", "Rum")]
    with crm.unit() as unit:
        (ana, bo) = people(unit, "Ana", "Bo")
        decisions.decide(unit, run="first", customer_ids=[ana.id])
        proposer.offers = proposer.offers[::-1]
        decisions.decide(unit, run="first", customer_ids=[bo.id])
        assert decided(unit, ana).what == decided(unit, bo).what == "Ale"


def test_a_rerun_of_the_same_run_adds_nothing_and_new_customers_are_decided_on(crm, people):
    def rows(unit):
        tables = ("crm_offer", "decisions_decision", "decisions_assignment", "delivery_intent")
        count = sa.func.count()
        return [
            unit.connection.scalar(sa.select(count).select_from(sa.table(name))) for name in tables
        ]

    with crm.unit() as unit:
        people(unit, "Ana", "Bo")
        decisions.decide(unit, run="first")
        before = rows(unit)
    with crm.unit() as unit:
        again = decisions.decide(unit, run="first")
        assert (again.new, again.already, again.messages) == (0, 2, 0)
        assert rows(unit) == before
        people(unit, "Cy")
        more = decisions.decide(unit, run="first")
        assert (more.new, more.already) == (1, 2)


def test_only_active_customers_are_decided_on_and_unknown_ones_are_told(crm, people):
    with crm.unit() as unit:
        ana, bo = people(unit, "Ana", "Bo")
        unit.customers.erase([bo.id])
        assert decisions.decide(unit, run="first", customer_ids=[ana.id, bo.id]).new == 1
        with pytest.raises(RecordNotFoundError, match="no customer 999"):
            decisions.decide(unit, run="second", customer_ids=[999])


def test_two_at_one_address_get_one_letter(crm, people, agree):
    with crm.unit() as unit:
        ana, bo = people(unit, "Ana", "Bo", agreed=False)
        import attrs

        shared = (ContactPoint("email", "ANA@example.com"),)
        bo = unit.customers.save(attrs.evolve(bo, contact_points=shared))
        agree(unit, ana, bo)
        result = decisions.decide(unit, run="first")
        assert (result.treatment, result.silence, result.messages) == (1, 1, 1)
        why = decided(unit, bo).why
    assert why == "Tea: decisions: somebody else at that address is chosen in this run"


def test_who_shares_an_address_with_somebody_refused_is_still_asked(crm, people, agree):
    with crm.unit() as unit:
        ana, bo = people(unit, "Ana", "Bo", agreed=False)
        import attrs

        shared = (ContactPoint("email", "ana@example.com"),)
        bo = unit.customers.save(attrs.evolve(bo, contact_points=shared))
        agree(unit, bo)
        decisions.decide(unit, run="first")
        assert [decided(unit, each).arm for each in (ana, bo)] == ["silence", "treatment"]


def test_a_customer_without_an_address_for_the_channel_is_left_alone(crm, people, agree):
    from crmkit import Customer

    with crm.unit() as unit:
        dee = unit.customers.add(Customer(name="Dee"))
        agree(unit, dee)
        decisions.decide(unit, run="first")
        assert decided(unit, dee).why == "Tea: decisions: the customer has no email"


def test_the_limit_of_the_policy_stops_the_second_run_once_the_first_was_sent(crm, people, clock):
    with crm.unit() as unit:
        (ana,) = people(unit, "Ana")
        decisions.decide(unit, run="first")
    assert delivery.run_until_empty(crm).sent == 1
    clock.move(days=1)
    with crm.unit() as unit:
        assert decisions.decide(unit, run="second").silence == 1
        why = decisions.decisions_of(unit, ana.id)[1].why
        assert why == "Tea: policy: policy 1 allows at most 1 per 7 days"
    clock.move(days=6)
    with crm.unit() as unit:
        assert decisions.decide(unit, run="third").treatment == 1


def test_two_runs_decided_before_anything_is_sent_do_not_pass_the_limit_together(
    crm, people, clock
):
    with crm.unit() as unit:
        people(unit, "Ana")
        decisions.decide(unit, run="first")
        decisions.decide(unit, run="second")
        assert len(delivery.messages(unit)) == 2
    assert delivery.run_until_empty(crm).counts == {"sent": 1, "queued": 1}
    clock.move(days=6, hours=23)
    assert not delivery.run_until_empty(crm)
    clock.move(hours=1)
    assert delivery.run_until_empty(crm).counts == {"sent": 1}


def test_what_could_not_leave_before_the_night_leaves_in_the_morning(crm, people, clock):
    with crm.unit() as unit:
        people(unit, "Ana")
        decisions.decide(unit, run="first")
    clock.move(hours=13)  # 22:00 in London; nobody delivered during the day
    assert delivery.run_until_empty(crm).counts == {"queued": 1}
    clock.move(hours=9, minutes=59)
    assert not delivery.run_until_empty(crm)
    clock.move(minutes=1)
    assert delivery.run_until_empty(crm).counts == {"sent": 1}


def test_what_is_decided_at_night_is_sent_in_the_recipients_morning(crm, people, clock):
    clock.now = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    with crm.unit() as unit:
        (warsaw,) = people(unit, "Ana", time_zone="Europe/Warsaw")
        (apia,) = people(unit, "Bo", time_zone="Pacific/Apia")
        (unknown,) = people(unit, "Cy")
        assert decisions.decide(unit, run="first").treatment == 3
        due = {each.customer_id: each.not_before for each in delivery.messages(unit)}
    assert due == {
        warsaw.id: datetime(2026, 3, 29, 6, tzinfo=UTC),  # summer time began at 01:00 UTC
        apia.id: clock.now,
        unknown.id: datetime(2026, 3, 29, 7, tzinfo=UTC),
    }
    assert delivery.run_until_empty(crm).sent == 1
    clock.move(hours=7)
    assert delivery.run_until_empty(crm).sent == 2


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"customer_id": 999}, "plugin shop: proposed for customer 999, not asked for"),
        ({"value": float("nan")}, "plugin shop: proposed a value of nan, not a finite number"),
    ],
)
def test_a_proposal_that_makes_no_sense_names_its_plugin(crm, people, proposer, changes, told):
    proposer.offers = [changes]
    with crm.unit() as unit:
        people(unit, "Ana")
        with pytest.raises(PluginError, match=told):
            decisions.decide(unit, run="first")


def test_an_objection_between_decision_and_sending_is_honoured(crm, people):
    with crm.unit() as unit:
        (ana,) = people(unit, "Ana")
        decisions.decide(unit, run="first")
    with crm.unit() as unit:
        consent.object_to_marketing(unit, ana.id, source="phone")
    assert delivery.run_until_empty(crm).counts == {"suppressed": 1}


def test_the_thread_leads_from_the_message_to_the_decision_and_its_policy(crm, people):
    with crm.unit() as unit:
        (ana,) = people(unit, "Ana")
        decisions.decide(unit, run="first")
        found = decided(unit, ana)
    delivery.run_until_empty(crm)
    with crm.unit() as unit:
        (message,) = delivery.messages(unit)
        refs = [
            Ref("intent", message.id),
            Ref("offer", message.offer_id),
            Ref("decision", found.id),
            Ref("policy", 1),
        ]
        causes = {cause.ref: cause for cause in ask.explain(unit, refs)}
    intent, offer, decision, version = refs
    assert set(causes) == set(refs)
    assert decision in causes[intent].because
    assert causes[offer].because == (decision,)
    assert causes[decision].because == (version,)
    assert causes[decision].text == (
        "treatment in run first: 'Tea', because likes tea (1 other candidates, 0 of them vetoed)"
    )


def test_a_long_or_broken_line_becomes_a_subject_of_one_line():
    from crmkit import Offer

    assert letters.subject(Offer(customer_id=1, what="Tea\n for\ttwo")) == "Tea for two"
    assert len(letters.subject(Offer(customer_id=1, what="x" * 400))) == 150


def test_the_cycle_decides_once_a_day_and_writes_nothing_on_a_dry_run(crm, people, clock):
    step = crm.contributed.cycle_steps["decide"]
    with crm.unit() as unit:
        people(unit, "Ana")
    told = step.run(crm, Turn(as_of=clock.now, dry_run=True))
    assert told == (
        "run cycle-2026-01-05 under policy 1: 1 offers, 0 held out, 0 left alone, 0 decided before"
    )
    with crm.unit() as unit:
        assert decisions.runs(unit) == []
        assert delivery.messages(unit) == []
    assert step.run(crm, Turn(as_of=clock.now)) == told
    assert "0 offers, 0 held out, 0 left alone, 1 decided before" in step.run(
        crm, Turn(as_of=clock.now)
    )
