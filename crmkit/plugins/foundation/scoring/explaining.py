"""What ``cycle explain`` is told of memberships, scores and runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from crmkit import Cause, Ref, Unit, ask

from .model import Membership, Score
from .queries import memberships_of_many, runs, scores_of_many
from .tables import scoring_run

_MINUTE = "%Y-%m-%d %H:%M UTC"


def causes(unit: Unit, refs: Sequence[Ref]) -> Iterator[Cause]:
    """Those of ``segment.NAME:CUSTOMER``, ``score.NAME:CUSTOMER`` and ``score_run:ID`` we know."""
    yield from _of_segments(unit, _kept("segment.", refs))
    yield from _of_scores(unit, _kept("score.", refs))
    yield from _of_runs(unit, [ref.id for ref in refs if ref.noun == "score_run"])


def _kept(prefix: str, refs: Sequence[Ref]) -> dict[Ref, str]:
    """The refs whose noun begins with *prefix*, with the name behind it."""
    return {ref: ref.noun[len(prefix) :] for ref in refs if ref.noun.startswith(prefix)}


def _of_segments(unit: Unit, asked: dict[Ref, str]) -> Iterator[Cause]:
    known = memberships_of_many(unit, {ref.id for ref in asked}) if asked else {}
    for ref, name in asked.items():
        stays = [each for each in known[ref.id] if each.segment == name]
        if stays:
            because = tuple(_origins(unit, ref.id, stays))
            text = "; ".join(map(_stay, stays))
            yield Cause(ref=ref, at=stays[-1].since, text=text, because=because)


def _origins(unit: Unit, customer_id: int, stays: Sequence[Membership]) -> Iterator[Ref]:
    """Of a stay that lasts, the score it is cut from; of an ended one, the run it began with."""
    segment = ask.segments(unit).get(stays[0].segment)
    if segment is None or not segment.scorer:
        return
    if stays[-1].until is None:
        yield Ref(f"score.{segment.scorer}", customer_id)
    began = sa.select(scoring_run.c.id).where(
        scoring_run.c.scorer == segment.scorer,
        scoring_run.c.started_at.in_([stay.since for stay in stays if stay.until]),
    )
    for run_id in unit.connection.scalars(began.order_by(scoring_run.c.id)):
        yield Ref("score_run", run_id)


def _of_scores(unit: Unit, asked: dict[Ref, str]) -> Iterator[Cause]:
    known = scores_of_many(unit, {ref.id for ref in asked}) if asked else {}
    for ref, name in asked.items():
        for score in known[ref.id]:
            if score.scorer == name:
                because = (Ref("score_run", score.run_id),)
                yield Cause(ref=ref, at=score.as_of, text=_sum(score), because=because)


def _of_runs(unit: Unit, asked: Sequence[int]) -> Iterator[Cause]:
    for run in runs(unit, asked) if asked else ():
        told = f"{run.mode} run of {run.scorer} {run.version} as of {run.as_of:{_MINUTE}}: "
        told += run.reason or f"{run.customers} customers scored, {run.changed} scores changed"
        fitted_by = (Ref("score_run", run.fitted_by),) if run.mode == "incremental" else ()
        yield Cause(ref=Ref("score_run", run.id), at=run.started_at, text=told, because=fitted_by)


def _stay(stay: Membership) -> str:
    if stay.until is None:
        return f"in {stay.segment} since {stay.since:{_MINUTE}}: {stay.why}"
    told = f"in {stay.segment} from {stay.since:{_MINUTE}} until {stay.until:{_MINUTE}}"
    return f"{told}: {stay.why}, then {stay.ended_why}"


def _sum(score: Score) -> str:
    """The score, and the reasons that add up to it."""
    label = f", {score.label}" if score.label else ""
    within = (
        f" (between {_number(score.low)} and {_number(score.high)})"
        if score.low is not None and score.high is not None
        else ""
    )
    parts = {**({"base": score.base} if score.base else {}), **score.reasons}
    terms = " + ".join(f"{_number(part)} for {name}" for name, part in parts.items())
    told = f"{score.scorer} {_number(score.value)}{within}{label}"
    return f"{told} = {terms}" if terms else told


def _number(value: float) -> str:
    return f"{value:z,.4f}".rstrip("0").rstrip(".")
