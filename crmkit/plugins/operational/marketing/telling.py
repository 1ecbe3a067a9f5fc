"""What is given out about a customer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from crmkit import Unit
from crmkit.sql import id_list, one_of

from . import queries
from .tables import (
    marketing_campaign,
    marketing_member,
    marketing_programme,
    marketing_referrer,
    marketing_response,
    marketing_traveller,
)


def exported(unit: Unit, customer_ids: Sequence[int]) -> dict[int, dict[str, object]]:
    """Campaigns with the arm, what was opened and clicked, journeys, referrals; JSON-ready."""
    given = {"ids": id_list(unit.connection, customer_ids)}
    found: dict[int, dict[str, Any]] = {
        each: {"campaigns": [], "responses": [], "journeys": [], "codes": [], "referrals": []}
        for each in customer_ids
    }
    member, campaign = marketing_member.c, marketing_campaign.c
    rows = unit.connection.execute(
        sa.select(member.customer_id, campaign.name, member.arm, member.code, member.why)
        .join(marketing_campaign, campaign.id == member.campaign_id)
        .where(one_of(member.customer_id)),
        given,
    )
    for row in rows:
        told = {"campaign": row.name, "arm": row.arm, "code": row.code, "why": row.why}
        found[row.customer_id]["campaigns"].append(told)
    for table, name in ((marketing_response, "responses"), (marketing_traveller, "journeys")):
        select = sa.select(table).where(one_of(table.c.customer_id))
        for each in unit.connection.execute(select, given).mappings():
            plain = {
                key: value.isoformat() if hasattr(value, "isoformat") else value
                for key, value in each.items()
            }
            found[each["customer_id"]][name].append(plain)
    _add_referrals(unit, found)
    return {each: dict(told) for each, told in found.items()}


def _add_referrals(unit: Unit, found: dict[int, dict[str, Any]]) -> None:
    """Who sent whom is told to both, and what each got to none but them."""
    owner, programme = marketing_referrer.c, marketing_programme.c
    rows = unit.connection.execute(
        sa.select(owner.customer_id, programme.name, owner.code)
        .join(marketing_programme, programme.id == owner.programme_id)
        .where(one_of(owner.customer_id)),
        {"ids": id_list(unit.connection, list(found))},
    )
    for row in rows:
        found[row.customer_id]["codes"].append({"programme": row.name, "code": row.code})
    for each in queries.referrals_about(unit, list(found)):
        sides = {each.referrer_id: "referrer", each.referred_id: "referred"}
        for customer_id, side in sides.items():
            if customer_id in found:
                told = {
                    "programme": each.terms.name,
                    "as": side,
                    "referrer_id": each.referrer_id,
                    "referred_id": each.referred_id,
                    "at": each.at.isoformat(),
                    "status": each.status,
                    "offer_id": getattr(each, f"{side}_offer_id"),
                    "points": getattr(each, f"{side}_points"),
                }
                found[customer_id]["referrals"].append(told)
