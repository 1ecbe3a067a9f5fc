"""
What templates are told about people: plain data, gathered for many at once.

``customer`` is what core knows; every plugin that answers ``crmkit_tokens`` has its own name;
``message`` is what the sender adds, such as the code of a campaign.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

import attrs

from crmkit import Customer, InvalidValueError, Money, Unit, ask

from .languages import language_of

CUSTOMER: Final = "customer"
MESSAGE: Final = "message"
_NOTHING: Final[Mapping[str, object]] = {}


@attrs.frozen
class Sample:
    """Stands for what the sender of a message will say under a name."""

    name: str


def roots(unit: Unit) -> list[str]:
    """The first words that a template may use."""
    tellers = unit.hooks.implementations("crmkit_tokens")
    return [CUSTOMER, MESSAGE, *(each.plugin for each in tellers)]


def gather(
    unit: Unit,
    customers: Sequence[Customer],
    wanted: Collection[str],
    purpose: str,
    extra: Mapping[int, Mapping[str, object]],
    zone: str,
) -> dict[int, dict[str, object]]:
    """
    By customer id, what the roots *wanted* hold, as JSON can carry it.

    Raises:
        InvalidValueError: If something is no plain data.
    """
    ids = [each.id for each in customers]
    told = ask.tokens(unit, ids, purpose, wanted)
    zones = {each.id: ZoneInfo(each.time_zone or zone) for each in customers}
    return {
        each.id: {
            CUSTOMER: _plain(CUSTOMER, known(each), zones[each.id]),
            MESSAGE: _plain(MESSAGE, extra.get(each.id, _NOTHING), zones[each.id]),
            **{name: _plain(name, told[each.id][name], zones[each.id]) for name in told[each.id]},
        }
        for each in customers
    }


def known(customer: Customer) -> dict[str, object]:
    """What core knows of a customer, and what was defined beside it."""
    return {
        **customer.attributes,
        "name": customer.name,
        "first_name": customer.attributes.get("first_name") or _first_name(customer),
        "kind": customer.kind,
        "locale": customer.locale,
        "language": language_of(customer.locale),
        "time_zone": customer.time_zone,
        "email": customer.contact("email"),
        "phone": customer.contact("phone"),
    }


def _first_name(customer: Customer) -> str | None:
    """Of a person whose name tells it: "Ana Kowalska", "Dr. Ana Kowalska", "Kowalska, Ana"."""
    if customer.kind != "person":
        return None
    family, comma, given = customer.name.partition(",")
    words = [each for each in (given if comma else family).split() if not each.endswith(".")]
    return words[0] if len(words) >= (1 if comma else 2) else None


def _plain(name: str, value: object, zone: tzinfo) -> object:
    """
    *value* for the journey: nothing is missing but None, and instants are in the person's zone.

    Raises:
        InvalidValueError: If it is more than data.
    """
    match value:
        case None | "":
            return None
        case bool() | int() | float() | str():
            return value
        case Sample():
            return {"$sample": f"[{value.name}]"}
        case Money():
            digits = Money.of(1, value.currency).amount_minor
            return {"$money": [str(value.amount_minor), len(str(digits)) - 1, value.currency]}
        case Decimal():
            return {"$number": str(value)}
        case datetime() if value.tzinfo is not None:
            return {"$time": value.astimezone(zone).isoformat()}
        case date() if not isinstance(value, datetime):
            return {"$date": value.isoformat()}
        case Mapping():
            return {_key(name, k): _plain(f"{name}.{k}", v, zone) for k, v in value.items()}
        case list() | tuple():
            return [_plain(name, each, zone) for each in value]
    accepted = "text, a number, Money, a date, an aware datetime, or lists and mappings of these"
    raise InvalidValueError(name, value, accepted)


def _key(name: str, key: object) -> str:
    if not isinstance(key, str) or key.startswith(("_", "$")):
        raise InvalidValueError(name, key, "keys of text that begin with neither _ nor $")
    return key
