"""Reading the log and the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from crmkit import Unit
from crmkit.sql import id_list, one_of

from .digests import digest
from .model import Event, Standing, Suppression, check_contact_kind
from .standing import standings
from .tables import consent_event, consent_key, consent_suppression

_EVENTS = (
    sa.select(consent_event)
    .where(one_of(consent_event.c.customer_id))
    .order_by(consent_event.c.customer_id, consent_event.c.at, consent_event.c.id)
)
_LEDGER = (
    sa.select(
        consent_suppression.c.digest,
        consent_suppression.c.suppressed,
        consent_suppression.c.reason,
        consent_suppression.c.at,
    )
    .where(one_of(consent_suppression.c.digest))
    .order_by(consent_suppression.c.id)
)


def log(unit: Unit, customer_id: int) -> list[Event]:
    """Everything recorded about one customer, in the order it happened."""
    return events_of(unit, [customer_id]).get(customer_id, [])


def standing(unit: Unit, customer_id: int) -> list[Standing]:
    """Where one customer stands now, per purpose and channel; empty when nothing is known."""
    return standings(log(unit, customer_id), unit.now)


def events_of(unit: Unit, customer_ids: Iterable[int]) -> dict[int, list[Event]]:
    """The logs of many customers; those without one are absent."""
    wanted = {"ids": id_list(unit.connection, customer_ids)}
    found: dict[int, list[Event]] = {}
    for row in unit.connection.execute(_EVENTS, wanted).mappings():
        found.setdefault(row["customer_id"], []).append(Event(**row))
    return found


def accepted_bases(unit: Unit, purposes: Iterable[str]) -> dict[str, frozenset[str]]:
    """The bases every plugin that answers accepts, by purpose; unrestricted purposes are absent."""
    asked = sorted(set(purposes))
    found: dict[str, frozenset[str]] = {}
    for _, answer in unit.hooks.all("consent_accepted_bases", unit=unit, purposes=asked):
        for purpose, bases in answer.items():
            found[purpose] = found.get(purpose, frozenset(bases)) & frozenset(bases)
    return found


def is_suppressed_many(unit: Unit, addresses: Sequence[tuple[str, str]]) -> list[bool]:
    """Whether each ``(contact kind, address)`` is suppressed."""
    return [each is not None for each in suppressions(unit, addresses)]


def suppressions(unit: Unit, addresses: Sequence[tuple[str, str]]) -> list[Suppression | None]:
    """Why each ``(contact kind, address)`` is suppressed; None where it is not."""
    for kind, _ in addresses:
        check_contact_kind(kind)
    secret = unit.connection.scalar(sa.select(consent_key.c.secret))
    if secret is None:
        return [None] * len(addresses)
    digests = [digest(secret, kind, address) for kind, address in addresses]
    last: dict[str, Suppression | None] = {}
    wanted = {"ids": id_list(unit.connection, set(digests))}
    for row in unit.connection.execute(_LEDGER, wanted):
        last[row.digest] = Suppression(reason=row.reason, at=row.at) if row.suppressed else None
    return [last.get(each) for each in digests]


def addresses_of(unit: Unit, customer_ids: Iterable[int]) -> dict[int, list[tuple[str, str]]]:
    """``(contact kind, address)`` of everything these customers can be reached at."""
    return {
        each.id: [(point.kind, point.value) for point in each.contact_points]
        for each in unit.customers.get_many(customer_ids)
    }
