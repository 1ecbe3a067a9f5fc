"""Records as the rows that commands write."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crmkit import Customer, Interaction, Offer

CUSTOMER = ("id", "name", "email", "phone", "identities", "status")
INTERACTION = ("id", "at", "customer", "kind", "channel", "amount", "text")
OFFER = ("id", "customer", "what", "status", "valid_until", "plugin")


def of_customer(record: Customer) -> dict[str, object]:
    return {
        "id": record.id,
        "name": record.name,
        "email": record.contact("email"),
        "phone": record.contact("phone"),
        "identities": [str(each) for each in record.identities],
        "kind": record.kind,
        "standing": record.standing,
        "status": record.status,
        "merged_into": record.merged_into,
        "contacts": [
            {
                "kind": point.kind,
                "value": point.value,
                "label": point.label,
                "preferred": point.preferred,
            }
            for point in record.contact_points
        ],
        "locale": record.locale,
        "time_zone": record.time_zone,
        "attributes": dict(record.attributes),
        "version": record.version,
    }


def of_interaction(record: Interaction) -> dict[str, object]:
    return {
        "id": record.id,
        "at": record.at,
        "customer": record.customer_id,
        "kind": record.kind,
        "channel": record.channel,
        "direction": record.direction,
        "amount": record.amount,
        "lines": [
            {
                "sku": line.sku,
                "name": line.name,
                "quantity": line.quantity,
                "amount": line.amount,
            }
            for line in record.lines
        ],
        "text": record.text,
        "thread": record.thread,
        "offer": record.offer_id,
        "machine": record.machine,
        "payload": dict(record.payload),
        "source": record.source,
        "source_key": record.source_key,
    }


def of_offer(record: Offer) -> dict[str, object]:
    return {
        "id": record.id,
        "customer": record.customer_id,
        "what": record.what,
        "kind": record.kind,
        "status": record.status,
        "why": record.why,
        "terms": dict(record.terms),
        "cost": record.cost,
        "valid_from": record.valid_from,
        "valid_until": record.valid_until,
        "plugin": record.plugin,
        "carried_by": record.carried_by,
        "answered_by": record.answered_by,
        "version": record.version,
    }
