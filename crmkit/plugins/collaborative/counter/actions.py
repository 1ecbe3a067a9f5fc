"""Writes: what was heard and sold in one moment, all of it or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from crmkit import Interaction, InvalidValueError, Line, Money, Offer, Unit, atomic, nearest

from .config import Settings
from .model import (
    ASKED,
    CHANNEL,
    NOTE,
    OFFERED,
    ORDER,
    TASTE,
    Asked,
    Heard,
    Noted,
    Offered,
    Taste,
)


@atomic
def hear(
    unit: Unit, customer_id: int, heard: Heard, *, source: str = "", source_key: str | None = None
) -> Noted:
    """
    Record what was heard; an offer that was replied to is answered by it.

    Args:
        source_key: The till's own id of this moment; the same one is recorded once.

    Raises:
        InvalidValueError: If the question is not in the settings, or the offer not open to them.
    """
    return _record(unit, customer_id, None, heard, source, source_key)


@atomic
def sell(
    unit: Unit,
    customer_id: int,
    amount: Money,
    lines: Sequence[Line] = (),
    heard: Heard | None = None,
    *,
    source: str = "",
    source_key: str | None = None,
) -> Noted:
    """
    Record a purchase and what was heard with it; the purchase answers an offer that was accepted.

    Args:
        source_key: The till's own id of the receipt; the same one is recorded once.

    Raises:
        InvalidValueError: As :func:`hear` does.
    """
    accepted = heard.offer_id if heard is not None and heard.reply == "accepted" else None
    purchase = Interaction(
        customer_id=customer_id,
        kind=ORDER,
        at=unit.now,
        channel=CHANNEL,
        amount=amount,
        lines=tuple(lines),
        offer_id=accepted,
        source=source,
        source_key=source_key,
    )
    return _record(unit, customer_id, purchase, heard, source, source_key)


def _record(
    unit: Unit,
    customer_id: int,
    purchase: Interaction | None,
    heard: Heard | None,
    source: str,
    source_key: str | None,
) -> Noted:
    if heard is not None:
        _refuse_unknown_question(unit, heard)
    offer = _offer(unit, customer_id, heard, source, source_key)
    said = [] if heard is None else list(_said(unit, customer_id, heard, offer))
    keyed = [
        attrs.evolve(
            each,
            source=source,
            source_key=None if source_key is None else f"{source_key}#{each.kind}",
        )
        for each in said
    ]
    given = keyed if purchase is None else [purchase, *keyed]
    ids = unit.interactions.add_many(given).ids
    if offer is not None and heard is not None:
        _answer(unit, offer, heard, raised_by=ids[-1], answered_by=ids[0 if purchase else -1])
    return Noted(customer_id=customer_id, interaction_ids=tuple(ids))


def _refuse_unknown_question(unit: Unit, heard: Heard) -> None:
    names = [each.name for each in unit.settings(Settings).questions]
    if heard.question and heard.question not in names:
        accepted = f"one of {', '.join(names)}{nearest(heard.question, names)}"
        raise InvalidValueError("question", heard.question, accepted)


def _offer(
    unit: Unit, customer_id: int, heard: Heard | None, source: str, source_key: str | None
) -> Offer | None:
    """The offer that is replied to; also one that this very moment has answered before."""
    if heard is None or heard.offer_id is None:
        return None
    key = f"{source_key}#{OFFERED}"
    if source_key is not None and unit.interactions.ids_of(source, [key]):
        return unit.offers.get(heard.offer_id)
    for each in unit.offers.open_of(customer_id):
        if each.id == heard.offer_id:
            return each
    accepted = f"an offer that is open to customer {customer_id}"
    raise InvalidValueError("offer", heard.offer_id, accepted)


def _said(unit: Unit, customer_id: int, heard: Heard, offer: Offer | None) -> Iterator[Interaction]:
    fact = Interaction(customer_id=customer_id, kind=NOTE, at=unit.now, channel=CHANNEL)
    text = heard.text
    if heard.question:
        asked = Asked(question=heard.question, response=heard.response)
        yield attrs.evolve(fact, kind=ASKED, text=text, payload=attrs.asdict(asked))
        text = ""
    if heard.likes is not None:
        taste = Taste(sku=heard.sku, likes=heard.likes)
        yield attrs.evolve(fact, kind=TASTE, text=text, payload=attrs.asdict(taste))
        text = ""
    if text:
        yield attrs.evolve(fact, text=text)
    if offer is not None and heard.reply is not None:
        sku = str(offer.terms.get("sku", ""))
        offered = Offered(reply=heard.reply, what=offer.what, sku=sku)
        yield attrs.evolve(
            fact,
            kind=OFFERED,
            direction="internal" if heard.reply == "not_raised" else "inbound",
            offer_id=offer.id,
            payload=attrs.asdict(offered),
        )


def _answer(unit: Unit, offer: Offer, heard: Heard, *, raised_by: int, answered_by: int) -> None:
    is_open = offer.status in ("proposed", "carried")
    if not is_open or heard.reply is None or heard.reply == "not_raised":
        return
    by = answered_by if heard.reply == "accepted" else raised_by
    carried_by = raised_by if offer.carried_by is None else offer.carried_by
    unit.offers.save(attrs.evolve(offer, status=heard.reply, carried_by=carried_by, answered_by=by))
