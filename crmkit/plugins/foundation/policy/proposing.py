"""The offers the policy itself proposes: one rule per segment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from crmkit import Customer, Money, Offer, Proposal, Ref, Scope, Unit, ask
from crmkit.sql import customer, id_list, one_of

from .errors import NoPolicyError
from .model import OfferRule, Policy
from .queries import current

_ASKED = sa.select(customer.c.id).where(one_of(customer.c.id, "policy_asked"))


def proposals(unit: Unit, customers: Sequence[Customer]) -> Iterator[Proposal]:
    """What the rules of the policy in force propose; a segment no plugin knows proposes nothing."""
    try:
        policy = current(unit)
    except NoPolicyError:
        return
    ids = [each.id for each in customers]
    members = _members(unit, {rule.segment for rule in policy.offers}, ids)
    for rule in policy.offers:
        for customer_id, why in sorted(members[rule.segment].items()):
            yield _proposal(unit, policy, rule, customer_id, f"in {rule.segment}: {why}")


def unknown_segments(unit: Unit, policy: Policy) -> list[str]:
    """Segments the rules name and no enabled plugin knows."""
    named = {rule.segment for rule in policy.offers}
    return sorted(named - ask.segments(unit).keys())


def _members(
    unit: Unit, names: Iterable[str], customer_ids: Sequence[int]
) -> dict[str, dict[int, str]]:
    """Those of the customers who are in each segment now, and why; a shared SELECT runs once."""
    found: dict[str, dict[int, str]] = {name: {} for name in names}
    definitions: dict[Callable[[Scope], sa.Select[Any]], list[str]] = {}
    known = ask.segments(unit)
    for name in found.keys() & known.keys():
        definitions.setdefault(known[name].members, []).append(name)
    scope, wanted = Scope(as_of=unit.now, customers=_ASKED), set(customer_ids)
    asked = {"policy_asked": id_list(unit.connection, customer_ids)}
    for members, defined in definitions.items():
        for customer_id, why, *named in unit.connection.execute(members(scope), asked):
            for name in named or defined:
                if name in defined and customer_id in wanted:
                    found[name][customer_id] = why
    return found


def _proposal(unit: Unit, policy: Policy, rule: OfferRule, customer_id: int, why: str) -> Proposal:
    return Proposal(
        customer_id=customer_id,
        offer=Offer(
            customer_id=customer_id,
            what=rule.what,
            kind=rule.kind,
            terms=MappingProxyType({"segment": rule.segment}),
            cost=Money(rule.cost_minor, policy.currency),
            valid_from=unit.now,
            valid_until=unit.now + timedelta(days=rule.valid_days),
            why=rule.why,
            plugin="policy",
        ),
        purpose=rule.purpose,
        channel=rule.channel,
        value=rule.value_minor,
        why=why,
        because=(Ref(f"segment.{rule.segment}", customer_id),),
    )
