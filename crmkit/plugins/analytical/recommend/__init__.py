"""
What customers might like next: learnt from what people buy together, with the reason.

    with crm.unit() as unit:
        recommend.fit(unit)
        recommend.recommendations(unit, [customer.id], n=3)
        recommend.avoid(unit, customer.id, "meat")
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from crmkit import MissingExtraError, Plugin

from . import hooks, tables
from .actions import allow, avoid, fit, tell
from .advising import recommendations
from .config import Settings
from .errors import InvalidPurchasesError, NotFittedError, TooManyItemsError, TooThinError
from .model import Because, Item, Neighbour, Recommendation, Run
from .queries import avoided_of_many, items, last_run, neighbours

if TYPE_CHECKING:
    from .learning import evaluated, rules
    from .scoring.baskets import Purchases
    from .scoring.evaluation import Evaluation, evaluate
    from .scoring.models import ItemModel, cosine, ease, popular, sar
    from .scoring.rules import Rule, association_rules

_HOME = {
    "learning": ("evaluated", "rules"),
    "scoring.baskets": ("Purchases",),
    "scoring.evaluation": ("Evaluation", "evaluate"),
    "scoring.models": ("ItemModel", "cosine", "ease", "popular", "sar"),
    "scoring.rules": ("Rule", "association_rules"),
}
_MODULE = {name: module for module, names in _HOME.items() for name in names}

plugin = Plugin(
    name="recommend",
    summary="What customers might like next, and why; association rules, exact.",
    hooks=hooks,
    requires=("scoring",),
    metadata=tables.metadata,
    migrations=Path(__file__).parent / "migrations",
    settings=Settings,
)

__all__ = [
    "Because",
    "Evaluation",
    "InvalidPurchasesError",
    "Item",
    "ItemModel",
    "Neighbour",
    "NotFittedError",
    "Purchases",
    "Recommendation",
    "Rule",
    "Run",
    "Settings",
    "TooManyItemsError",
    "TooThinError",
    "allow",
    "association_rules",
    "avoid",
    "avoided_of_many",
    "cosine",
    "ease",
    "evaluate",
    "evaluated",
    "fit",
    "items",
    "last_run",
    "neighbours",
    "plugin",
    "popular",
    "recommendations",
    "rules",
    "sar",
    "tell",
]


def __getattr__(name: str) -> object:
    """What needs NumPy and SciPy is imported when it is first used."""
    if name not in _MODULE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = import_module(f".{_MODULE[name]}", __name__)
    except ModuleNotFoundError as exc:
        raise MissingExtraError(f"{__name__}.{name}", "analytics") from exc
    found: object = getattr(module, name)
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
