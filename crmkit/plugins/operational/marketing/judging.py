"""What a referral has come to, from what the customer who was sent bought and gave back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import attrs

from crmkit import Customer, Interaction

from .model import Referral
from .sharing import shared_address

ORDER, RETURN = "purchase.order", "purchase.return"


@attrs.frozen
class Verdict:
    """
    Attributes:
        status: None where it stays as it is.
        purchase: The first one, which earned the reward.
    """

    status: str | None = None
    why: str = ""
    purchase: Interaction | None = None


def judge(
    referral: Referral,
    bought: Sequence[Interaction],
    people: tuple[Customer, Customer],
    now: datetime,
) -> Verdict:
    """
    Args:
        bought: Purchases and returns of who was sent, by time.
        people: Who referred and who was referred.
    """
    first = next((each for each in bought if each.kind == ORDER), None)
    if referral.status == "granted":
        return _kept(referral, bought)
    if first is not None and first.at < referral.at:
        return Verdict("refused", "they bought before they were sent")
    if first is None or first.at > referral.watched_until:
        late = now > referral.watched_until
        return Verdict("refused", "no purchase within the window") if late else Verdict()
    if first.at > now:
        return Verdict()
    shared = shared_address(*people)
    if shared:
        return Verdict("refused", f"they share a {shared} with who sent them")
    if not enough(referral, first, bought):
        return Verdict("refused", "what stayed of the first purchase is less than it takes")
    return Verdict("granted", "the first purchase was made", first)


def _kept(referral: Referral, bought: Sequence[Interaction]) -> Verdict:
    first = next((each for each in bought if each.id == referral.purchase_id), None)
    if first is None or enough(referral, first, bought):
        return Verdict()
    return Verdict("taken back", "what was bought went back", first)


def enough(referral: Referral, first: Interaction, bought: Sequence[Interaction]) -> bool:
    """Whether the first purchase, less what went back in time, is what the programme asks."""
    if first.amount is None:
        return False
    least = referral.terms.least
    currency = first.amount.currency
    if least is not None and least.currency != currency:
        return False
    until = first.at + timedelta(days=referral.terms.return_days)
    left = first.amount.amount_minor + sum(
        each.amount.amount_minor
        for each in bought
        if each.kind == RETURN
        and each.amount is not None
        and each.amount.currency == currency
        and first.at <= each.at <= until
    )
    return left >= max(1, least.amount_minor if least else 1)
