"""
The four directions: win customers, grow them, keep them, turn them into advocates.

The policy says who should go where; ``assign`` follows it and keeps the history:

    with crm.unit() as unit:
        lifecycle.assign(unit)
        lifecycle.objective_of(unit, customer.id)
        lifecycle.refer(unit, ana.id, bo.id)
        lifecycle.advocates(unit)
        lifecycle.ledgers(unit, period)
        lifecycle.keeping(unit, period)
"""

from pathlib import Path

from crmkit import Plugin

from . import hooks, tables
from .accounts import keeping, ledgers
from .actions import assign, refer
from .config import Settings
from .errors import AlreadyReferredError, InvalidAnswerError, ReferralCircleError
from .measuring import advocates, net_promoter_score
from .model import (
    Advocate,
    Answer,
    Assigned,
    CostPerHead,
    Keeping,
    Ledger,
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
    requires=("policy", "profit", "scoring"),
    metadata=tables.metadata,
    migrations=Path(__file__).parent / "migrations",
    settings=Settings,
)

__all__ = [
    "Advocate",
    "AlreadyReferredError",
    "Answer",
    "Assigned",
    "CostPerHead",
    "InvalidAnswerError",
    "Keeping",
    "Ledger",
    "NetPromoter",
    "Objective",
    "Referral",
    "ReferralCircleError",
    "Sent",
    "Settings",
    "advocates",
    "assign",
    "keeping",
    "ledgers",
    "net_promoter_score",
    "objective_of",
    "objectives_of_many",
    "plugin",
    "refer",
    "referrals_about",
    "sizes",
    "undirected",
]
