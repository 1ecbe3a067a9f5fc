"""Reminders of what is late."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from crmkit import Ref, Unit, atomic
from crmkit.sql import insert_many

from .. import late
from ..config import Settings
from ..model import Reminder
from ..tables import billing_reminder


@atomic
def remind(unit: Unit) -> list[Reminder]:
    """
    Remind of every invoice that has reached a further level; a rerun reminds of none twice.

    Where ``delivery`` is enabled and the customer has an address for the level's channel, a
    message is put into its ledger, and the gate decides as for every other.
    """
    found = late.reached(unit)
    messages = _messages(unit, found)
    reminded = [attrs.evolve(each, message_id=messages.get(each.invoice_id)) for each in found]
    rows = [
        (
            each.invoice_id,
            each.level,
            each.customer_id,
            unit.now,
            each.open.amount_minor,
            each.message_id,
        )
        for each in reminded
    ]
    insert_many(unit.connection, billing_reminder, rows)
    return reminded


def _messages(unit: Unit, reminders: Sequence[Reminder]) -> dict[int, int]:
    if not unit.crm.is_enabled("delivery"):
        return {}
    from crmkit.plugins.foundation import delivery

    levels = unit.settings(Settings).dunning
    customers = {
        each.id: each for each in unit.customers.get_many({r.customer_id for r in reminders})
    }
    intents = {}
    for each in reminders:
        level = levels[each.level - 1]
        channel = unit.contributed.channels.get(level.channel)
        address = channel and customers[each.customer_id].contact(channel.contact_kind)
        if channel and address:
            intents[each.invoice_id] = delivery.Intent(
                run="billing reminders",
                step=f"{each.number} {each.level}",
                customer_id=each.customer_id,
                channel=channel.name,
                address=address,
                purpose=level.purpose,
                subject=each.subject,
                text=each.text,
                because=Ref("billing", each.invoice_id),
            )
    done = delivery.intend_many(unit, intents.values())
    return dict(zip(intents, done.ids, strict=True))
