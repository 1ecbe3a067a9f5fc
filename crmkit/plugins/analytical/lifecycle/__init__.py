"""
The four directions: win customers, grow them, keep them, turn them into advocates.

The policy says who should go where; ``assign`` follows it and keeps the history:

    with crm.unit() as unit:
        lifecycle.assign(unit)
        lifecycle.objective_of(unit, customer.id)
        lifecycle.refer(unit, ana.id, bo.id)
        lifecycle.advocates(unit)
"""

from pathlib import Path

from crmkit import Plugin

from . import hooks, tables
from .actions import assign, refer
from .config import Settings
from .errors import AlreadyReferredError, InvalidAnswerError, ReferralCircleError
from .measuring import advocates, net_promoter_score
from .model import (
    Advocate,
    Answer,
    Assigned,
    NetPromoter,
    Objective,
    Referral,
    Sent,
)
from .queries import (
    objective_of,
    objectives_of_many,
    referrals_about,
    sizes,
    undirected,
)

plugin = Plugin(
    name="lifecycle",
    summary="Win, grow, keep, turn into advocates: objectives, referrals, promoters.",
    hooks=hooks,
    requires=("policy", "scoring"),
    metadata=tables.metadata,
    migrations=Path(__file__).parent / "migrations",
    settings=Settings,
)

__all__ = [
    "Advocate",
    "AlreadyReferredError",
    "Answer",
    "Assigned",
    "InvalidAnswerError",
    "NetPromoter",
    "Objective",
    "Referral",
    "ReferralCircleError",
    "Sent",
    "Settings",
    "advocates",
    "assign",
    "net_promoter_score",
    "objective_of",
    "objectives_of_many",
    "plugin",
    "refer",
    "referrals_about",
    "sizes",
    "undirected",
]
