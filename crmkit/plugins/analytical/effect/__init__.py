"""
The true effect of what was done: treated customers against those held out.

As a plugin it measures the runs of ``decisions``, keeps what closed runs came to, and contributes
the score ``uplift``. As a library it is pure functions of arrays:

    mean_difference(treated, control)           # Welch
    share_difference(events, n, events, m)      # Newcombe
    cuped(treated, control, before_t, before_c, measured_until=..., assigned_at=...)
    fit_uplift(x, outcome, treatment, "x", fit=any_estimator)(x)

Attribution (:func:`attribute`) shares credit by rules; none of them is causal. Names that need
NumPy and SciPy are imported when they are first used.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from crmkit import MissingExtraError, Plugin

from . import hooks, tables
from .actions import keep_closed
from .config import Settings
from .errors import InvalidDesignError, NotEnoughDataError
from .measuring import credit, measure, persuadable
from .model import Band, Credit, Design, Difference, Measurement, Persuadable, SampleRatio
from .queries import measurements

if TYPE_CHECKING:
    from .scoring.attribution import attribute, markov, removal_effects, shapley
    from .scoring.design import (
        always_valid,
        detectable,
        holm,
        sample_ratio,
        sample_size,
        sample_size_of_mean,
    )
    from .scoring.differences import (
        cuped,
        mean_difference,
        ratio_difference,
        share_difference,
        wilson,
    )
    from .scoring.judging import compare_orders
    from .scoring.learners import Fit, fit_uplift, held_out_uplift, logistic, ridge
    from .scoring.qini import (
        auuc,
        bands,
        qini_coefficient,
        qini_curve,
        uplift_at_k,
        uplift_curve,
        weighted_average_uplift,
    )

_HOME = {
    "attribution": ("attribute", "markov", "removal_effects", "shapley"),
    "design": (
        "always_valid",
        "detectable",
        "holm",
        "sample_ratio",
        "sample_size",
        "sample_size_of_mean",
    ),
    "differences": ("cuped", "mean_difference", "ratio_difference", "share_difference", "wilson"),
    "judging": ("compare_orders",),
    "learners": ("Fit", "fit_uplift", "held_out_uplift", "logistic", "ridge"),
    "qini": (
        "auuc",
        "bands",
        "qini_coefficient",
        "qini_curve",
        "uplift_at_k",
        "uplift_curve",
        "weighted_average_uplift",
    ),
}
_MODULE = {name: module for module, names in _HOME.items() for name in names}

plugin = Plugin(
    name="effect",
    summary="What offers really changed: holdout differences, uplift, and credit by channel.",
    hooks=hooks,
    requires=("policy", "scoring", "decisions"),
    metadata=tables.metadata,
    migrations=Path(__file__).parent / "migrations",
    settings=Settings,
)

__all__ = [
    "Band",
    "Credit",
    "Design",
    "Difference",
    "Fit",
    "InvalidDesignError",
    "Measurement",
    "NotEnoughDataError",
    "Persuadable",
    "SampleRatio",
    "Settings",
    "always_valid",
    "attribute",
    "auuc",
    "bands",
    "compare_orders",
    "credit",
    "cuped",
    "detectable",
    "fit_uplift",
    "held_out_uplift",
    "holm",
    "keep_closed",
    "logistic",
    "markov",
    "mean_difference",
    "measure",
    "measurements",
    "persuadable",
    "plugin",
    "qini_coefficient",
    "qini_curve",
    "ratio_difference",
    "removal_effects",
    "ridge",
    "sample_ratio",
    "sample_size",
    "sample_size_of_mean",
    "shapley",
    "share_difference",
    "uplift_at_k",
    "uplift_curve",
    "weighted_average_uplift",
    "wilson",
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
