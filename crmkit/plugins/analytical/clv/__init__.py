"""
Lifetime value: how often a customer will buy again, for how much, and whether they are gone.

As a plugin it contributes the scores ``clv`` and ``p_alive``; ``scoring`` runs and keeps them.
As a library, fit a purchase model and a spend model to arrays, then ask for predictions:

    model = fit_bgnbd(frequency, recency, age)
    customers = Histories.of(frequency, recency, age)
    ahead = expected_transactions(model, customers, t=52)
    spend = fit_gammagamma(frequency, monetary)
    terms = Terms(delta=continuous_rate(0.15, 52), margin=0.3)
    worth = lifetime_value(model, spend, customers, monetary, terms)

`frequency` counts purchases after the first, `recency` is the age at the last of them, `age` the
time under observation, all in one unit of time; `monetary` is the mean of the repeat purchases.
Names that need NumPy and SciPy are imported when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from crmkit import MissingExtraError, Plugin

from . import hooks
from .config import Settings
from .errors import InvalidHistoryError, NotDefinedError
from .features import features
from .hooks import p_alive_scorer, worth_scorer
from .looking import standings, tracking
from .model import BgBb, BgNbd, Estimate, GammaGamma, Nbd, ParetoNbd, Sbg, Standing

if TYPE_CHECKING:
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

_HOME = {
    "bgbb": ("fit_bgbb",),
    "bgcnbdk": ("Regularity", "fit_bgcnbdk", "fit_mbgcnbdk"),
    "bgnbd": ("fit_bgnbd",),
    "discounting": ("continuous_rate",),
    "gammagamma": ("expected_spend", "fit_gammagamma"),
    "histories": ("Histories",),
    "mbgnbd": ("fit_mbgnbd",),
    "nbd": ("fit_nbd",),
    "paretonbd": ("at_covariates", "fit_paretonbd"),
    "predictions": (
        "PurchaseModel",
        "discounted_transactions",
        "expected_transactions",
        "expected_transactions_new",
        "p_alive",
        "transaction_mass",
    ),
    "sbg": (
        "discounted_residual_lifetime",
        "fit_sbg",
        "fit_sbg_cohort",
        "retention",
        "survival",
    ),
    "tracking": ("Tracking", "track"),
    "value": ("LifetimeValue", "Terms", "lifetime_value"),
}
_MODULE = {name: module for module, names in _HOME.items() for name in names}

plugin = Plugin(
    name="clv",
    summary="Lifetime value and the chance that a customer is still one, with intervals.",
    hooks=hooks,
    requires=("scoring",),
    settings=Settings,
)

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
    "Settings",
    "Standing",
    "Terms",
    "Tracking",
    "at_covariates",
    "continuous_rate",
    "discounted_residual_lifetime",
    "discounted_transactions",
    "expected_spend",
    "expected_transactions",
    "expected_transactions_new",
    "features",
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
    "p_alive_scorer",
    "plugin",
    "retention",
    "standings",
    "survival",
    "track",
    "tracking",
    "transaction_mass",
    "worth_scorer",
]


def __getattr__(name: str) -> object:
    if name not in _MODULE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = import_module(f".scoring.{_MODULE[name]}", __name__)
    except ModuleNotFoundError as exc:
        raise MissingExtraError(f"{__name__}.{name}", "analytics") from exc
    value: object = getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
