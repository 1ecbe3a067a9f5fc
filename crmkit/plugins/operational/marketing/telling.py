"""What is given out about a customer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from crmkit import Unit
from crmkit.sql import id_list, one_of

from .tables import marketing_campaign, marketing_member, marketing_response, marketing_traveller


def exported(unit: Unit, customer_ids: Sequence[int]) -> dict[int, dict[str, object]]:
    """Campaigns with the arm, what was opened and clicked, journeys; JSON-ready, by customer."""
    given = {"ids": id_list(unit.connection, customer_ids)}
    found: dict[int, dict[str, Any]] = {
        each: {"campaigns": [], "responses": [], "journeys": []} for each in customer_ids
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
    return {each: dict(told) for each, told in found.items()}
