"""What is heard while selling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from crmkit import Changes, Interaction, Unit
from crmkit.sql import insert_many

from .. import queries
from ..tables import sales_preference

HEARD = "preference.heard"


def hear(unit: Unit, deal_id: int, topic: str, what: str, *, channel: str = "") -> int:
    """
    Note what the customer of a deal likes, or wants to be spared: the last word on a topic counts.

    The same is noted by anybody who records an interaction ``preference.heard``. Returns its id.

    Raises:
        RecordNotFoundError: If the deal does not exist.
    """
    deal = queries.deal(unit, deal_id)
    said = Interaction(
        customer_id=deal.customer_id,
        kind=HEARD,
        at=unit.now,
        channel=channel,
        text=f"{topic}: {what}",
        payload={"topic": topic, "what": what, "deal_id": deal_id},
    )
    return unit.interactions.add(said).id


def note(unit: Unit, changes: Changes) -> None:
    """Keep the preferences of a stored batch where SQL finds them."""
    if changes.noun != "interaction":
        return
    records = cast("Sequence[Interaction]", changes.after)
    rows = [
        (
            interaction_id,
            each.customer_id,
            each.payload["topic"],
            each.payload["what"],
            each.at,
            each.payload.get("deal_id"),
        )
        for each, interaction_id in zip(records, changes.ids, strict=True)
        if each.kind == HEARD
    ]
    insert_many(unit.connection, sales_preference, rows)
