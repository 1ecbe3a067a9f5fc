"""
Who is on the way out: risk from conduct, and retention curves of contracts.

    with crm.unit() as unit:
        scoring.run(unit, ["churn", "contract_churn"])
        churn.riskiest(unit, top=20)
        churn.leaving_soon(unit, top=20)
        churn.retention(unit)
        churn.by_month(unit)
"""

from importlib import import_module
from typing import TYPE_CHECKING

from crmkit import MissingExtraError, Plugin

from . import hooks
from .asking import contracts_of_all, leaving_soon, riskiest
from .config import Contracts, Settings
from .curves import by_month, retention
from .errors import InvalidDurationsError, NothingKnownError
from .model import AtRisk, Cohort, Contract, Curve, Ended, Leaving

if TYPE_CHECKING:
    from .scoring import kaplan_meier

plugin = Plugin(
    name="churn",
    summary="Who is on the way out, and how long customers stay.",
    hooks=hooks,
    requires=("scoring", "clv"),
    settings=Settings,
)

__all__ = [
    "AtRisk",
    "Cohort",
    "Contract",
    "Contracts",
    "Curve",
    "Ended",
    "InvalidDurationsError",
    "Leaving",
    "NothingKnownError",
    "Settings",
    "by_month",
    "contracts_of_all",
    "kaplan_meier",
    "leaving_soon",
    "plugin",
    "retention",
    "riskiest",
]


def __getattr__(name: str) -> object:
    """What needs NumPy is imported when it is first used."""
    if name != "kaplan_meier":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return import_module(".scoring", __name__).kaplan_meier
    except ModuleNotFoundError as exc:
        raise MissingExtraError(f"{__name__}.{name}", "analytics") from exc
