"""A chance: learnt from what was known a horizon ago, asked of what is known now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeAlias

import attrs
import numpy as np

from crmkit import Columns, Scored

from ..accuracy import area_under_curve, deciles, log_loss
from ..errors import TooThinError
from ..lesson import Lesson
from .boosting import Boosted, fit_boosted
from .calibration import Platt, platt
from .encoding import Encoding, folds
from .leaks import refuse_implausible
from .logistic import Array, Logistic, expit, fit_logistic

Learn: TypeAlias = Callable[[Array, Array, Sequence[str]], "Logistic | Boosted"]
FOLDS: Final = 5
SEED: Final = 42
NORMAL_95: Final = 1.959963984540054


def learn_chance(columns: Columns, lesson: Lesson) -> Mapping[str, object]:
    """
    Learn from customers known a horizon ago what came since; JSON-ready.

    *columns* holds each column of the lesson as known now, and with ``then_`` before its name as
    known a horizon ago; ``was_known``, 1 for those to learn from; ``happened``, above 0 for whom it
    came to since.

    The log-odds are calibrated on customers who were left out of the fit, fold by fold; how well
    the model does is measured on them too.

    Raises:
        TooThinError: If it happened, or did not happen, too seldom.
        LeakError: If a single column foretells it implausibly well.
    """
    known = columns["was_known"] == 1
    happened = (columns["happened"][known] > 0).astype(float)
    events, others = int(happened.sum()), int((happened == 0).sum())
    if min(events, others) < lesson.least_events:
        raise TooThinError(
            f"{lesson.event} came to {events} of {events + others} customers within "
            f"{lesson.horizon_days} days; to learn takes {lesson.least_events} of each"
        )
    given = {name: columns[f"then_{name}"][known] for name in lesson.columns}
    suspected = {name: each for name, each in given.items() if name not in lesson.trusted}
    refuse_implausible(suspected, happened)
    encoding = Encoding.learn(given)
    matrix = encoding.matrix(given, len(happened))
    learn = learner(lesson)
    outside = left_out(matrix, happened, encoding.names, learn)
    moved = platt(outside, happened)
    model = learn(matrix, happened, encoding.names)
    chance = moved.chance(outside)
    tenths = [attrs.asdict(each) for each in deciles(chance, happened)]
    return {
        "kind": lesson.model,
        "model": model.written() if isinstance(model, Boosted) else _plain(model),
        "encoding": {"numbers": list(encoding.numbers), "levels": dict(encoding.levels)},
        "calibration": attrs.asdict(moved),
        "measured": {
            "customers": len(happened),
            "events": events,
            "area_under_curve": area_under_curve(chance, happened),
            "log_loss": log_loss(chance, happened),
            "deciles": tenths,
        },
    }


def learner(lesson: Lesson) -> Learn:
    """What learns a model of rows, labels and names, as the lesson wants it."""
    return fit_boosted if lesson.model == "boosting" else partial(_logistic, lesson.ridge)


def _logistic(ridge: float, matrix: Array, happened: Array, columns: Sequence[str]) -> Logistic:
    return fit_logistic(matrix, happened, columns, ridge=ridge)


def left_out(matrix: Array, happened: Array, columns: Sequence[str], learn: Learn) -> Array:
    """The log-odds of each row by a model that has not seen it, in five folds; shape (n,)."""
    found = np.empty(len(happened))
    for part in folds(happened, FOLDS, SEED):
        rest = np.setdiff1d(np.arange(len(happened)), part)
        found[part] = learn(matrix[rest], happened[rest], columns).linear(matrix[part])
    return found


def chance_of(columns: Columns, parameters: Mapping[str, Any]) -> Scored:
    """
    The chance that the event comes within the horizon, in (0, 1).

    Base is the chance of somebody who is average in everything, or of the average of trees. The way
    from there to the chance is shared out among the columns as they share the way in log-odds;
    where they cancel each other, all is with the first. The interval is that of the coefficients;
    trees have none.
    """
    encoding = Encoding.of(parameters["encoding"])
    moved = Platt(**parameters["calibration"])
    matrix = encoding.matrix(columns, len(columns["customer_id"]))
    read = _of_trees if parameters["kind"] == "boosting" else _of_coefficients
    effects, middle, error = read(parameters["model"], matrix)
    linear = moved.linear(middle + effects.sum(axis=1))
    start = float(moved.linear(middle))
    value, base = expit(linear), float(expit(np.array([start]))[0])
    reach = None if error is None else NORMAL_95 * moved.slope * error
    return Scored(
        value=value,
        low=None if reach is None else expit(linear - reach),
        high=None if reach is None else expit(linear + reach),
        base=base,
        reasons=_on_the_chance(
            _by_column(encoding, moved.slope * effects), linear - start, value - base
        ),
    )


def _of_coefficients(written: Mapping[str, Any], matrix: Array) -> tuple[Array, float, Array]:
    """What each column adds to the log-odds of the average, those, and the error of the sum."""
    model = Logistic.of(written)
    effects = (matrix - np.array(model.means)) * np.array(model.coefficients)
    return effects, float(model.linear([list(model.means)])[0]), model.error(matrix)


def _of_trees(written: Mapping[str, Any], matrix: Array) -> tuple[Array, float, None]:
    model = Boosted.of(written)
    return model.contributions(matrix), model.middle, None


def _by_column(encoding: Encoding, effects: Array) -> dict[str, Array]:
    """Effects of the matrix's columns, words of one column taken together."""
    found: dict[str, Array] = {}
    for at, name in enumerate(encoding.sources):
        found[name] = found.get(name, 0.0) + effects[:, at]
    return found


def _on_the_chance(parts: Mapping[str, Array], whole: Array, way: Array) -> dict[str, Array]:
    """Log-odds parts as parts of the chance, which add up to *way*."""
    is_far = np.abs(whole) > 1e-9
    by = np.divide(way, whole, out=np.zeros(len(whole)), where=is_far)
    found = {name: each * by for name, each in parts.items()}
    first = next(iter(found), None)
    if first is not None:
        found[first] = found[first] + (way - sum(found.values(), np.zeros(len(way))))
    return found


def _plain(model: Logistic) -> dict[str, object]:
    """JSON-ready: nan becomes None."""
    told: dict[str, Any] = attrs.asdict(model)
    errors = told["standard_errors"]
    return told | {"standard_errors": [None if each != each else each for each in errors]}
