"""Amends for complaints, held back from some so that it can be told what they do."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

from crmkit import Money, Offer, Unit, atomic
from crmkit.sql import insert_many

from .. import measuring, queries
from ..config import Settings
from ..errors import MergedCaseError, NoComplaintError
from ..model import Amends
from ..tables import service_amends

OFFER = "amends"


@atomic
def make_amends(unit: Unit, case_id: int, what: str, *, cost: Money | None = None) -> Amends:
    """
    Offer amends for a complaint, or hold them back if the complaint fell into the holdout.

    Which it is was decided by chance with the case, and stays: whoever asks again gets what was
    done the first time. The offer is an ordinary one; the case explains it.

    Raises:
        RecordNotFoundError: If the case does not exist.
        NoComplaintError: If it is no complaint.
        MergedCaseError: If it went into another one.
    """
    case = queries.case(unit, case_id)
    if case.merged_into is not None:
        raise MergedCaseError(case.id, case.merged_into)
    if case.kind != "complaint":
        raise NoComplaintError(case.id, case.kind)
    known = measuring.amends(unit, [case_id])
    if known:
        return known[0]
    settings = unit.settings(Settings)
    held_out = _chance(case_id) < settings.amends_holdout
    offer = None if held_out else _offer(unit, case.customer_id, case_id, what, cost, settings)
    made = Amends(
        case_id=case_id,
        customer_id=case.customer_id,
        at=unit.now,
        held_out=held_out,
        offer_id=offer.id if offer else None,
        cost=cost,
    )
    row = (case_id, case.customer_id, unit.now, held_out, made.offer_id)
    price = (cost.amount_minor, cost.currency) if cost else (None, None)
    insert_many(unit.connection, service_amends, [(*row, *price)])
    return made


def _offer(
    unit: Unit, customer_id: int, case_id: int, what: str, cost: Money | None, settings: Settings
) -> Offer:
    return unit.offers.add(
        Offer(
            customer_id=customer_id,
            what=what,
            kind=OFFER,
            terms={"case_id": case_id},
            cost=cost,
            valid_from=unit.now,
            valid_until=unit.now + timedelta(days=settings.amends_days),
            why="Something went wrong, and we are sorry.",
            plugin="service",
        )
    )


def _chance(case_id: int) -> float:
    """In [0, 1), the same for the same case on every machine."""
    digest = sha256(f"service amends {case_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
