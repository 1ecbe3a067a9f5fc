from datetime import UTC, datetime, timedelta

import pytest

from crmkit import (
    Contact,
    Customer,
    Interaction,
    InteractionKind,
    Plugin,
    Ref,
    Segment,
    ask,
    hookimpl,
)
from crmkit.plugins.foundation import policy
from crmkit.sql import customer as customer_table

MINIMAL = """
name = "shop"
currency = "EUR"
holdout_share = 0.1
offer_window_days = 30

[purposes.news]
summary = "What is new."
kind = "marketing"
lawful_bases = ["consent"]
channels = ["email"]

[purposes.order]
summary = "Your order."
kind = "service"
lawful_bases = ["contract"]
channels = ["email"]
"""
TWO_A_FORTNIGHT = MINIMAL + "[[limits]]\nat_most = 2\ndays = 14\n"
QUIET = (
    MINIMAL + '[quiet_hours]\nsince = "21:00"\nuntil = "08:00"\nunknown_zone = ["Europe/London"]\n'
)


class Sent:
    """Registers what delivery does, without delivering."""

    @hookimpl
    def crmkit_interaction_kinds(self):
        import attrs

        payload = attrs.make_class("SentPayload", ["purpose", "intent"])
        yield InteractionKind(name="message.sent", summary="A message left.", payload=payload)


SENT = Plugin(name="fakes", summary="sent messages", hooks=Sent())


def contact(customer_id, at, purpose="news", channel="email"):
    return Contact(
        customer_id=customer_id, purpose=purpose, channel=channel, address="a@b.example", at=at
    )


def sent(customer_id, at, purpose="news"):
    return Interaction(
        customer_id=customer_id,
        kind="message.sent",
        at=at,
        channel="email",
        direction="outbound",
        payload={"purpose": purpose, "intent": 1},
    )


def reasons(unit, *contacts):
    found = ask.may_contact(unit, contacts)
    return [" / ".join(each.reason for each in found.get(i, ())) for i in range(len(contacts))]


def test_a_fresh_database_has_no_policy_and_objects_to_every_contact(make_crm):
    crm = make_crm("policy")
    with crm.unit() as unit:
        ana = unit.customers.add(Customer(name="Ana"))
        with pytest.raises(policy.NoPolicyError, match="crmkit policy adopt FILE") as refused:
            policy.current(unit)
        assert refused.value.exit_code == 5
        (reason,) = reasons(unit, contact(ana.id, unit.now))
        assert "no relationship policy is in force" in reason
        (finding,) = ask.diagnose(unit)
        assert (finding.level, finding.mend) == ("warn", "crmkit policy adopt FILE")


def test_an_adopted_policy_is_read_back_and_the_same_text_is_the_same_version(make_crm, clock):
    crm = make_crm("policy")
    with crm.unit() as unit:
        first = policy.adopt(unit, MINIMAL)
        assert (first.version, first.name, first.currency) == (1, "shop", "EUR")
        assert policy.adopt(unit, MINIMAL) == first
    clock.move(days=1)
    with crm.unit(actor="bo") as unit:
        assert policy.adopt(unit, TWO_A_FORTNIGHT).version == 2
        assert policy.current(unit).limits == (policy.Limit(at_most=2, days=14),)
        assert policy.version(unit, 1) == first
        history = policy.history(unit)
    assert [(each.version, each.adopted_by) for each in history] == [(1, "test"), (2, "bo")]
    assert history[1].adopted_at == clock.now


def test_going_back_to_an_older_text_is_a_new_version_in_the_history(make_crm):
    crm = make_crm("policy")
    with crm.unit() as unit:
        for text in (MINIMAL, TWO_A_FORTNIGHT, MINIMAL):
            policy.adopt(unit, text)
        assert policy.current(unit).version == 3
        assert policy.diff(unit, 1, 3) == []
        added = [line for line in policy.diff(unit, 1, 2) if line.startswith("+")]
    assert added == ["+++ policy 2", "+[[limits]]", "+at_most = 2", "+days = 14"]


def test_an_invalid_policy_leaves_the_one_in_force(make_crm):
    crm = make_crm("policy")
    with crm.unit() as unit:
        policy.adopt(unit, MINIMAL)
        with pytest.raises(policy.PolicyInvalidError):
            policy.adopt(unit, "name = 1")
        assert policy.current(unit).version == 1


def test_purposes_and_channels_the_policy_does_not_name_are_refused(make_crm):
    crm = make_crm("policy")
    with crm.unit() as unit:
        ana = unit.customers.add(Customer(name="Ana"))
        policy.adopt(unit, MINIMAL)
        found = reasons(
            unit,
            contact(ana.id, unit.now),
            contact(ana.id, unit.now, purpose="gossip"),
            contact(ana.id, unit.now, channel="sms"),
            contact(ana.id + 1, unit.now),
        )
    assert found == [
        "",
        "policy 1 names no purpose 'gossip'",
        "policy 1 does not allow channel 'sms' for news",
        "the customer is unknown",
    ]


def test_an_erased_customer_is_not_contacted(make_crm):
    crm = make_crm("policy")
    with crm.unit() as unit:
        ana = unit.customers.add(Customer(name="Ana"))
        policy.adopt(unit, MINIMAL)
        unit.customers.erase([ana.id])
        assert reasons(unit, contact(ana.id, unit.now)) == ["the customer is erased"]


def test_a_limit_counts_what_was_sent_within_its_days(make_crm, clock):
    crm = make_crm("policy", SENT)
    with crm.unit() as unit:
        policy.adopt(unit, TWO_A_FORTNIGHT)
        ana, bo = unit.customers.add_many([Customer(name="Ana"), Customer(name="Bo")])
        ago = [clock.now - timedelta(days=days) for days in (14, 13, 1)]
        unit.interactions.add_many([sent(ana.id, at) for at in ago])
        unit.interactions.add_many([sent(bo.id, at) for at in ago[:2]])
        found = reasons(unit, contact(ana.id, unit.now), contact(bo.id, unit.now))
    assert found == ["policy 1 allows at most 2 per 14 days", ""]


def test_contacts_of_one_batch_do_not_pass_a_limit_together(make_crm, clock):
    crm = make_crm("policy", SENT)
    with crm.unit() as unit:
        policy.adopt(unit, TWO_A_FORTNIGHT)
        ana = unit.customers.add(Customer(name="Ana"))
        unit.interactions.add(sent(ana.id, clock.now - timedelta(days=3)))
        found = reasons(unit, *[contact(ana.id, unit.now)] * 3)
    assert [bool(each) for each in found] == [False, True, True]


def test_an_overall_limit_counts_service_messages_but_binds_only_marketing(make_crm, clock):
    crm = make_crm("policy", SENT)
    with crm.unit() as unit:
        policy.adopt(unit, TWO_A_FORTNIGHT)
        ana = unit.customers.add(Customer(name="Ana"))
        unit.interactions.add_many([sent(ana.id, clock.now, "order")] * 2)
        found = reasons(unit, contact(ana.id, unit.now), contact(ana.id, unit.now, purpose="order"))
    assert found == ["policy 1 allows at most 2 per 14 days", ""]


def test_a_limit_of_a_purpose_counts_that_purpose_alone(make_crm, clock):
    crm = make_crm("policy", SENT)
    with crm.unit() as unit:
        policy.adopt(unit, MINIMAL + '[[limits]]\npurpose = "order"\nat_most = 1\ndays = 1\n')
        ana = unit.customers.add(Customer(name="Ana"))
        unit.interactions.add_many([sent(ana.id, clock.now), sent(ana.id, clock.now, "order")])
        found = reasons(unit, contact(ana.id, unit.now), contact(ana.id, unit.now, purpose="order"))
    assert found == ["", "policy 1 allows at most 1 per 1 days for order"]


def test_quiet_hours_go_by_the_recipients_clock_and_spare_service(make_crm):
    crm = make_crm("policy")
    evening = datetime(2026, 1, 5, 20, 30, tzinfo=UTC)
    with crm.unit() as unit:
        policy.adopt(unit, QUIET)
        warsaw, new_york, unknown = unit.customers.add_many(
            [
                Customer(name="Ana", time_zone="Europe/Warsaw"),
                Customer(name="Bo", time_zone="America/New_York"),
                Customer(name="Cy"),
            ]
        )
        found = reasons(
            unit,
            contact(warsaw.id, evening),
            contact(warsaw.id, evening, purpose="order"),
            contact(new_york.id, evening),
            contact(unknown.id, evening),
            contact(unknown.id, evening + timedelta(hours=1)),
        )
        assert found == [
            "policy 1 keeps quiet from 21:00 to 08:00 in Europe/Warsaw",
            "",
            "",
            "",
            "policy 1 keeps quiet from 21:00 to 08:00 in an unknown time zone",
        ]
        people = [warsaw.id, new_york.id, unknown.id]
        assert policy.earliest(unit, people, evening) == {
            warsaw.id: datetime(2026, 1, 6, 7, tzinfo=UTC),
            new_york.id: evening,
            unknown.id: evening,
        }


class Sharing:
    """Two segments by the first letter, from one SELECT that names them."""

    @hookimpl
    def crmkit_segments(self):
        import sqlalchemy as sa

        def members(scope):
            column = customer_table.c
            segment = sa.case((column.name.like("A%"), "fakes.a"), else_="fakes.other")
            return sa.select(column.id, sa.literal("its name"), segment)

        for name in ("fakes.a", "fakes.other"):
            yield Segment(name=name, summary="by letter", members=members)


class Segments:
    """A segment of everybody whose name begins with A."""

    @hookimpl
    def crmkit_segments(self):
        import sqlalchemy as sa

        def members(scope):
            column = customer_table.c
            return sa.select(column.id.label("customer_id"), sa.literal("an A").label("why")).where(
                column.name.like("A%"), scope.covers(column.id)
            )

        yield Segment(name="fakes.a", summary="As", members=members)


RULE = """
[[offers]]
segment = "fakes.a"
what = "Tea for two"
kind = "product"
purpose = "news"
channel = "email"
value_minor = 250
valid_days = 10
why = "You like tea."
"""


def test_segments_that_share_a_select_get_only_the_offers_of_their_own_rules(make_crm):
    crm = make_crm("policy", Plugin(name="fakes", summary="segments", hooks=Sharing()))
    with crm.unit() as unit:
        policy.adopt(unit, MINIMAL + RULE)
        ana, bo = unit.customers.add_many([Customer(name="Ana"), Customer(name="Bo")])
        found = ask.propose_offers(unit, [ana, bo])
        assert [each.customer_id for _, each in found] == [ana.id]
        policy.adopt(unit, MINIMAL + RULE + RULE.replace("fakes.a", "fakes.other"))
        found = ask.propose_offers(unit, [ana, bo])
    assert [(each.customer_id, each.because) for _, each in found] == [
        (ana.id, (Ref("segment.fakes.a", ana.id),)),
        (bo.id, (Ref("segment.fakes.other", bo.id),)),
    ]


def test_the_rules_of_the_policy_propose_offers_to_the_members_of_a_segment(make_crm, clock):
    crm = make_crm("policy", Plugin(name="fakes", summary="segments", hooks=Segments()))
    unknown = RULE.replace("fakes.a", "fakes.gone")
    with crm.unit() as unit:
        policy.adopt(unit, MINIMAL + RULE + unknown)
        people = unit.customers.add_many([Customer(name="Ana"), Customer(name="Bo")])
        ((plugin, proposal),) = ask.propose_offers(unit, people)
        _, finding = ask.diagnose(unit)
    assert plugin == "policy"
    assert proposal.customer_id == people[0].id
    assert (proposal.value, proposal.purpose, proposal.channel) == (250, "news", "email")
    assert proposal.why == "in fakes.a: an A"
    assert proposal.because == (Ref("segment.fakes.a", people[0].id),)
    assert proposal.offer is not None
    assert proposal.offer.why == "You like tea."
    assert proposal.offer.valid_until == clock.now + timedelta(days=10)
    assert "'fakes.gone', which no enabled plugin knows" in finding.text


def test_cycle_explain_knows_the_versions(make_crm, clock):
    crm = make_crm("policy")
    with crm.unit() as unit:
        policy.adopt(unit, MINIMAL)
        (cause,) = ask.explain(unit, [Ref("policy", 1), Ref("policy", 2), Ref("offer", 1)])
    assert cause.ref == Ref("policy", 1)
    assert cause.text == "version 1 of the policy 'shop', adopted by test"
    assert cause.at == clock.now
