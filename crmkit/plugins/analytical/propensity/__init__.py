"""
How likely a customer is to do something: lead scoring and response models.

As a plugin it contributes the score ``propensity``. As a library:

    encoding = Encoding.learn(columns)
    matrix = encoding.matrix(columns, n)
    model = fit_logistic(matrix, happened, encoding.names, ridge=1.0)
    model.chance(matrix)
"""

from importlib import import_module
from typing import TYPE_CHECKING

from crmkit import MissingExtraError, Plugin

from . import hooks
from .config import Settings
from .errors import InvalidColumnsError, LeakError, OneClassError

if TYPE_CHECKING:
    from .scoring.boosting import Boosted, fit_boosted
    from .scoring.calibration import Isotonic, Platt, isotonic, platt
    from .scoring.encoding import Encoding, folds
    from .scoring.leaks import refuse_declared, refuse_implausible, refuse_late, strength, suspects
    from .scoring.logistic import Logistic, fit_logistic
    from .scoring.scorers import left_out

_HOME = {
    "boosting": ("Boosted", "fit_boosted"),
    "calibration": ("Isotonic", "Platt", "isotonic", "platt"),
    "encoding": ("Encoding", "folds"),
    "leaks": ("refuse_declared", "refuse_implausible", "refuse_late", "strength", "suspects"),
    "logistic": ("Logistic", "fit_logistic"),
    "scorers": ("left_out",),
}
_MODULE = {name: module for module, names in _HOME.items() for name in names}

plugin = Plugin(
    name="propensity",
    summary="How likely a customer is to do something, and what it is read from.",
    hooks=hooks,
    requires=("scoring",),
    settings=Settings,
)

__all__ = [
    "Boosted",
    "Encoding",
    "InvalidColumnsError",
    "Isotonic",
    "LeakError",
    "Logistic",
    "OneClassError",
    "Platt",
    "Settings",
    "fit_boosted",
    "fit_logistic",
    "folds",
    "isotonic",
    "left_out",
    "platt",
    "plugin",
    "refuse_declared",
    "refuse_implausible",
    "refuse_late",
    "strength",
    "suspects",
]


def __getattr__(name: str) -> object:
    """What needs NumPy is imported when it is first used."""
    if name not in _MODULE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = import_module(f".scoring.{_MODULE[name]}", __name__)
    except ModuleNotFoundError as exc:
        raise MissingExtraError(f"{__name__}.{name}", "analytics") from exc
    found: object = getattr(module, name)
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
