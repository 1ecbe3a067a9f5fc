"""Whose number it is, and who said no."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from crmkit import MissingExtraError, Unit
from crmkit.sql import id_list, interaction, one_of

from .config import Settings
from .model import OPTED_IN, OPTED_OUT
from .numbers import check_installed


def spellings(unit: Unit, number: str) -> list[str]:
    """The forms under which *number* may be stored: international, and national at home."""
    digits = number.removeprefix("+")
    return [number, digits, f"00{digits}", *_national(number, unit.settings(Settings).region)]


def _national(number: str, region: str) -> list[str]:
    if not region:
        return []
    try:
        check_installed()
    except MissingExtraError:
        return []
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return []
    if phonenumbers.region_code_for_number(parsed) != region:
        return []
    written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
    return [written, phonenumbers.national_significant_number(parsed)]


def customers_at(unit: Unit, number: str) -> list[int]:
    """Ids of the active customers with that number, however it was written down."""
    return sorted(
        {each for form in spellings(unit, number) for each in unit.customers.ids_at("phone", form)}
    )


def most_likely(unit: Unit, customer_ids: Sequence[int], reference: str = "") -> int:
    """Of several at one number: whom *reference*, or else the latest text message, went to."""
    if len(customer_ids) > 1 and unit.crm.is_enabled("delivery"):
        from crmkit.plugins.foundation import delivery

        sent = [
            each
            for customer_id in customer_ids
            for each in delivery.messages(unit, customer_id=customer_id, state="sent", size=200)
            if each.channel == "sms" and reference in ("", each.reference)
        ]
        if sent:
            return max(
                sent, key=lambda each: (each.finished_at or each.created_at, each.id)
            ).customer_id
    return customer_ids[0]


def opted_out(unit: Unit, customer_ids: Sequence[int]) -> set[int]:
    """Who said no and has not been allowed since, apart from what the ledger of consent holds."""
    query = (
        sa.select(interaction.c.id)
        .where(one_of(interaction.c.customer_id), interaction.c.kind.in_((OPTED_OUT, OPTED_IN)))
        .order_by(interaction.c.id)
    )
    ids = {"ids": id_list(unit.connection, customer_ids)}
    found: set[int] = set()
    for each in unit.interactions.get_many(unit.connection.scalars(query, ids).all()):
        if each.kind == OPTED_IN:
            found.discard(each.customer_id)
        elif not each.payload["suppressed"]:
            found.add(each.customer_id)
    return found
