"""Rules that share the credit of conversions among channels. None of them is causal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final, TypeAlias

import numpy as np

from ..errors import InvalidDesignError, NotEnoughDataError
from ..model import Credit

Path: TypeAlias = tuple[str, ...]
Weigh: TypeAlias = Callable[[int], Sequence[float]]


def attribute(
    paths: Sequence[Path],
    converted: Sequence[bool],
    ages_days: Sequence[Sequence[float]] | None = None,
    half_life_days: float = 7.0,
) -> Credit:
    """
    Share of the conversions each channel gets by every rule; a rule for credit, not causal.

    Args:
        paths: Channels touched, the earliest first.
        converted: Whether each path ended in a conversion.
        ages_days: Days from each touch to the end of its path, for ``time_decay``, which is left
            out without them.

    Raises:
        NotEnoughDataError: If no path converted.
        InvalidDesignError: If lengths differ, a path is empty, or an age is negative or not finite.
    """
    won = _check(paths, converted)
    shares: dict[str, Mapping[str, float]] = {
        name: _by_position(won, weigh) for name, weigh in _RULES.items()
    }
    if ages_days is not None:
        shares["time_decay"] = _time_decay(paths, converted, ages_days, half_life_days)
    shares["markov"] = markov(paths, converted)
    shares["shapley"] = shapley(paths, converted)
    return Credit(paths=len(paths), conversions=len(won), shares=shares)


def removal_effects(paths: Sequence[Path], converted: Sequence[bool]) -> dict[str, float]:
    """
    Share of the conversions of a first-order Markov chain lost when a channel leads nowhere.

    Solved exactly, one linear system for the chain; each removal is a rank-one change of it.

    Raises:
        NotEnoughDataError: If no path converted.

    Source: E. Anderl et al. 2016, "Mapping the customer journey", International Journal of
    Research in Marketing 33.
    """
    _check(paths, converted)
    names = sorted({each for path in paths for each in path})
    start, moves, wins = _transitions(names, paths, converted)
    # expected visits to channel j from channel i, before the end
    visits = np.linalg.inv(np.eye(len(names)) - moves)
    to_win = visits @ wins
    base = start @ to_win
    lost = (start @ visits) / np.diag(visits) * to_win / base
    return dict(zip(names, lost.tolist(), strict=True))


def markov(paths: Sequence[Path], converted: Sequence[bool]) -> dict[str, float]:
    """Removal effects scaled to add up to 1."""
    return _scaled(removal_effects(paths, converted))


def shapley(paths: Sequence[Path], converted: Sequence[bool]) -> dict[str, float]:
    """
    Shapley values of the game in which a set of channels is worth the conversions of the paths
    that touch no other channel; scaled to add up to 1.

    Exact for any number of channels: the game is a sum of unanimity games, one per conversion, and
    in each of those the distinct channels of the path share equally.

    Raises:
        NotEnoughDataError: If no path converted.

    Source: L. S. Shapley 1953; the sum-game form in K. Zhao, S. H. Mahboobi & S. R. Bagheri 2018,
    "Shapley value methods for attribution modeling in online advertising".
    """
    won = _check(paths, converted)
    values = {channel: 0.0 for path in paths for channel in path}
    for path in won:
        for channel in set(path):
            values[channel] += 1 / len(set(path))
    return _scaled(values)


def _first(n: int) -> Sequence[float]:
    return [1.0, *[0.0] * (n - 1)]


def _last(n: int) -> Sequence[float]:
    return [*[0.0] * (n - 1), 1.0]


def _linear(n: int) -> Sequence[float]:
    return [1 / n] * n


def _position(n: int) -> Sequence[float]:
    """40 % to the first, 40 % to the last, the rest between them; halves where there are two."""
    if n <= 2:
        return [1 / n] * n
    return [0.4, *[0.2 / (n - 2)] * (n - 2), 0.4]


_RULES: Final[Mapping[str, Weigh]] = {
    "first": _first,
    "last": _last,
    "linear": _linear,
    "position": _position,
}


def _by_position(won: Sequence[Path], weigh: Weigh) -> dict[str, float]:
    values: dict[str, float] = {}
    for path in won:
        for channel, weight in zip(path, weigh(len(path)), strict=True):
            values[channel] = values.get(channel, 0.0) + weight
    return _scaled(values)


def _time_decay(
    paths: Sequence[Path], converted: Sequence[bool], ages: Any, half_life_days: float
) -> dict[str, float]:
    if not half_life_days > 0 or len(ages) != len(paths):
        raise InvalidDesignError("half_life_days", half_life_days, "days > 0, an age per touch")
    values: dict[str, float] = {}
    for path, won, age in zip(paths, converted, ages, strict=True):
        old = np.asarray(age, dtype=float)
        if len(old) != len(path) or not (np.isfinite(old).all() and (old >= 0).all()):
            raise InvalidDesignError("ages_days", list(age), "a number of days >= 0 per touch")
        if won:
            weights = np.exp2(-(old - old.min()) / half_life_days)
            for channel, weight in zip(path, weights / weights.sum(), strict=True):
                values[channel] = values.get(channel, 0.0) + float(weight)
    return _scaled(values)


def _transitions(
    names: Sequence[str], paths: Sequence[Path], converted: Sequence[bool]
) -> tuple[Any, Any, Any]:
    place = {name: index for index, name in enumerate(names)}
    start, wins = np.zeros(len(names)), np.zeros(len(names))
    moves, leaving = np.zeros((len(names), len(names))), np.zeros(len(names))
    for (path, won), times in Counter(zip(paths, converted, strict=True)).items():
        at = [place[each] for each in path]
        start[at[0]] += times
        for here, there in pairwise(at):
            moves[here, there] += times
        np.add.at(leaving, at, times)
        wins[at[-1]] += times * won
    return start / len(paths), moves / leaving[:, None], wins / leaving


def _scaled(values: Mapping[str, float]) -> dict[str, float]:
    total = sum(values.values())
    return {name: values[name] / total for name in sorted(values)}


def _check(paths: Sequence[Path], converted: Sequence[bool]) -> list[Path]:
    if len(paths) != len(converted):
        raise InvalidDesignError("converted", len(converted), f"one for each of {len(paths)} paths")
    if not all(paths):
        raise InvalidDesignError("paths", "an empty path", "at least one channel in each")
    won = [path for path, is_won in zip(paths, converted, strict=True) if is_won]
    if not won:
        raise NotEnoughDataError("no path converted, so there is no credit to share")
    return won
