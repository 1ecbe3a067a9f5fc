"""What people do with what they got: opens, clicks, codes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import cast

import sqlalchemy as sa

from crmkit import Changes, Interaction, RecordNotFoundError, Unit
from crmkit.sql import insert_many, interaction

from .. import queries, signing
from ..config import Settings
from ..errors import InvalidCodeError
from ..tables import marketing_member, marketing_response
from .keeping import secret

OPENED, CLICKED = "campaign.opened", "campaign.clicked"


def link_token(unit: Unit, campaign_id: int, customer_id: int, url: str = "") -> str:
    """
    The token of a link, to be appended to an address of yours that calls :func:`respond`.

    Args:
        url: Where the link leads; empty for a picture that tells of opening.
    """
    return signing.token(secret(unit), campaign_id, customer_id, url)


def respond(unit: Unit, token: str, *, agent: str = "", method: str = "GET") -> str:
    """
    Note that a link was followed, or a picture loaded; returns where the link leads.

    It is a machine's if the browser says so, if it asks for the head only, or if it comes sooner
    after the message than a person could read it. It is kept, and does not count.

    Args:
        agent: What the browser calls itself.

    Raises:
        InvalidTokenError: If we did not make the token.
    """
    campaign_id, customer_id, url = signing.read(secret(unit), token)
    if not queries.members_of(unit, campaign_id, [customer_id]):
        raise RecordNotFoundError("member", f"{customer_id} of campaign {campaign_id}")
    said = Interaction(
        customer_id=customer_id,
        kind=CLICKED if url else OPENED,
        at=unit.now,
        channel="web",
        machine=_is_machine(unit, customer_id, agent, method),
        payload={"campaign_id": campaign_id, "url": url, "agent": agent[:300]},
    )
    unit.interactions.add(said)
    return url


def _is_machine(unit: Unit, customer_id: int, agent: str, method: str) -> bool:
    settings = unit.settings(Settings)
    named = any(word in agent.lower() for word in settings.machine_words)
    soon = unit.now - timedelta(seconds=settings.human_after_seconds)
    told = interaction.c
    sent = sa.select(told.id).where(
        told.customer_id == customer_id, told.kind == "message.sent", told.at > soon
    )
    return (
        named
        or not agent
        or method.upper() == "HEAD"
        or (unit.connection.scalar(sent.limit(1)) is not None)
    )


def note(unit: Unit, changes: Changes) -> None:
    """Keep opens and clicks of a stored batch where SQL counts them."""
    if changes.noun != "interaction":
        return
    records = cast("Sequence[Interaction]", changes.after)
    rows = [
        (
            interaction_id,
            each.payload["campaign_id"],
            each.customer_id,
            each.kind.removeprefix("campaign."),
            int(each.machine),
            each.at,
        )
        for each, interaction_id in zip(records, changes.ids, strict=True)
        if each.kind in (OPENED, CLICKED)
    ]
    insert_many(unit.connection, marketing_response, rows)


def redeem(unit: Unit, code: str, customer_id: int) -> str:
    """
    Take a code of a customer, once; returns the campaign's name.

    Raises:
        InvalidCodeError: If it is none, another customer's, or was taken before.
    """
    theirs = marketing_member.c
    wanted = code.strip().upper()
    row = unit.connection.execute(
        sa.select(theirs.campaign_id, theirs.customer_id, theirs.redeemed_at).where(
            theirs.customer_id == customer_id, theirs.code == wanted, theirs.code != ""
        )
    ).first()
    if row is None:
        raise InvalidCodeError(code, f"customer {customer_id} has no such code")
    taken = sa.update(marketing_member).where(
        theirs.campaign_id == row.campaign_id,
        theirs.customer_id == customer_id,
        theirs.redeemed_at.is_(None),
    )
    if unit.connection.execute(taken.values(redeemed_at=unit.now)).rowcount != 1:
        raise InvalidCodeError(code, f"it was taken on {row.redeemed_at:%Y-%m-%d}")
    return queries.campaigns(unit, [row.campaign_id])[0].name
