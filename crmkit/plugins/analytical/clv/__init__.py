"""
Lifetime value: how often a customer will buy again, for how much, and whether they are gone.

Fit a purchase model and a spend model to arrays, then ask for predictions:

    model = fit_bgnbd(frequency, recency, age)
    customers = Histories.of(frequency, recency, age)
    ahead = expected_transactions(model, customers, t=52)
    spend = fit_gammagamma(frequency, monetary)
    terms = Terms(delta=continuous_rate(0.15, 52), margin=0.3)
    worth = lifetime_value(model, spend, customers, monetary, terms)

`frequency` counts purchases after the first, `recency` is the age at the last of them, `age` the
time under observation, all in one unit of time; `monetary` is the mean of the repeat purchases.
"""

from .errors import InvalidHistoryError, NotDefinedError
from .model import BgBb, BgNbd, Estimate, GammaGamma, Nbd, ParetoNbd, Sbg
from .scoring.bgbb import fit_bgbb
from .scoring.bgcnbdk import Regularity, fit_bgcnbdk, fit_mbgcnbdk
from .scoring.bgnbd import fit_bgnbd
from .scoring.discounting import continuous_rate
from .scoring.gammagamma import expected_spend, fit_gammagamma
from .scoring.histories import Histories
from .scoring.mbgnbd import fit_mbgnbd
from .scoring.nbd import fit_nbd
from .scoring.paretonbd import at_covariates, fit_paretonbd
from .scoring.predictions import (
    PurchaseModel,
    discounted_transactions,
    expected_transactions,
    expected_transactions_new,
    p_alive,
    transaction_mass,
)
from .scoring.sbg import (
    discounted_residual_lifetime,
    fit_sbg,
    fit_sbg_cohort,
    retention,
    survival,
)
from .scoring.tracking import Tracking, track
from .scoring.value import LifetimeValue, Terms, lifetime_value

__all__ = [
    "BgBb",
    "BgNbd",
    "Estimate",
    "GammaGamma",
    "Histories",
    "InvalidHistoryError",
    "LifetimeValue",
    "Nbd",
    "NotDefinedError",
    "ParetoNbd",
    "PurchaseModel",
    "Regularity",
    "Sbg",
    "Terms",
    "Tracking",
    "at_covariates",
    "continuous_rate",
    "discounted_residual_lifetime",
    "discounted_transactions",
    "expected_spend",
    "expected_transactions",
    "expected_transactions_new",
    "fit_bgbb",
    "fit_bgcnbdk",
    "fit_bgnbd",
    "fit_gammagamma",
    "fit_mbgcnbdk",
    "fit_mbgnbd",
    "fit_nbd",
    "fit_paretonbd",
    "fit_sbg",
    "fit_sbg_cohort",
    "lifetime_value",
    "p_alive",
    "retention",
    "survival",
    "track",
    "transaction_mass",
]
