"""What comes in: messages, opt-outs and delivery reports; each once, however often it is told."""

from __future__ import annotations

from collections.abc import Sequence

from crmkit import ContactPoint, Customer, Interaction, InvalidValueError, Unit, atomic

from . import queries
from .config import Settings
from .model import OPTED_IN, OPTED_OUT, RECEIVED, REPORTED, Heard, Message, Report
from .optout import is_opt_out

SOURCE = "sms"
REASON = "opted out by text message"


@atomic
def receive_message(unit: Unit, message: Message) -> Heard:
    """
    Record a message on the customer whose number it is; a stranger becomes a customer.

    An opt-out counts for everybody at that number. Where ``consent`` is enabled the number goes
    into its ledger; if that fails, nothing is recorded, so that the gateway tells it again.
    """
    key = f"in:{message.id}"
    if known := _known(unit, key):
        return known
    sharers = queries.customers_at(unit, message.number) or [_stranger(unit, message.number)]
    stops = not message.machine and is_opt_out(message.text, unit.settings(Settings).stop_words)
    said = Interaction(
        customer_id=queries.most_likely(unit, sharers),
        kind=RECEIVED,
        at=message.at or unit.now,
        channel="sms",
        text=message.text,
        machine=message.machine,
        payload={"number": message.number, "shared_by": len(sharers)},
        source=SOURCE,
        source_key=key,
    )
    stored = unit.interactions.add(said)
    if stops:
        _stop(unit, message, sharers)
    return Heard(
        interaction_id=stored.id, customer_id=stored.customer_id, is_new=True, opted_out=stops
    )


@atomic
def receive_report(unit: Unit, report: Report) -> Heard:
    """Record what a gateway says became of a message, each state of it once."""
    key = f"report:{report.id}:{report.state}"
    if known := _known(unit, key):
        return known
    sharers = queries.customers_at(unit, report.number)
    if not sharers:
        return Heard(interaction_id=None, customer_id=None, is_new=False)
    told = Interaction(
        customer_id=queries.most_likely(unit, sharers, report.id),
        kind=REPORTED,
        at=report.at or unit.now,
        channel="sms",
        direction="internal",
        machine=True,
        payload={"number": report.number, "reference": report.id, "state": report.state},
        source=SOURCE,
        source_key=key,
    )
    stored = unit.interactions.add(told)
    return Heard(interaction_id=stored.id, customer_id=stored.customer_id, is_new=True)


def allow_again(unit: Unit, customer_id: int, reason: str) -> Interaction:
    """
    Record that a customer who opted out wants text messages again, in their own words.

    What the ledger of ``consent`` holds stays there until it is lifted there.
    """
    if not reason.strip():
        raise InvalidValueError("reason", reason, "how the customer said so")
    return unit.interactions.add(
        Interaction(customer_id=customer_id, kind=OPTED_IN, at=unit.now, channel="sms", text=reason)
    )


def _known(unit: Unit, key: str) -> Heard | None:
    found = unit.interactions.ids_of(SOURCE, [key])
    if not found:
        return None
    stored = unit.interactions.get(found[key])
    return Heard(interaction_id=stored.id, customer_id=stored.customer_id, is_new=False)


def _stranger(unit: Unit, number: str) -> int:
    phone = ContactPoint("phone", number)
    return unit.customers.add(Customer(name=number, contact_points=(phone,))).id


def _stop(unit: Unit, message: Message, sharers: Sequence[int]) -> None:
    is_kept = unit.crm.is_enabled("consent")
    if is_kept:
        from crmkit.plugins.foundation import consent

        forms = queries.spellings(unit, message.number)
        consent.suppress_many(unit, [("phone", form) for form in forms], REASON)
    unit.interactions.add_many(
        Interaction(
            customer_id=customer_id,
            kind=OPTED_OUT,
            at=message.at or unit.now,
            channel="sms",
            payload={"number": message.number, "suppressed": is_kept},
            source=SOURCE,
            source_key=f"out:{message.id}:{customer_id}",
        )
        for customer_id in sharers
    )
