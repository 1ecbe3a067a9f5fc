"""Writes: what is heard, answered and decided in the moment of sale."""

from __future__ import annotations

from typing import Literal, TypeAlias

import attrs

from crmkit import Interaction, InvalidValueError, Offer, RefusedError, Unit, atomic

from .config import Settings
from .errors import UnknownQuestionError
from .model import Asked
from .queries import ASKED

CHANNEL = "counter"
DECIDED = "counter.decided"
Decided: TypeAlias = Literal["accepted", "declined"]


def hear(unit: Unit, customer_id: int, text: str, *, channel: str = CHANNEL) -> Interaction:
    """
    Note what was heard, in the words it was said in.

    Raises:
        InvalidValueError: If *text* is empty.
        RecordNotFoundError: If there is no such customer.
    """
    if not text.strip():
        raise InvalidValueError("text", text, "what was heard")
    return _said(unit, customer_id, "note.heard", text, channel)


def answer(
    unit: Unit,
    customer_id: int,
    question: str,
    text: str = "",
    *,
    refused: bool = False,
    channel: str = CHANNEL,
) -> Interaction:
    """
    Note the answer to a question, or that somebody did not want to say.

    Raises:
        UnknownQuestionError: If the settings have no such question.
        InvalidValueError: If there is neither an answer nor a refusal, or both.
    """
    names = unit.settings(Settings).names
    if question not in names:
        raise UnknownQuestionError(question, names)
    if bool(text.strip()) == refused:
        raise InvalidValueError("text", text, "an answer, or that it was refused")
    told = attrs.asdict(Asked(question=question, refused=refused))
    return _said(unit, customer_id, ASKED, text, channel, payload=told)


@atomic
def respond(
    unit: Unit,
    customer_id: int,
    offer_id: int,
    *,
    accepted: bool,
    text: str = "",
    channel: str = CHANNEL,
) -> Offer:
    """
    Note what a customer says to an offer of theirs; *text* is why, in their words.

    Raises:
        RecordNotFoundError: If there is no such offer.
        RefusedError: If it is another customer's, or was answered before.
    """
    offer = unit.offers.get(offer_id)
    if offer.customer_id != customer_id:
        raise RefusedError(f"offer {offer_id} is customer {offer.customer_id}'s")
    if offer.status not in ("proposed", "carried"):
        raise RefusedError(f"offer {offer_id} is {offer.status} already")
    said = _said(unit, customer_id, DECIDED, text, channel, offer_id=offer_id)
    status: Decided = "accepted" if accepted else "declined"
    return unit.offers.save(attrs.evolve(offer, status=status, answered_by=said.id))


def _said(
    unit: Unit,
    customer_id: int,
    kind: str,
    text: str,
    channel: str,
    *,
    payload: dict[str, object] | None = None,
    offer_id: int | None = None,
) -> Interaction:
    return unit.interactions.add(
        Interaction(
            customer_id=customer_id,
            kind=kind,
            at=unit.now,
            channel=channel,
            text=text.strip(),
            offer_id=offer_id,
            payload=payload or {},
        )
    )
