"""Leads: taken in, qualified, converted once, given up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import sqlalchemy as sa

from crmkit import (
    InvalidValueError,
    RecordNotFoundError,
    RefusedError,
    StaleVersionError,
    Unit,
    atomic,
)
from crmkit.sql import insert_many

from .. import queries
from ..config import CRITERIA, Settings
from ..errors import LeadClosedError
from ..model import Deal, DealDraft, Lead, LeadDraft
from ..tables import sales_lead
from .deals import open_deals


@atomic
def take_in(unit: Unit, drafts: Sequence[LeadDraft]) -> list[Lead]:
    """
    Take in leads. One known by its source is returned.

    Raises:
        RecordNotFoundError: If a customer does not exist.
    """
    pairs = [(each.source, each.source_key) for each in drafts]
    known = queries.deals_by_source(unit, sales_lead, pairs)
    fresh = [each for each in drafts if (each.source, each.source_key) not in known]
    wanted = sorted({each.customer_id for each in fresh})
    there = {each.id for each in unit.customers.get_many(wanted)}
    for customer_id in wanted:
        if customer_id not in there:
            raise RecordNotFoundError("customer", customer_id)
    ids = unit.new_ids(sales_lead, len(fresh)) if fresh else ()
    taken = [_taken(unit, each, new_id) for each, new_id in zip(fresh, ids, strict=True)]
    rows = [attrs.astuple(each, recurse=False) for each in taken]
    insert_many(unit.connection, sales_lead, rows)
    new = iter(taken)
    stored = {each.id: each for each in queries.leads(unit, set(known.values()))}
    return [stored[known[pair]] if pair in known else next(new) for pair in pairs]


def _taken(unit: Unit, draft: LeadDraft, new_id: int) -> Lead:
    return Lead(
        id=new_id,
        customer_id=draft.customer_id,
        interest=draft.interest,
        owner=draft.owner,
        status="new",
        criteria={},
        reason="",
        opened_at=unit.now,
        changed_at=unit.now,
        deal_id=None,
        source=draft.source,
        source_key=draft.source_key,
        version=1,
    )


def qualify(
    unit: Unit, lead_id: int, criteria: Mapping[str, bool], *, version: int | None = None
) -> Lead:
    """
    Note what is known of a lead; it is qualified when all that the settings want is so.

    Raises:
        RecordNotFoundError: If it does not exist.
        LeadClosedError: If it was given up.
        InvalidValueError: If a criterion is none.
        StaleVersionError: If somebody else changed it meanwhile.
    """
    before = _open(unit, lead_id, version)
    for name, value in criteria.items():
        if name not in CRITERIA or not isinstance(value, bool):
            accepted = f"yes or no for each of {', '.join(CRITERIA)}"
            raise InvalidValueError("criteria", {name: value}, accepted)
    known = {**before.criteria, **criteria}
    wanted = unit.settings(Settings).wanted_criteria or CRITERIA
    is_fit = all(known.get(each) for each in wanted)
    status = before.status if before.status == "converted" else "qualified" if is_fit else "new"
    return _save(unit, before, criteria=known, status=status)


@atomic
def convert(unit: Unit, lead_id: int, draft: DealDraft | None = None) -> Deal:
    """
    Make a deal of a lead. A lead that was converted gives the deal it became, whatever is asked.

    Args:
        draft: The deal; None for one that is named for the lead's interest.

    Raises:
        RecordNotFoundError: If it does not exist.
        LeadClosedError: If it was given up.
        RefusedError: If what the settings want to be known is not.
        StaleVersionError: If somebody else converts it at this moment.
    """
    before = _open(unit, lead_id, None)
    if before.deal_id is not None:
        return queries.deal(unit, before.deal_id)
    missing = [
        each
        for each in unit.settings(Settings).wanted_criteria
        if not before.criteria.get(each, False)
    ]
    if missing:
        raise RefusedError(
            f"lead {lead_id} is not qualified: {', '.join(missing)} not answered with yes; "
            "use `crmkit lead qualify`"
        )
    wanted = draft or DealDraft(
        customer_id=before.customer_id, name=before.interest or f"Lead {lead_id}"
    )
    if wanted.customer_id != before.customer_id:
        accepted = f"customer {before.customer_id}, whose lead it is"
        raise InvalidValueError("customer_id", wanted.customer_id, accepted)
    owner = wanted.owner or before.owner
    named = attrs.evolve(
        wanted, lead_id=lead_id, owner=owner, source="lead", source_key=str(lead_id)
    )
    (deal,) = open_deals(unit, [named])
    _save(unit, before, status="converted", deal_id=deal.id)
    return deal


def give_up(unit: Unit, lead_id: int, reason: str) -> Lead:
    """
    Raises:
        RecordNotFoundError: If it does not exist.
        RefusedError: If it became a deal.
    """
    before = queries.lead(unit, lead_id)
    if before.deal_id is not None:
        raise RefusedError(f"lead {lead_id} became deal {before.deal_id}; lose that deal instead")
    return _save(unit, before, status="given_up", reason=reason)


def take_up(unit: Unit, lead_id: int) -> Lead:
    """
    Take up again a lead that was given up.

    Raises:
        RecordNotFoundError: If it does not exist.
    """
    before = queries.lead(unit, lead_id)
    return before if before.status != "given_up" else _save(unit, before, status="new", reason="")


def _open(unit: Unit, lead_id: int, version: int | None) -> Lead:
    found = queries.lead(unit, lead_id)
    if found.status == "given_up":
        raise LeadClosedError(lead_id, found.reason)
    if version is not None and found.version != version:
        raise StaleVersionError("lead", [lead_id])
    return found


def _save(unit: Unit, before: Lead, **changes: Any) -> Lead:
    theirs = sales_lead.c
    done = unit.connection.execute(
        sa.update(sales_lead)
        .where(theirs.id == before.id, theirs.version == before.version)
        .values(**changes, changed_at=unit.now, version=before.version + 1)
    )
    if done.rowcount != 1:
        raise StaleVersionError("lead", [before.id])
    return queries.lead(unit, before.id)
