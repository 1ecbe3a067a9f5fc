"""What everybody else sees of a message that left."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from crmkit import Interaction, Unit

from ..model import Message


def tell(unit: Unit, sent: Sequence[Message]) -> None:
    """An interaction for each, and its offer carried."""
    added = unit.interactions.add_many(
        Interaction(
            customer_id=each.customer_id,
            kind="message.sent",
            at=unit.now,
            channel=each.channel,
            direction="outbound",
            text=each.subject,
            offer_id=each.offer_id,
            payload={"purpose": each.purpose, "intent": each.id},
            source="delivery",
            source_key=each.key,
        )
        for each in sent
    )
    carriers = {
        each.offer_id: interaction_id
        for each, interaction_id in zip(sent, added.ids, strict=True)
        if each.offer_id is not None
    }
    offers = unit.offers.get_many(carriers) if carriers else []
    unit.offers.save_many(
        attrs.evolve(
            each,
            status="carried" if each.status == "proposed" else each.status,
            carried_by=each.carried_by or carriers[each.id],
        )
        for each in offers
        if each.status == "proposed" or each.carried_by is None
    )
