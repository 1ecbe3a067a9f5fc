"""Offers made of recommendations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from crmkit import Customer, Money, Offer, Proposal, Ref, Unit

from .advising import recommendations
from .config import Settings
from .model import Recommendation
from .queries import last_run


def proposals(unit: Unit, customers: Sequence[Customer]) -> Iterator[Proposal]:
    """
    Up to ``offers`` items for each customer; nothing while no purpose is set or nothing was learnt.

    The value is the margin of one at its usual price, times the chance that it is wanted: the share
    of the buyers of what speaks most for it who bought it too.
    """
    settings, run = unit.settings(Settings), last_run(unit)
    if not settings.purpose or run is None:
        return
    ids = [each.id for each in customers]
    for found in recommendations(unit, ids, n=settings.offers).values():
        for each in found:
            yield _proposal(unit, settings, run.id, each)


def _proposal(unit: Unit, settings: Settings, run_id: int, told: Recommendation) -> Proposal:
    item = told.item
    offer = Offer(
        customer_id=told.customer_id,
        what=item.name or item.sku,
        kind="recommendation",
        terms={"sku": item.sku},
        cost=Money(0, item.currency) if item.currency else None,
        valid_from=unit.now,
        valid_until=unit.now + timedelta(days=settings.valid_days),
        why=told.why,
        plugin="recommend",
    )
    likely = f"{told.chance:.0%} of those who did took it too" if told.because else "much bought"
    return Proposal(
        customer_id=told.customer_id,
        offer=offer,
        purpose=settings.purpose,
        channel=settings.channel,
        value=settings.margin_share * item.price_minor * told.chance,
        why=f"{told.why} ({likely})",
        because=(Ref("recommend_run", run_id),),
    )
