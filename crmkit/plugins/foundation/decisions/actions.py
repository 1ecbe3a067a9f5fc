"""Deciding, and learning from what happened since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

import attrs
import sqlalchemy as sa

from crmkit import Customer, DatabaseBusyError, Offer, RecordNotFoundError, Ref, Unit
from crmkit.plugins.foundation import delivery, policy
from crmkit.sql import id_list, insert_many, one_of

from . import letters, queries
from .choosing import Choice, choose
from .config import Settings
from .holdout import arm_of
from .model import Arm, Decided, Decision, Learned
from .tables import decisions_assignment, decisions_decision

CHUNK = 5_000
STEP = "offer"
_COLUMNS = [field.name for field in attrs.fields(Decision)]


def decide(unit: Unit, *, run: str, customer_ids: Sequence[int] | None = None) -> Decided:
    """
    Decide once, in *run*, what to do for each active customer, and put it on its way.

    Everything that was proposed is logged with its value and every veto. The chosen offer is
    written and its message handed to delivery in this unit, unless the customer is held out or
    silence is best. A customer *run* has decided on before is left alone: a rerun adds nothing.

    Args:
        run: Any text; names the run in the log and keys its messages.
        customer_ids: Default all active customers; those not active are passed over.

    Raises:
        NoPolicyError: If no policy is in force.
        RecordNotFoundError: If one of *customer_ids* does not exist.
    """
    rules = policy.current(unit)
    total: Counter[str] = Counter()
    taken: set[tuple[str, str]] = set()
    for customers in _chunks(unit, customer_ids):
        before = queries.decided(unit, run, [each.id for each in customers])
        fresh = [each for each in customers if each.id not in before]
        total["already"] += len(before)
        if fresh:
            total.update(_decide(unit, rules, run, choose(unit, rules, fresh, taken)))
    return Decided(run=run, policy_version=rules.version, **total)


def learn(unit: Unit, *, until: datetime | None = None) -> Learned:
    """
    Tie purchases before *until* (default: now) to the offers that reached their customers.

    The first purchase after an offer arrived and within its window answers it. A purchase answers
    one offer: the one it names, else the one that arrived last. Only people answer, not machines.
    """
    until = until or unit.now
    rows = queries.answers(unit, until)
    used = queries.answering(unit, {row.customer_id for row in rows}) if rows else set()
    answered: dict[int, int] = {}
    for row in rows:
        if row.named_offer_id not in (None, row.offer_id) or row.purchase_id in used:
            continue
        if row.offer_id not in answered:
            answered[row.offer_id] = row.purchase_id
            used.add(row.purchase_id)
    unit.offers.save_many(
        attrs.evolve(each, status="accepted", answered_by=answered[each.id])
        for each in unit.offers.get_many(answered)
    )
    return Learned(until=until, accepted=len(answered))


def forget(unit: Unit, customer_ids: Sequence[int]) -> int:
    """Take the reasons out of what was decided for these customers; arms and values stay."""
    result = unit.connection.execute(
        sa.update(decisions_decision)
        .where(one_of(decisions_decision.c.customer_id))
        .values(what="(erased)", why="", because=[], considered=[]),
        {"ids": id_list(unit.connection, customer_ids)},
    )
    return result.rowcount


def _chunks(unit: Unit, customer_ids: Sequence[int] | None) -> Iterator[list[Customer]]:
    if customer_ids is None:
        after = 0
        while page := unit.customers.page(after=after, size=CHUNK):
            yield page
            after = page[-1].id
        return
    wanted = iter(sorted(set(customer_ids)))
    while chunk := list(islice(wanted, CHUNK)):
        found = unit.customers.get_many(chunk)
        if missing := set(chunk) - {each.id for each in found}:
            raise RecordNotFoundError("customer", min(missing))
        yield [each for each in found if each.status == "active"]


def _decide(unit: Unit, rules: policy.Policy, run: str, choices: Sequence[Choice]) -> Counter[str]:
    arms = _arms(unit, rules, [each for each in choices if each.offer])
    ids = unit.new_ids(decisions_decision, len(choices))
    offers = _offers(unit, choices, arms)
    decisions = [
        _decision(unit, rules, run, new_id, choice, arms, offers)
        for new_id, choice in zip(ids, choices, strict=True)
    ]
    try:
        insert_many(unit.connection, decisions_decision, map(_row, decisions), _COLUMNS)
    except unit.integrity_error as exc:
        raise DatabaseBusyError(f"run {run!r} is being decided elsewhere; try again") from exc
    counts: Counter[str] = Counter(each.arm for each in decisions)
    counts["messages"] = _intend(unit, run, decisions, choices, offers)
    return counts


def _arms(unit: Unit, rules: policy.Policy, choices: Sequence[Choice]) -> dict[int, Arm]:
    """Who gets what was chosen, and who is held out, as it was or for good from now on."""
    ids = [each.customer.id for each in choices]
    arms = queries.assigned(unit, rules.name, ids)
    fresh = {
        each: arm_of(rules.name, each, rules.holdout_share) for each in ids if each not in arms
    }
    rows = [(rules.name, each, arm, unit.now) for each, arm in fresh.items()]
    insert_many(unit.connection, decisions_assignment, rows)
    return arms | fresh


def _offers(unit: Unit, choices: Sequence[Choice], arms: dict[int, Arm]) -> dict[int, Offer]:
    """The offers that are really made, by customer."""
    made = [
        each.offer
        for each in choices
        if each.offer is not None and arms[each.customer.id] == "treatment"
    ]
    return {each.customer_id: each for each in unit.offers.add_many(made)}


def _decision(
    unit: Unit,
    rules: policy.Policy,
    run: str,
    new_id: int,
    choice: Choice,
    arms: dict[int, Arm],
    offers: dict[int, Offer],
) -> Decision:
    made = offers.get(choice.customer.id)
    return Decision(
        id=new_id,
        run=run,
        customer_id=choice.customer.id,
        arm="silence" if choice.offer is None else arms[choice.customer.id],
        what=choice.offer.what if choice.offer else "",
        purpose=choice.proposal.purpose,
        channel=choice.proposal.channel,
        value=float(choice.proposal.value),
        currency=rules.currency,
        why=choice.why,
        because=tuple(map(str, choice.proposal.because)),
        considered=choice.considered,
        experiment=rules.name,
        policy_version=rules.version,
        offer_id=made.id if made else None,
        at=unit.now,
        window_until=unit.now + timedelta(days=rules.offer_window_days),
        decided_by=unit.actor,
    )


def _row(decision: Decision) -> tuple[object, ...]:
    fields = attrs.asdict(decision, recurse=False)
    fields["because"] = list(decision.because)
    fields["considered"] = [attrs.asdict(each) for each in decision.considered]
    return tuple(fields[name] for name in _COLUMNS)


def _intend(
    unit: Unit,
    run: str,
    decisions: Sequence[Decision],
    choices: Sequence[Choice],
    offers: dict[int, Offer],
) -> int:
    """Hand the messages of the offers to delivery; returns how many it had not before."""
    unsubscribe = unit.settings(Settings).unsubscribe
    intents = [
        delivery.Intent(
            run=run,
            step=STEP,
            customer_id=choice.customer.id,
            channel=choice.contact.channel,
            address=choice.contact.address,
            purpose=choice.contact.purpose,
            subject=letters.subject(offers[choice.customer.id]),
            text=letters.text(choice.customer, offers[choice.customer.id], unsubscribe),
            offer_id=decision.offer_id,
            because=Ref("decision", decision.id),
            expires_at=offers[choice.customer.id].valid_until,
            not_before=choice.contact.at,
        )
        for decision, choice in zip(decisions, choices, strict=True)
        if decision.offer_id is not None and choice.contact is not None
    ]
    return delivery.intend_many(unit, intents).new
