"""Measuring runs, telling customers apart, and sharing credit; reads and writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import attrs

from crmkit import InvalidValueError, MissingExtraError, RecordNotFoundError, Unit
from crmkit.plugins.foundation import decisions, policy, scoring

from . import features
from .config import Settings
from .model import Credit, Design, Measurement, Persuadable

DIRECT: Final = "(direct)"
"""Stands for a conversion that no touch went before."""
METRICS: Final = ("revenue", "profit", "orders", "buyers")


def measure(
    unit: Unit, run: str, design: Design | None = None, *, until: datetime | None = None
) -> list[Measurement]:
    """
    What the offers of *run* changed: treated against held out, whoever got to see them or not.

    First the effect on all; then, where segments are asked for, in each, with p-values after Holm.

    Args:
        until: What happened before it counts; default now.

    Raises:
        RecordNotFoundError: If there is no such run.
        InvalidValueError: If the metric, or something in the design, cannot be used.
    """
    design, until = design or Design(), until or unit.now
    _check(unit, design)
    rows = _rows(unit, run, design, until)
    flags = _flags(unit, run, rows, until)
    settings = unit.settings(Settings)
    experiment = _experiment()
    found = [experiment.measured(rows, run, design, settings, flags, until, unit)]
    if design.by:
        groups = _segments(unit, rows, design.by)
        parts = [
            experiment.measured(group, run, design, settings, (), until, unit, segment=name)
            for name, group in sorted(groups.items())
        ]
        found += experiment.corrected(parts)
    return found


def persuadable(unit: Unit, run: str, *, until: datetime | None = None) -> Persuadable:
    """
    How customers of *run* differ in what the offer changed, by what they did before.

    Raises:
        RecordNotFoundError: If there is no such run.
        NotEnoughDataError: If an arm is too small.
    """
    until = until or unit.now
    found: Persuadable = _experiment().persuadable(run, _rows(unit, run, Design(), until))
    return found


def credit(
    unit: Unit, *, kind: str = features.ORDER, days: int = 90, half_life_days: float = 7.0
) -> Credit:
    """
    Credit for the conversions of the last *days*, by channel and by rule; not causal.

    A path is what was touched since the last conversion; one without any touch is ``(direct)``.
    Machines' interactions are left out.

    Raises:
        InvalidValueError: If nobody registered *kind*, or *days* is not positive.
        NotEnoughDataError: If nothing converted.
    """
    if kind not in unit.contributed.interaction_kinds:
        raise InvalidValueError("kind", kind, "a registered kind such as purchase.order")
    if days < 1:
        raise InvalidValueError("days", days, "1 or more")
    query = features.touches(kind, unit.now - timedelta(days=days), unit.now)
    paths = list(_paths(unit.connection.execute(query), unit.now))
    found: Credit = _attribution().attribute(
        [each.channels for each in paths],
        [each.converted for each in paths],
        [each.ages_days for each in paths],
        half_life_days,
    )
    return found


@attrs.frozen(kw_only=True)
class _Path:
    """What one customer touched up to a conversion, or to the end."""

    channels: tuple[str, ...]
    ages_days: tuple[float, ...]
    converted: bool


def _paths(rows: Iterable[Any], until: datetime) -> Iterator[_Path]:
    touched: list[tuple[str, datetime]] = []
    owner = None
    for row in rows:
        if row.customer_id != owner:
            if touched:
                yield _path(touched, until, converted=False)
            touched, owner = [], row.customer_id
        if row.converts:
            yield _path(touched or [(DIRECT, row.at)], row.at, converted=True)
            touched = []
        else:
            touched.append((row.channel, row.at))
    if touched:
        yield _path(touched, until, converted=False)


def _path(touched: Sequence[tuple[str, datetime]], end: datetime, *, converted: bool) -> _Path:
    return _Path(
        channels=tuple(channel for channel, _ in touched),
        ages_days=tuple((end - at) / timedelta(days=1) for _, at in touched),
        converted=converted,
    )


def _check(unit: Unit, design: Design) -> None:
    if design.metric not in METRICS and design.metric not in unit.contributed.interaction_kinds:
        accepted = f"one of {', '.join(METRICS)}, or a registered kind such as purchase.order"
        raise InvalidValueError("metric", design.metric, accepted)
    if design.metric == "profit" and unit.settings(Settings).margin_share is None:
        raise InvalidValueError(
            "metric", "profit", "revenue, or margin_share set under [effect] in crmkit.toml"
        )
    if design.window_days is not None and design.window_days < 1:
        raise InvalidValueError("window", design.window_days, "1 day or more")
    if design.cuped and design.sequential:
        raise InvalidValueError("design", "cuped and sequential", "one of the two")


def _rows(unit: Unit, run: str, design: Design, until: datetime) -> list[Any]:
    kind = design.metric if "." in design.metric else features.ORDER
    query = features.outcomes(
        run, until, kind=kind, window_days=design.window_days,
        before_days=unit.settings(Settings).before_days,
    )  # fmt: skip
    rows = list(unit.connection.execute(query))
    if not rows and run not in decisions.runs(unit):
        raise RecordNotFoundError("run", run)
    return rows


def _flags(unit: Unit, run: str, rows: Sequence[Any], until: datetime) -> tuple[str, ...]:
    if not rows:
        return ()
    still_open = sum(row.window_until > until for row in rows)
    lengths = {row.window_until - row.at for row in rows}
    overlap = unit.connection.scalar(features.overlapping(run)) or 0
    elsewhere = sum(row.elsewhere for row in rows)
    told = [
        _split_flag(unit, rows),
        f"{still_open:,} of {len(rows):,} windows are still open" if still_open else "",
        f"windows differ in length, by {_spread(lengths)}" if len(lengths) > 1 else "",
        f"{overlap:,} treated customers also got an offer of another run within the window; "
        "the effect is of both" if overlap else "",
        f"{elsewhere:,} purchases in other currencies than {rows[0].currency} are left out"
        if elsewhere else "",
    ]  # fmt: skip
    return tuple(filter(None, told))


def _spread(lengths: set[timedelta]) -> str:
    return f"{(max(lengths) - min(lengths)) / timedelta(days=1):g} days"


def _split_flag(unit: Unit, rows: Sequence[Any]) -> str:
    """Whether the arms are as large as the policy's holdout share says."""
    name = policy.version(unit, rows[0].policy_version).name
    versions = [each.version for each in policy.history(unit) if each.name == name]
    shares = {policy.version(unit, each).holdout_share for each in versions}
    if len(shares) > 1:
        return "the holdout share has changed, so that the split cannot be checked"
    treated = sum(row.arm for row in rows)
    flag: str = _experiment().split_flag(treated, len(rows) - treated, shares.pop())
    return flag


def _segments(unit: Unit, rows: Sequence[Any], prefix: str) -> Mapping[str, list[Any]]:
    """The customers by the segments they were in at their decision."""
    by_customer = {row.customer_id: row for row in rows}
    groups: dict[str, list[Any]] = {}
    for customer_id, history in scoring.memberships_of_many(unit, list(by_customer)).items():
        row = by_customer[customer_id]
        for each in history:
            ended = each.until is not None and each.until <= row.at
            if each.segment.startswith(prefix) and each.since <= row.at and not ended:
                groups.setdefault(each.segment, []).append(row)
    if not groups:
        raise RecordNotFoundError("segment with members at the decision", prefix)
    return groups


def _experiment() -> Any:
    """
    Raises:
        MissingExtraError: Without NumPy or SciPy.
    """
    try:
        from .scoring import experiment
    except ModuleNotFoundError as exc:
        raise MissingExtraError("Measuring effects", "analytics") from exc
    return experiment


def _attribution() -> Any:
    """
    Raises:
        MissingExtraError: Without NumPy.
    """
    try:
        from .scoring import attribution
    except ModuleNotFoundError as exc:
        raise MissingExtraError("Attribution", "analytics") from exc
    return attribution
