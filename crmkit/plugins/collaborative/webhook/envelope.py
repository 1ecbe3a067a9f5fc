"""
Events as CloudEvents 1.0 has them, in structured JSON.

Beside the attributes of the specification there is one of our own, ``hops``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from crmkit import Changes, Customer, Interaction, Money, Offer

from .model import Fact

CONTENT_TYPE = "application/cloudevents+json"
Names = Mapping[int, Sequence[str]]


def written(fact: Fact, key: str, source: str, hops: int) -> str:
    """The body, which every attempt sends to the byte."""
    document = {
        "specversion": "1.0",
        "id": key,
        "source": source,
        "type": fact.kind,
        "subject": fact.subject,
        "time": _instant(fact.at),
        "datacontenttype": "application/json",
        "hops": hops,
        "data": fact.data,
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def facts(changes: Changes, names: Names, now: datetime) -> Iterator[Fact]:
    """*names*: identities such as ``shop:42`` by customer id."""
    before: Sequence[Any] = changes.before or (None,) * len(changes.after)
    ids = changes.ids or [each.id for each in changes.after]
    for old, new, record_id in zip(before, changes.after, ids, strict=True):
        match new:
            case Interaction():
                yield _of_interaction(new, record_id, names)
            case Customer():
                yield _of_customer(old, new, record_id, now)
            case Offer():
                yield _of_offer(old, new, record_id, names, now)


def _of_interaction(record: Interaction, record_id: int, names: Names) -> Fact:
    data = {
        "id": record_id,
        "customer": _who(record.customer_id, names),
        "channel": record.channel,
        "direction": record.direction,
        "amount": _money(record.amount),
        "lines": [
            {
                "sku": each.sku,
                "name": each.name,
                "quantity": each.quantity,
                "amount": _money(each.amount),
            }
            for each in record.lines
        ],
        "text": record.text,
        "thread": record.thread,
        "machine": record.machine,
        "payload": dict(record.payload),
        "source": record.source,
        "source_key": record.source_key,
    }
    return Fact(record.kind, f"interaction/{record_id}", record.at, record.customer_id, data)


def _of_customer(old: Customer | None, new: Customer, record_id: int, now: datetime) -> Fact:
    subject = f"customer/{record_id}"
    if new.status == "erased":
        return Fact("customer.erased", subject, now, record_id, {"id": record_id})
    data = {
        "id": record_id,
        "version": new.version,
        "name": new.name,
        "kind": new.kind,
        "standing": new.standing,
        "status": new.status,
        "merged_into": new.merged_into,
        "contact_points": [
            {"kind": p.kind, "value": p.value, "label": p.label, "preferred": p.preferred}
            for p in new.contact_points
        ],
        "identities": [str(each) for each in new.identities],
        "locale": new.locale,
        "time_zone": new.time_zone,
        "attributes": dict(new.attributes),
    }
    kind = "customer.changed" if old else "customer.created"
    return Fact(kind, subject, now, record_id, data)


def _of_offer(old: Offer | None, new: Offer, record_id: int, names: Names, now: datetime) -> Fact:
    data = {
        "id": record_id,
        "customer": _who(new.customer_id, names),
        "what": new.what,
        "status": new.status,
    }
    kind = "offer.changed" if old else "offer.created"
    return Fact(kind, f"offer/{record_id}", now, new.customer_id, data)


def _who(customer_id: int, names: Names) -> dict[str, object]:
    return {"id": customer_id, "identities": list(names.get(customer_id, ()))}


def _money(amount: Money | None) -> dict[str, object] | None:
    if amount is None:
        return None
    return {"amount_minor": amount.amount_minor, "currency": amount.currency}
