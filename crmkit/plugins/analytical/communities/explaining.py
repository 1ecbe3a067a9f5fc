"""What ``cycle explain`` is told of memberships, communities and runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crmkit import Cause, Ref, Unit

from .queries import communities, last_run, memberships_of_many, runs
from .turning import told

PREFIX = "segment.communities."
NAMED = 3
"""Marks."""


def causes(unit: Unit, refs: Sequence[Ref]) -> Iterator[Cause]:
    """
    Of ``segment.communities.NAME:CUSTOMER``, ``community:ID`` and ``communities_run:ID``.

    Each leads to the next.
    """
    yield from _of_memberships(unit, [ref for ref in refs if ref.noun.startswith(PREFIX)])
    yield from _of_communities(unit, {ref.id for ref in refs if ref.noun == "community"})
    yield from _of_runs(unit, {ref.id for ref in refs if ref.noun == "communities_run"})


def _of_memberships(unit: Unit, asked: Sequence[Ref]) -> Iterator[Cause]:
    known = memberships_of_many(unit, {ref.id for ref in asked}) if asked else {}
    for ref in asked:
        for each in known[ref.id]:
            if each.belongs and ref.noun == PREFIX + each.name:
                text = f"{each.strength:.0%} of those most like them are in {each.name}"
                because = (Ref("community", each.community_id),)
                yield Cause(ref=ref, at=None, text=text, because=because)


def _of_communities(unit: Unit, asked: set[int]) -> Iterator[Cause]:
    last = last_run(unit, done=True) if asked else None
    for community in communities(unit, ended=True) if asked else ():
        if community.id in asked:
            marks = [f"{mark.name} (x {mark.lift:.1f})" for mark in community.marks[:NAMED]]
            text = f"{community.segment}, found from {community.fitted} customers: "
            lives = last is not None and community.ended_at is None
            yield Cause(
                ref=Ref("community", community.id),
                at=community.born_at,
                text=text + ", ".join(marks),
                because=(Ref("communities_run", last.id),) if last and lives else (),
            )


def _of_runs(unit: Unit, asked: set[int]) -> Iterator[Cause]:
    for run in runs(unit, size=1_000) if asked else ():
        if run.id in asked:
            yield Cause(ref=Ref("communities_run", run.id), at=run.started_at, text=told(run))
