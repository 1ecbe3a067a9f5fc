"""From the database to checked scores; writes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import attrs
import numpy as np
import sqlalchemy as sa

from crmkit import CrmkitError, Scope, Scorer, Unit
from crmkit.sql import customer

from .columns import read_columns
from .errors import ScorerError, TooThinError
from .outcome import Array, Outcome, outcome, reason_texts

T = TypeVar("T")


@attrs.frozen(eq=False)
class Computed:
    """What a run found: scores, the base they start from, and what was learned or used."""

    outcome: Outcome
    base: float
    parameters: Mapping[str, object]


class LastRead:
    """
    The columns of everybody that were read last.

    Scorers of one plugin often share a feature and follow one another; it is read once then.
    """

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._feature: object = None
        self._columns: dict[str, Array] = {}

    def columns(self, scorer: Scorer, scope: Scope) -> dict[str, Array]:
        """As :func:`_features`; nobody can write into them."""
        feature = None if scope.customers is not None else (scorer.features, scope.as_of)
        if feature is None or feature != self._feature:
            self._feature, self._columns = None, {}
            self._columns = _features(self._unit, scorer, scope)
            self._feature = feature
        return dict(self._columns)


def compute(
    read: LastRead, scorer: Scorer, scope: Scope, parameters: Mapping[str, object] | None
) -> Computed:
    """
    The scores of the active customers in *scope*, with *parameters* or, for None, learned ones.

    Raises:
        TooThinError: If the scorer says so, or a scorer has nobody to learn from.
        ScorerError: If the scorer breaks its contract.
    """
    columns = read.columns(scorer, scope)
    ids = columns["customer_id"]
    if parameters is None:
        if not len(ids):
            raise TooThinError("no customer has the facts that this score is made of")
        learned = _asked(scorer, lambda: json.dumps(scorer.fit(columns), allow_nan=False))
        parameters = json.loads(learned)
    if not len(ids):
        return Computed(_nobody(), 0.0, parameters)
    scored = _asked(scorer, lambda: scorer.score(columns, parameters))
    found = _asked(scorer, lambda: outcome(scorer.name, ids, scored))
    return Computed(found, float(scored.base), parameters)


def _asked(scorer: Scorer, question: Callable[[], T]) -> T:
    """What the scorer's own code returns; whatever it raises is told with its name."""
    try:
        return question()
    except CrmkitError:
        raise
    except Exception as exc:  # a plugin's function may raise anything
        raise ScorerError(scorer.name, f"failed: {type(exc).__name__}: {exc}") from exc


def _features(unit: Unit, scorer: Scorer, scope: Scope) -> dict[str, Array]:
    select = _asked(scorer, lambda: scorer.features(scope))
    columns = read_columns(unit.connection, scorer.name, select)
    if next(iter(columns), None) != "customer_id":
        raise ScorerError(scorer.name, "must select customer_id first")
    inactive = sa.select(customer.c.id).where(
        customer.c.status != "active", scope.covers(customer.c.id)
    )
    left_out = [row[0] for row in unit.connection.execute(inactive)]
    if left_out:
        stays = ~np.isin(columns["customer_id"], left_out)
        columns = {name: column[stays] for name, column in columns.items()}
    for column in columns.values():
        column.flags.writeable = False
    return columns


def _nobody() -> Outcome:
    numbers: Any = np.empty(0)
    texts = reason_texts({}, 0)
    return Outcome(np.empty(0, np.int64), numbers, numbers, numbers, texts, texts)
