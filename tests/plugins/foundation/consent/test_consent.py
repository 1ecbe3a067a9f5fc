from datetime import timedelta

import pytest

from crmkit import (
    Contact,
    ContactPoint,
    Customer,
    InvalidValueError,
    RecordNotFoundError,
    RefusedError,
    ask,
)
from crmkit.plugins.foundation import consent, policy

POLICY = """
name = "shop"
currency = "EUR"
holdout_share = 0.1
offer_window_days = 30
[purposes.news]
summary = "What is new."
kind = "marketing"
lawful_bases = ["consent"]
channels = ["email", "sms"]
[purposes.order]
summary = "Your order."
kind = "service"
lawful_bases = ["contract"]
channels = ["email"]
"""
ANA = "ana@example.com"


@pytest.fixture
def crm(make_crm):
    return make_crm("consent")


def add(unit, name="Ana", email=ANA):
    return unit.customers.add(
        Customer(name=name, contact_points=(ContactPoint("email", email),))
    ).id


def why_not(unit, customer_id, purpose="news", channel="email", address=ANA):
    asked = Contact(
        customer_id=customer_id, purpose=purpose, channel=channel, address=address, at=unit.now
    )
    found = ask.may_contact(unit, [asked])
    return " / ".join(each.reason for each in found.get(0, ()))


def agree(unit, customer_id, **changes):
    fields = {
        "purpose": "news",
        "channel": "email",
        "basis": "consent",
        "evidence": "ticked the box of the order form",
        "source": "shop",
    }
    return consent.grant(unit, customer_id, **fields | changes)


def test_unknown_is_not_consent(crm):
    with crm.unit() as unit:
        ana = add(unit)
        assert why_not(unit, ana) == "no lawful basis for news by email is on record"
        assert why_not(unit, ana + 1) == "no lawful basis for news by email is on record"
        assert consent.standing(unit, ana) == []


def test_a_grant_covers_its_purpose_and_channel_and_nothing_else(crm):
    with crm.unit() as unit:
        ana = add(unit)
        agree(unit, ana)
        assert why_not(unit, ana) == ""
        assert "no lawful basis" in why_not(unit, ana, channel="sms")
        assert "no lawful basis" in why_not(unit, ana, purpose="care")


def test_a_grant_for_every_channel_covers_each_until_one_is_withdrawn(crm, clock):
    with crm.unit() as unit:
        ana = add(unit)
        agree(unit, ana, channel="*")
        assert why_not(unit, ana, channel="sms") == ""
        consent.withdraw(unit, ana, purpose="news", channel="sms", source="phone")
        assert why_not(unit, ana, channel="sms") == "withdrawn on 2026-01-05"
        assert why_not(unit, ana) == ""


def test_withdrawing_everything_ends_every_grant_and_a_later_grant_counts_again(crm, clock):
    with crm.unit() as unit:
        ana = add(unit)
        agree(unit, ana)
        agree(unit, ana, channel="sms")
        consent.withdraw(unit, ana, source="mail")
        assert why_not(unit, ana) == why_not(unit, ana, channel="sms") == "withdrawn on 2026-01-05"
    clock.move(days=1)
    with crm.unit() as unit:
        agree(unit, ana)
        assert why_not(unit, ana) == ""
        assert why_not(unit, ana, channel="sms") == "withdrawn on 2026-01-05"


def test_what_happened_last_counts_not_what_was_written_down_last(crm, clock):
    with crm.unit() as unit:
        ana = add(unit)
        consent.withdraw(unit, ana, source="mail", at=clock.now - timedelta(days=1))
        agree(unit, ana, at=clock.now - timedelta(days=400))
        assert why_not(unit, ana) == "withdrawn on 2026-01-04"
        assert [event.state for event in consent.log(unit, ana)] == ["granted", "withdrawn"]


def test_a_grant_ends_when_it_expires(crm, clock):
    with crm.unit() as unit:
        ana = add(unit)
        agree(unit, ana, expires_at=clock.now + timedelta(days=1))
        assert why_not(unit, ana) == ""
    clock.move(days=1)
    with crm.unit() as unit:
        assert why_not(unit, ana) == "the consent expired on 2026-01-06"
        (line,) = consent.standing(unit, ana)
        assert line.state == "expired"


@pytest.mark.parametrize("missing", ["evidence", "source"])
def test_consent_without_evidence_or_source_is_refused(crm, missing):
    with crm.unit() as unit:
        ana = add(unit)
        with pytest.raises(consent.EvidenceMissingError, match=f"^{missing}: ") as refused:
            agree(unit, ana, **{missing: "  "})
        assert isinstance(refused.value, RefusedError)
        assert refused.value.exit_code == 5
        with pytest.raises(consent.EvidenceMissingError):
            consent.Grant(customer_id=ana, purpose="news", channel="email", basis="consent")
        assert consent.log(unit, ana) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("purpose", "*"),
        ("purpose", "News"),
        ("purpose", ""),
        ("channel", "e*"),
        ("basis", "because"),
        ("at", "2026-01-05"),
    ],
)
def test_a_grant_that_says_nothing_certain_is_refused(crm, field, value):
    with crm.unit() as unit:
        ana = add(unit)
        with pytest.raises(InvalidValueError, match=f"^{field}: "):
            agree(unit, ana, **{field: value})


def test_what_has_not_happened_yet_cannot_be_recorded(crm, clock):
    with crm.unit() as unit:
        ana = add(unit)
        with pytest.raises(InvalidValueError, match="has passed"):
            agree(unit, ana, at=clock.now + timedelta(seconds=1))


def test_an_unknown_customer_is_told_apart(crm):
    with crm.unit() as unit:
        with pytest.raises(RecordNotFoundError, match="no customer 999"):
            agree(unit, 999)


def test_importing_the_same_evidence_again_adds_nothing_and_revives_nothing(crm, clock):
    def imported(unit, customer_id):
        given = consent.Grant(
            customer_id=customer_id,
            purpose="news",
            channel="email",
            basis="consent",
            evidence="list of 2024",
            source="import",
        )
        return consent.grant_many(unit, [given, given])

    with crm.unit() as unit:
        ana = add(unit)
        assert imported(unit, ana) == 1
        consent.withdraw(unit, ana, source="mail")
    clock.move(days=1)
    with crm.unit() as unit:
        assert imported(unit, ana) == 0
        assert why_not(unit, ana) == "withdrawn on 2026-01-05"


def test_an_objection_outlasts_grants_and_imports_but_not_what_rests_on_a_contract(crm, clock):
    with crm.unit() as unit:
        ana = add(unit)
        agree(unit, ana, purpose="order", basis="contract")
        consent.object_to_marketing(unit, ana, source="phone", evidence="said stop")
        assert "no lawful basis" in why_not(unit, ana)
        clock.move(days=1)
    with crm.unit() as unit:
        agree(unit, ana)
        agree(unit, ana, purpose="care", basis="legitimate_interest")
        consent.grant_many(
            unit,
            [
                consent.Grant(
                    customer_id=ana,
                    purpose="news",
                    channel="*",
                    basis="consent",
                    evidence="list",
                    source="import",
                )
            ],
        )
        assert why_not(unit, ana) == "objected to marketing on 2026-01-05"
        assert why_not(unit, ana, purpose="care") == "objected to marketing on 2026-01-05"
        assert why_not(unit, ana, purpose="order") == ""
        states = {(each.purpose, each.channel): each.state for each in consent.standing(unit, ana)}
    assert states == {
        ("*", "*"): "objected",
        ("care", "email"): "objected",
        ("news", "*"): "objected",
        ("news", "email"): "objected",
        ("order", "email"): "granted",
    }


def test_only_the_persons_own_later_consent_goes_past_an_objection_and_only_where_it_says(
    crm, clock
):
    with crm.unit() as unit:
        ana = add(unit)
        consent.object_to_marketing(unit, ana, source="phone")
        agree(unit, ana, after_objection=True)
        agree(unit, ana, channel="sms")
        assert why_not(unit, ana) == ""
        assert why_not(unit, ana, channel="sms") == "objected to marketing on 2026-01-05"
        with pytest.raises(InvalidValueError, match="after_objection"):
            agree(unit, ana, basis="legitimate_interest", after_objection=True)
        with pytest.raises(InvalidValueError, match="after_objection"):
            agree(unit, ana, channel="*", after_objection=True)
    clock.move(days=1)
    with crm.unit() as unit:
        consent.object_to_marketing(unit, ana, source="phone")
        assert why_not(unit, ana) == "objected to marketing on 2026-01-06"


def test_a_basis_the_purpose_does_not_accept_is_refused(make_crm):
    crm = make_crm("policy", "consent")
    with crm.unit() as unit:
        ana = add(unit)
        agree(unit, ana, basis="legitimate_interest")
        agree(unit, ana, purpose="order", basis="contract")
        assert "no relationship policy is in force" in why_not(unit, ana)
        policy.adopt(unit, POLICY)
        assert why_not(unit, ana) == "news may not rest on legitimate_interest, only on consent"
        assert why_not(unit, ana, purpose="order") == ""
        agree(unit, ana)
        assert why_not(unit, ana) == ""


def test_a_suppressed_address_is_never_written_to_in_whatever_spelling(crm):
    with crm.unit() as unit:
        ana = add(unit)
        agree(unit, ana, channel="*")
        assert consent.suppress(unit, "email", ANA, "bounced") is True
        assert consent.suppress(unit, "email", " ANA@Example.COM. ", "again") is False
        told = "the address is suppressed since 2026-01-05: bounced"
        assert why_not(unit, ana, address="Ana@EXAMPLE.com") == told
        assert why_not(unit, ana, channel="pigeon") == told
        assert why_not(unit, ana, address="other@example.com") == ""
        found = consent.is_suppressed_many(unit, [("email", ANA), ("phone", "+48 22 123 45 67")])
        assert found == [True, False]


def test_a_suppression_is_lifted_only_with_a_reason(crm):
    with crm.unit() as unit:
        consent.suppress(unit, "email", ANA, "bounced")
        with pytest.raises(InvalidValueError, match="reason"):
            consent.lift(unit, "email", ANA, " ")
        assert consent.lift(unit, "email", ANA, "the server was down") is True
        assert consent.lift(unit, "email", ANA, "twice") is False
        assert consent.is_suppressed_many(unit, [("email", ANA)]) == [False]
        consent.suppress(unit, "email", ANA, "bounced again")
        (found,) = consent.suppressions(unit, [("email", ANA)])
    assert found is not None
    assert found.reason == "bounced again"


def test_the_ledger_holds_no_address_and_each_database_has_its_own_key(crm):
    with crm.unit() as unit:
        consent.suppress(unit, "email", ANA, "bounced")
        rows = unit.connection.exec_driver_sql("SELECT digest FROM consent_suppression").all()
        (secret,) = unit.connection.exec_driver_sql("SELECT secret FROM consent_key").one()
    assert len(rows[0][0]) == len(secret) == 64
    assert "ana" not in rows[0][0]
    import hashlib

    assert rows[0][0] != hashlib.sha256(b"email\0ana@example.com").hexdigest()


def test_an_erased_person_does_not_come_back_with_the_old_file(crm, clock):
    with crm.unit() as unit:
        ana = add(unit)
        agree(unit, ana, evidence="Ana said so at the counter", text_hash="ab" * 32)
        unit.customers.erase([ana])
        (event,) = consent.log(unit, ana)
        assert (event.evidence, event.text_hash) == ("(erased)", "")
    clock.move(days=1)
    with crm.unit() as unit:
        again = add(unit, email="ANA@example.com")
        agree(unit, again)
        told = "the address is suppressed since 2026-01-05: the person was erased"
        assert why_not(unit, again) == told


def test_export_holds_every_event_of_the_person(crm, clock):
    with crm.unit() as unit:
        ana, bo = add(unit), add(unit, "Bo", "bo@example.com")
        agree(unit, ana)
        found = ask.export(unit, [ana, bo])
    (event,) = found[ana]["consent"]["events"]
    assert event["evidence"] == "ticked the box of the order form"
    assert event["at"] == clock.now.isoformat()
    assert "consent" not in found[bo]


def test_twenty_thousand_grants_are_one_batch(make_crm):
    crm = make_crm("consent")
    with crm.unit() as unit:
        people = unit.customers.add_many(Customer(name=f"c{n}") for n in range(4_000))
        given = [
            consent.Grant(
                customer_id=each.id,
                purpose=f"p{n}",
                channel="email",
                basis="consent",
                evidence="list",
                source="import",
            )
            for each in people
            for n in range(5)
        ]
        assert consent.grant_many(unit, given) == 20_000
        assert consent.grant_many(unit, given) == 0
