"""What is held about a customer, JSON-ready."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs

from crmkit import Unit

from .queries import addresses_of, events_of, suppressions


def held(unit: Unit, customer_ids: Sequence[int]) -> dict[int, dict[str, object]]:
    """The log of each customer, and which of their addresses are suppressed."""
    found: dict[int, dict[str, object]] = {}
    for customer_id, events in events_of(unit, customer_ids).items():
        lines = [attrs.asdict(each, value_serializer=_plain) for each in events]
        found.setdefault(customer_id, {})["events"] = lines
    owned = [
        (customer_id, kind, address)
        for customer_id, addresses in addresses_of(unit, customer_ids).items()
        for kind, address in addresses
    ]
    ledger = suppressions(unit, [(kind, address) for _, kind, address in owned])
    for (customer_id, _, address), each in zip(owned, ledger, strict=True):
        if each is not None:
            line = {"address": address, "reason": each.reason, "at": each.at.isoformat()}
            suppressed = found.setdefault(customer_id, {}).setdefault("suppressed", [])
            assert isinstance(suppressed, list)
            suppressed.append(line)
    return found


def _plain(_: object, field: object, value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
