"""Where consent takes part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from crmkit import Contact, Customer, Objection, Remark, Unit, hookimpl

from . import actions, export, gate
from .queries import events_of
from .standing import standings, summary


@hookimpl
def crmkit_may_contact(unit: Unit, contacts: Sequence[Contact]) -> Iterable[Objection]:
    return gate.objections(unit, contacts)


@hookimpl
def crmkit_describe(unit: Unit, customers: Sequence[Customer]) -> Iterator[Remark]:
    logs = events_of(unit, [each.id for each in customers])
    for each in customers:
        told = summary(standings(logs.get(each.id, []), unit.now))
        yield Remark(customer_id=each.id, text=told)


@hookimpl
def crmkit_export(unit: Unit, customer_ids: Sequence[int]) -> Mapping[int, Mapping[str, object]]:
    return export.held(unit, customer_ids)


@hookimpl
def crmkit_erase(unit: Unit, customer_ids: Sequence[int]) -> int:
    return actions.forget(unit, customer_ids)
