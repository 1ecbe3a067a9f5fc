"""What others tell us, taken apart: one CloudEvent, or a batch of them, as facts to be written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import attrs

from crmkit import Interaction, InvalidValueError, Line, Money

MOST: Final = 1000
_KNOWN: Final = frozenset(
    (
        "amount", "channel", "customer", "direction", "id", "lines", "machine", "offer_id",
        "payload", "source", "source_key", "text", "thread",
    )
)  # fmt: skip
_TEXTS: Final = ("channel", "direction", "text", "thread")


@attrs.frozen(kw_only=True)
class Incoming:
    """
    One event.

    Attributes:
        key: Of the sender's source and id, one way.
        identities: What other systems call the customer; numbers of another CRM are not ours.
        subject, sequence: An event about a subject whose sequence is not higher comes too late.
    """

    key: str
    kind: str
    at: datetime
    identities: tuple[tuple[str, str], ...]
    subject: str = ""
    sequence: int | None = None
    hops: int = 0
    data: Mapping[str, Any] = attrs.field(factory=dict, repr=False)

    def interaction(self, customer_id: int, source: str) -> Interaction:
        """
        Raises:
            InvalidValueError: If a field holds what it cannot hold.
        """
        texts = {name: self.data[name] for name in _TEXTS if name in self.data}
        return Interaction(
            customer_id=customer_id,
            kind=self.kind,
            at=self.at,
            amount=_money(self.data.get("amount")),
            lines=tuple(_line(each) for each in _list("lines", self.data.get("lines", []))),
            machine=_flag(self.data.get("machine", False)),
            payload=_mapping("payload", self.data.get("payload", {})),
            source=source,
            source_key=self.key,
            **texts,
        )


def events(document: object) -> list[Incoming]:
    """
    Raises:
        InvalidValueError: If *document* is no CloudEvent of ours, nor a list of them.
    """
    found = document if isinstance(document, list) else [document]
    if not 1 <= len(found) <= MOST:
        raise InvalidValueError("events", len(found), f"1 to {MOST}")
    return [_event(_mapping("event", each)) for each in found]


def _event(event: Mapping[str, Any]) -> Incoming:
    if event.get("specversion") != "1.0":
        raise InvalidValueError("specversion", event.get("specversion"), "1.0")
    data = _mapping("data", event.get("data"))
    if unknown := sorted(data.keys() - _KNOWN):
        raise InvalidValueError("data", unknown[0], f"only {', '.join(sorted(_KNOWN))}")
    return Incoming(
        key=one_way(_text(event, "source"), _text(event, "id")),
        kind=_text(event, "type"),
        at=_instant(_text(event, "time")),
        identities=_identities(_mapping("customer", data.get("customer"))),
        subject=_text(event, "subject") if "subject" in event else "",
        sequence=_number(event, "sequence") if "sequence" in event else None,
        hops=_number(event, "hops") if "hops" in event else 0,
        data=data,
    )


def one_way(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts, ensure_ascii=True).encode()).hexdigest()[:32]


def _text(event: Mapping[str, Any], name: str) -> str:
    value = event.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 500:
        raise InvalidValueError(name, value, "text of 1 to 500 characters")
    return value


def _number(event: Mapping[str, Any], name: str) -> int:
    value = event[name]
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        value = int(value)
    if type(value) is not int or not 0 <= value < 1 << 62:
        raise InvalidValueError(name, value, "a whole number, 0 or more")
    return value


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.utcoffset() is None:
        raise InvalidValueError("time", text, "an instant such as 2026-03-01T12:00:00Z")
    return at


def _identities(customer: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    found = [
        each.partition(":")
        for each in _list("identities", customer.get("identities", []))
        if isinstance(each, str) and len(each) <= 300
    ]
    names = tuple((space, name) for space, colon, name in found if colon)
    if not names:
        accepted = 'at least one such as {"customer": {"identities": ["shop:42"]}}'
        raise InvalidValueError("identities", customer.get("identities"), accepted)
    return names


def _mapping(name: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidValueError(name, value, "a JSON object")
    return value


def _list(name: str, value: object) -> list[Any]:
    if not isinstance(value, list) or len(value) > MOST:
        raise InvalidValueError(name, value, f"a JSON list of at most {MOST}")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidValueError("machine", value, "true or false")
    return value


def _money(value: object) -> Money | None:
    if value is None:
        return None
    found = _mapping("amount", value)
    minor, currency = found.get("amount_minor"), found.get("currency")
    if found.keys() != {"amount_minor", "currency"} or type(minor) is not int:
        accepted = '{"amount_minor": 1990, "currency": "EUR"}'
        raise InvalidValueError("amount", value, accepted)
    if not isinstance(currency, str):
        raise InvalidValueError("currency", currency, "an ISO 4217 code such as EUR")
    return Money(minor, currency)


def _line(value: object) -> Line:
    found = _mapping("lines", value)
    amount = _money(found.get("amount"))
    if amount is None or found.keys() - {"sku", "name", "quantity", "amount"}:
        raise InvalidValueError("lines", value, "sku, name, quantity and amount")
    return Line(
        sku=found.get("sku", ""),
        name=found.get("name", ""),
        quantity=found.get("quantity", 1),
        amount=amount,
    )
