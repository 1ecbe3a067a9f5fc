"""What a scorer returned: checked, in the order of the ids, and compared with what is stored."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import repeat
from typing import Any, Final, TypeAlias

import attrs
import numpy as np

from crmkit import Scored

from .errors import ScorerError

Array: TypeAlias = np.ndarray[Any, Any]
TOLERANCE: Final = 1e-9
"""How far the reasons may miss the value, relative to the largest number in the sum."""
SAMPLE: Final = 5_000
OUTCOME: Final = ("value", "low", "high", "label", "reasons")


@attrs.frozen(eq=False)
class Outcome:
    """
    Scores ready to be stored, by ascending customer id.

    Attributes:
        low, high: NaN where there is none.
        labels, reasons: Text; reasons as JSON.
    """

    ids: Array
    value: Array
    low: Array
    high: Array
    labels: Array
    reasons: Array

    def rows(self, run_id: int, scorer: str, at: Array) -> Iterator[tuple[Any, ...]]:
        """The rows at these positions: the fields of OUTCOME, run, scorer, customer id."""
        return zip(
            self.value[at].tolist(),
            _or_none(self.low[at]),
            _or_none(self.high[at]),
            self.labels[at].tolist(),
            self.reasons[at].tolist(),
            repeat(run_id, len(at)),
            repeat(scorer, len(at)),
            self.ids[at].tolist(),
            strict=True,
        )

    def unlike(self, stored: Outcome) -> tuple[Array, Array, Array]:
        """Positions that are not stored, positions that differ, and stored ids no longer here."""
        place = np.searchsorted(stored.ids, self.ids)
        place[place == len(stored.ids)] = 0
        known = stored.ids[place] == self.ids if len(stored.ids) else np.zeros(len(place), bool)
        same = known.copy()
        for mine, theirs in (
            (self.value, stored.value),
            (self.low, stored.low),
            (self.high, stored.high),
            (self.labels, stored.labels),
            (self.reasons, stored.reasons),
        ):
            old = theirs[place[same]]
            new = mine[same]
            numbers = mine.dtype != np.object_
            equal = (old == new) | (np.isnan(old) & np.isnan(new)) if numbers else old == new
            same[same] = equal.astype(bool)
        gone = np.setdiff1d(stored.ids, self.ids, assume_unique=True)
        return np.flatnonzero(~known), np.flatnonzero(known & ~same), gone


def outcome(scorer: str, ids: Array, scored: Scored) -> Outcome:
    """
    Raises:
        ScorerError: If a shape does not fit, a number is not finite, a customer comes twice, or
            the reasons do not add up to the value.
    """
    n = len(ids)
    numbers = {"value": scored.value, "low": scored.low, "high": scored.high}
    value, low, high = (_numbers(scorer, name, given, ids) for name, given in numbers.items())
    reasons = {
        name: _numbers(scorer, f"reason {name!r}", given, ids)
        for name, given in scored.reasons.items()
    }
    _refuse_what_does_not_add_up(scorer, ids, value, scored.base, reasons)
    labels = np.full(n, None) if scored.labels is None else np.asarray(scored.labels, object)
    if labels.shape != (n,):
        raise ScorerError(scorer, f"gave labels of shape {labels.shape} for {n} customers")
    order = np.argsort(ids, kind="stable")
    ids = ids[order]
    if (twice := ids[1:][ids[1:] == ids[:-1]]).size:
        raise ScorerError(scorer, f"reads customer {twice[0]} twice; one row per customer")
    texts = reason_texts(reasons, n)
    return Outcome(ids, value[order], low[order], high[order], labels[order], texts[order])


def stored_outcome(columns: Mapping[str, Array]) -> Outcome:
    """From the columns of ``scoring_score``."""
    names = ("customer_id", "value", "low", "high", "label", "reasons")
    return Outcome(*(columns[name] for name in names))


def reason_texts(reasons: Mapping[str, Array], n: int) -> Array:
    """One JSON object per customer; where many customers share one, it is written once."""
    if not reasons:
        return np.full(n, "{}", object)
    template = ",".join(json.dumps(name).replace("%", "%%") + ":%r" for name in reasons)
    columns = list(reasons.values())
    picked = _distinct(columns, n)
    first, inverse = picked or (slice(None), slice(None))
    rows = zip(*(column[first].tolist() for column in columns), strict=True)
    texts = np.array([*map(("{" + template + "}").__mod__, rows), None], object)[:-1]
    found: Array = texts[inverse]
    return found


def _distinct(columns: list[Array], n: int) -> tuple[Array, Array] | None:
    """Where each distinct row first is, and which one each row is; None when few repeat."""
    mixed = np.zeros(n, np.uint64)
    for column in columns:
        mixed = (mixed ^ (column + 0.0).view(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    if len(np.unique(mixed[:: max(1, n // SAMPLE)])) > SAMPLE // 2:
        return None
    _, first, inverse = np.unique(mixed, return_index=True, return_inverse=True)
    is_exact = all((column[first][inverse] == column).all() for column in columns)
    return (first, inverse) if is_exact else None


def _numbers(scorer: str, name: str, given: object, ids: Array) -> Array:
    if given is None:
        return np.full(len(ids), np.nan)
    column = np.asarray(given, np.float64)
    if column.shape != ids.shape:
        raise ScorerError(scorer, f"gave a {name} of shape {column.shape} for {len(ids)} customers")
    if not (finite := np.isfinite(column)).all():
        at = int(np.argmin(finite))
        raise ScorerError(scorer, f"gave customer {ids[at]} the {name} {column[at]}")
    return column


def _refuse_what_does_not_add_up(
    scorer: str, ids: Array, value: Array, base: float, reasons: Mapping[str, Array]
) -> None:
    total = np.full(len(ids), float(base))
    largest = np.maximum(np.abs(value), abs(base))
    for contribution in reasons.values():
        total += contribution
        np.maximum(largest, np.abs(contribution), out=largest)
    wrong = ~(np.abs(total - value) <= TOLERANCE * largest)
    if wrong.any():
        at = int(np.argmax(wrong))
        raise ScorerError(
            scorer,
            f"gave customer {ids[at]} the value {value[at]:.12g}, but base and reasons add up to "
            f"{total[at]:.12g}",
        )


def _or_none(column: Array) -> list[float | None]:
    if np.isnan(column).all():
        return [None] * len(column)
    return [None if each != each else each for each in column.tolist()]
