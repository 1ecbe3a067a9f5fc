"""What referrals and answers amount to: reads, and what is computed from them."""

from __future__ import annotations

from datetime import datetime

from crmkit import RecordNotFoundError, Unit, ask

from . import queries
from .config import Settings
from .model import Advocate, NetPromoter


def advocates(unit: Unit) -> list[Advocate]:
    """
    Everybody who sent somebody, with what these are worth to us; who is owed most comes first.

    A customer's worth is their score by ``value_scorer``, 0 without one.

    Raises:
        RecordNotFoundError: If no plugin contributes that scorer.
    """
    from .scoring.credit import credit

    settings = unit.settings(Settings)
    if settings.value_scorer not in unit.contributed.scorers:
        raise RecordNotFoundError("scorer", settings.value_scorer)
    edges = queries.edges(unit)
    ids = sorted({each for edge in edges for each in edge})
    place = {each: at for at, each in enumerate(ids)}
    sent_by, sent, bought = [-1] * len(ids), [0] * len(ids), [0] * len(ids)
    buyers = queries.buyers(unit, ids)
    for referred, referrer in edges:
        sent_by[place[referred]] = place[referrer]
        sent[place[referrer]] += 1
        bought[place[referrer]] += referred in buyers
    worth = queries.worth_of(unit, settings.value_scorer, ids)
    found = credit([worth.get(each, 0.0) for each in ids], sent_by, settings.referral_share)
    told = [
        Advocate(
            customer_id=each,
            sent=sent[at],
            bought=bought[at],
            own_minor=float(found.own[at]),
            received_minor=float(found.received[at]),
            credited_minor=float(found.credited[at]),
        )
        for each, at in place.items()
        if sent[at]
    ]
    return sorted(told, key=lambda each: (-each.received_minor, each.customer_id))


def net_promoter_score(
    unit: Unit,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    segment: str = "",
) -> NetPromoter:
    """
    The net promoter score by the last answer of each customer within the time.

    Args:
        segment: Only of customers who are in it now.

    Raises:
        RecordNotFoundError: If there is no such segment.
    """
    from .scoring.promoters import net_promoter

    if segment and segment not in ask.segments(unit):
        raise RecordNotFoundError("segment", segment)
    answers = queries.last_answers(unit, since=since, until=until, segment=segment)
    return net_promoter(answers)
