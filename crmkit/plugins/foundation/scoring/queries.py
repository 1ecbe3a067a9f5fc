"""Reads: runs, scores, who is due, who is in which segment."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from crmkit import InvalidValueError, PluginError, RecordNotFoundError, Scope, Scorer, Unit, ask
from crmkit.sql import Statement, customer, epoch_day, id_list, one_of

from .config import Settings
from .errors import NoFullRunError
from .model import Membership, Mode, Movement, Run, Score, SegmentRule
from .tables import (
    scoring_due,
    scoring_membership,
    scoring_run,
    scoring_score,
    scoring_segment,
)

_MEMBERSHIP = sa.select(
    scoring_membership.c.customer_id,
    scoring_membership.c.segment,
    scoring_membership.c.since,
    scoring_membership.c.why,
    scoring_membership.c.until,
    scoring_membership.c.ended_why,
).order_by(scoring_membership.c.since, scoring_membership.c.segment)
_SCORES = Statement(
    sa.select(
        scoring_score.c.customer_id,
        scoring_score.c.scorer,
        scoring_run.c.version,
        scoring_score.c.value,
        scoring_score.c.low,
        scoring_score.c.high,
        scoring_score.c.label,
        scoring_run.c.base,
        scoring_score.c.reasons,
        scoring_score.c.run_id,
        scoring_run.c.as_of,
        scoring_run.c.horizon_days,
    )
    .join(scoring_run, scoring_run.c.id == scoring_score.c.run_id)
    .where(one_of(scoring_score.c.customer_id))
    .order_by(scoring_score.c.customer_id, scoring_score.c.scorer)
)


def scores_of(unit: Unit, customer_id: int) -> list[Score]:
    """The customer's current scores, by scorer."""
    return scores_of_many(unit, [customer_id])[customer_id]


def scores_of_many(unit: Unit, customer_ids: Iterable[int]) -> dict[int, list[Score]]:
    """The current scores of each customer; an empty list for those without."""
    ids = list(customer_ids)
    found: dict[int, list[Score]] = {customer_id: [] for customer_id in ids}
    for row in _SCORES.rows(unit.connection, ids=id_list(unit.connection, ids)):
        score = Score(
            customer_id=row[0],
            scorer=row[1],
            version=row[2],
            value=row[3],
            low=row[4],
            high=row[5],
            label=row[6],
            base=row[7],
            reasons=json.loads(row[8]),
            run_id=row[9],
            as_of=unit.read_instant(row[10]),
            horizon_days=row[11],
        )
        found[score.customer_id].append(score)
    return found


def score_of(unit: Unit, customer_id: int, scorer: str) -> Score:
    """
    Raises:
        RecordNotFoundError: If the customer has no score of that name.
    """
    for score in scores_of(unit, customer_id):
        if score.scorer == scorer:
            return score
    raise RecordNotFoundError(f"{scorer} score of customer", customer_id)


def stored_scores(scorer: str, customers: sa.Select[tuple[int]] | None) -> sa.Select[Any]:
    """A SELECT of what is stored by one scorer, by ascending customer id."""
    score = scoring_score.c
    select = sa.select(
        score.customer_id, score.value, score.low, score.high, score.label, score.reasons
    ).where(score.scorer == scorer)
    if customers is not None:
        select = select.where(score.customer_id.in_(customers))
    return select.order_by(score.customer_id)


def runs(unit: Unit, ids: Sequence[int] | None = None, *, size: int = 100) -> list[Run]:
    """Runs, latest first; those with one of *ids*, else the last *size*."""
    select = sa.select(scoring_run).order_by(scoring_run.c.id.desc()).limit(size)
    if ids is not None:
        select = select.where(scoring_run.c.id.in_(ids))
    return [Run(**row) for row in unit.connection.execute(select).mappings()]


def last_run(unit: Unit, scorer: str) -> Run | None:
    """The last run of a scorer, whatever became of it."""
    return _latest(unit, scoring_run.c.scorer == scorer)


def last_full_run(unit: Unit, scorer: Scorer) -> Run | None:
    """The run whose parameters hold: the last full one, if the scorer is still of that version."""
    run = _latest(
        unit,
        scoring_run.c.scorer == scorer.name,
        scoring_run.c.mode == "full",
        scoring_run.c.state == "done",
    )
    return run if run is not None and run.version == scorer.version else None


def _latest(unit: Unit, *conditions: sa.ColumnElement[bool]) -> Run | None:
    select = sa.select(scoring_run).where(*conditions).order_by(scoring_run.c.id.desc()).limit(1)
    row = unit.connection.execute(select).mappings().first()
    return None if row is None else Run(**row)


def chosen_scorers(unit: Unit, names: Iterable[str]) -> list[Scorer]:
    """
    The contributed scorers of these names, as their plugins' settings want them; all for none.

    Raises:
        RecordNotFoundError: If a name is not contributed.
    """
    known = unit.contributed.scorers
    for name in names:
        if name not in known:
            raise RecordNotFoundError("scorer", name)
    chosen = [known[name] for name in dict.fromkeys(names or known)]
    return [each if each.tuned is None else each.tuned(unit) for each in chosen]


def followed_run(unit: Unit, scorer: Scorer, mode: Mode | None, as_of: datetime) -> Run | None:
    """
    The full run that an incremental one would follow; None when a full one is to be made.

    Raises:
        NoFullRunError: If *mode* is incremental and there is none.
        InvalidValueError: If *mode* is incremental and *as_of* lies before it.
    """
    if mode == "full":
        return None
    base = last_full_run(unit, scorer)
    if mode == "incremental":
        if base is None:
            raise NoFullRunError(scorer.name, scorer.version)
        if as_of < base.as_of:
            accepted = f"an instant not before {base.as_of:%Y-%m-%dT%H:%M:%SZ}, the full run's"
            raise InvalidValueError("as of", as_of.isoformat(), accepted)
        return base
    freshest = timedelta(days=unit.settings(Settings).full_after_days)
    is_fresh = base is not None and timedelta(0) <= as_of - base.as_of < freshest
    return base if is_fresh else None


def due(scorer: str) -> sa.Select[tuple[int]]:
    """A SELECT of the customers whose score by *scorer* is out of date."""
    return sa.select(scoring_due.c.customer_id).where(scoring_due.c.scorer == scorer)


def members(segment: str, *, at: datetime | None = None) -> sa.Select[tuple[int]]:
    """A SELECT of the ids of the customers in *segment*, now or *at* an instant."""
    theirs = scoring_membership.c
    select = sa.select(theirs.customer_id).where(theirs.segment == segment)
    if at is None:
        return select.where(theirs.until.is_(None))
    return select.where(theirs.since <= at, sa.or_(theirs.until.is_(None), theirs.until > at))


def members_of(unit: Unit, segment: str) -> list[Membership]:
    """Who is in *segment* now, since when and why; by since, then customer."""
    select = _MEMBERSHIP.where(
        scoring_membership.c.segment == segment, scoring_membership.c.until.is_(None)
    ).order_by(scoring_membership.c.customer_id)
    return [Membership(**row) for row in unit.connection.execute(select).mappings()]


def movements(unit: Unit, segment: str) -> list[Movement]:
    """The days on which anybody joined or left *segment*, oldest first."""
    theirs = scoring_membership.c
    counted: dict[int, list[int]] = {}
    for place, column in enumerate((theirs.since, theirs.until)):
        day = epoch_day(column)
        select = (
            sa.select(day, sa.func.count())
            .where(theirs.segment == segment, column.is_not(None))
            .group_by(day)
        )
        for number, count in unit.connection.execute(select):
            counted.setdefault(number, [0, 0])[place] = count
    found, members, first = [], 0, date(1970, 1, 1)
    for number, (joined, left) in sorted(counted.items()):
        members += joined - left
        found.append(Movement(first + timedelta(days=number), joined, left, members))
    return found


def memberships_of(unit: Unit, customer_id: int) -> list[Membership]:
    """The customer's whole history in segments, oldest first."""
    return memberships_of_many(unit, [customer_id])[customer_id]


def memberships_of_many(unit: Unit, customer_ids: Iterable[int]) -> dict[int, list[Membership]]:
    """The history in segments of each customer."""
    ids = list(customer_ids)
    found: dict[int, list[Membership]] = {customer_id: [] for customer_id in ids}
    select = _MEMBERSHIP.where(one_of(scoring_membership.c.customer_id))
    rows = unit.connection.execute(select, {"ids": id_list(unit.connection, ids)})
    for row in rows.mappings():
        found[row["customer_id"]].append(Membership(**row))
    return found


def sizes(unit: Unit) -> Mapping[str, int]:
    """How many customers are in each segment now."""
    select = (
        sa.select(scoring_membership.c.segment, sa.func.count())
        .where(scoring_membership.c.until.is_(None))
        .group_by(scoring_membership.c.segment)
    )
    return {row[0]: row[1] for row in unit.connection.execute(select)}


def segment_rules(unit: Unit) -> list[SegmentRule]:
    """The segments that somebody defined, as they are now, by name."""
    versions = {each.name: each for each in segment_history(unit)}
    return [each for _, each in sorted(versions.items()) if each.rule]


def segment_history(unit: Unit, name: str = "") -> list[SegmentRule]:
    """Every version of the segment *name*, or of all, oldest first."""
    theirs = scoring_segment.c
    select = sa.select(scoring_segment).order_by(theirs.name, theirs.version)
    if name:
        select = select.where(theirs.name == name)
    return [SegmentRule(**row) for row in unit.connection.execute(select).mappings()]


def definitions(unit: Unit, scope: Scope) -> list[tuple[list[str], sa.Subquery]]:
    """
    The segments by definition: names, and who belongs to which of them and why.

    Raises:
        PluginError: If several segments share a definition that does not name them.
    """
    shared: dict[Callable[[Scope], sa.Select[Any]], list[str]] = {}
    for segment in ask.segments(unit).values():
        shared.setdefault(segment.members, []).append(segment.name)
    return [(names, _wanted(names, members(scope))) for members, names in shared.items()]


def _wanted(names: Sequence[str], defined: sa.Select[Any]) -> sa.Subquery:
    columns = list(defined.subquery().c)
    if len(columns) == 2 and len(names) > 1:
        told = "share a definition without a third column that names the segment"
        raise PluginError("scoring", f"segments {', '.join(names)} {told}")
    customer_id, why = columns[:2]
    segment = columns[2] if len(columns) > 2 else sa.literal(names[0])
    return (
        sa.select(customer_id.label("customer_id"), segment.label("segment"), why.label("why"))
        .join(customer, customer.c.id == customer_id)
        .where(customer.c.status == "active", segment.in_(names))
        .subquery()
    )
