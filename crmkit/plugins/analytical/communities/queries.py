"""Reads: runs, communities, who is drawn to which, and the segments they define."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crmkit import RecordNotFoundError, Scope, Segment, Unit
from crmkit.sql import id_list, one_of

from .model import Community, Event, Mark, Membership, Run
from .tables import (
    communities_anchor,
    communities_community,
    communities_inbox,
    communities_membership,
    communities_run,
)

_RUN = [each for each in communities_run.c if each.name != "items"]


def runs(unit: Unit, *, size: int = 20) -> list[Run]:
    """The last *size* runs, latest first."""
    select = sa.select(*_RUN).order_by(communities_run.c.id.desc()).limit(size)
    return [_run(row) for row in unit.connection.execute(select).mappings()]


def last_run(unit: Unit, *, done: bool = False) -> Run | None:
    """The last run, or the last that found communities."""
    select = sa.select(*_RUN).order_by(communities_run.c.id.desc()).limit(1)
    if done:
        select = select.where(communities_run.c.state == "done")
    row = unit.connection.execute(select).mappings().first()
    return None if row is None else _run(row)


def _run(row: Mapping[Any, Any]) -> Run:
    events = tuple(Event(**each) for each in row["events"])
    return Run(**{**row, "events": events})


def items_of_run(unit: Unit, run_id: int) -> Mapping[str, Any]:
    """The products and habits a run looked at, as it stored them."""
    items = communities_run.c
    found: Mapping[str, Any] = unit.connection.execute(
        sa.select(items["items"]).where(items.id == run_id)
    ).scalar_one()
    return found


def communities(unit: Unit, *, ended: bool = False) -> list[Community]:
    """The living communities, and with *ended* the others too, oldest first."""
    select = sa.select(communities_community).order_by(communities_community.c.id)
    if not ended:
        select = select.where(communities_community.c.ended_at.is_(None))
    return [_community(row) for row in unit.connection.execute(select).mappings()]


def _community(row: Mapping[Any, Any]) -> Community:
    marks = {key: tuple(Mark(**each) for each in row[key]) for key in ("marks", "habits")}
    fields = {key: row[key] for key in row if key != "former_names"}
    return Community(**{**fields, **marks})


def community(unit: Unit, name: str) -> Community:
    """
    The community of this name, ended or not; ``communities.`` before it may be left out.

    Raises:
        RecordNotFoundError: If there is none.
    """
    wanted = name.removeprefix("communities.")
    known = {each.name: each for each in communities(unit, ended=True)}
    if wanted not in known:
        raise RecordNotFoundError("community", wanted)
    return known[wanted]


def names_taken(unit: Unit) -> set[str]:
    """Every name a community has or had."""
    each = communities_community.c
    rows = unit.connection.execute(sa.select(each.name, each.former_names))
    return {name for current, former in rows for name in (current, *former)}


def former_names(unit: Unit, community_id: int) -> list[str]:
    select = sa.select(communities_community.c.former_names)
    return list(unit.connection.execute(_with_id(select, community_id)).scalar_one())


def _with_id(select: sa.Select[Any], community_id: int) -> sa.Select[Any]:
    return select.where(communities_community.c.id == community_id)


def sizes(unit: Unit) -> Mapping[int, int]:
    """How many customers belong to each community now, by its id."""
    drawn = communities_membership.c
    select = sa.select(drawn.community_id, sa.func.count()).where(drawn.belongs)
    rows = unit.connection.execute(select.group_by(drawn.community_id))
    return {row[0]: row[1] for row in rows}


def memberships_of_many(unit: Unit, customer_ids: Iterable[int]) -> dict[int, list[Membership]]:
    """What each customer is drawn to, strongest first."""
    ids = list(customer_ids)
    found: dict[int, list[Membership]] = {each: [] for each in ids}
    select = _drawn().where(one_of(communities_membership.c.customer_id))
    rows = unit.connection.execute(select, {"ids": id_list(unit.connection, ids)})
    for row in rows.mappings():
        found[row["customer_id"]].append(Membership(**row))
    return found


def members_of(unit: Unit, community_id: int) -> list[Membership]:
    """Who belongs to a community, strongest first."""
    drawn = communities_membership.c
    select = _drawn().where(drawn.community_id == community_id, drawn.belongs)
    return [Membership(**row) for row in unit.connection.execute(select).mappings()]


def _drawn() -> sa.Select[Any]:
    drawn = communities_membership.c
    return (
        sa.select(communities_membership, communities_community.c.name)
        .join(communities_community, communities_community.c.id == drawn.community_id)
        .order_by(drawn.strength.desc(), drawn.community_id, drawn.customer_id)
    )


def overlaps(unit: Unit) -> Mapping[tuple[int, int], float]:
    """How strongly members of one community are drawn to another, on average, by both ids."""
    mine, theirs, count = communities_membership.c, communities_membership.alias().c, sizes(unit)
    select = (
        sa.select(mine.community_id, theirs.community_id, sa.func.sum(theirs.strength))
        .where(mine.customer_id == theirs.customer_id, mine.belongs)
        .group_by(mine.community_id, theirs.community_id)
    )
    return {(row[0], row[1]): row[2] / count[row[0]] for row in unit.connection.execute(select)}


def anchored_on(unit: Unit, customer_ids: Sequence[int]) -> dict[int, list[str]]:
    """Of those customers the last run found communities among, their products and habits."""
    anchor = communities_anchor.c
    select = sa.select(anchor.customer_id, anchor.products, anchor.habits)
    bound = {"ids": id_list(unit.connection, customer_ids)}
    rows = unit.connection.execute(select.where(one_of(anchor.customer_id)), bound).all()
    last = last_run(unit, done=True) if rows else None
    if last is None:
        return {}
    items = items_of_run(unit, last.id)
    return {
        customer_id: [items["names"][each] for each in products]
        + [items["habits"][each] for each in habits]
        for customer_id, products, habits in rows
    }


def waiting(unit: Unit) -> int:
    """How many customers changed since they were last placed."""
    select = sa.select(sa.func.count(communities_inbox.c.customer_id.distinct()))
    return int(unit.connection.execute(select).scalar_one())


def segments(unit: Unit) -> Iterable[Segment]:
    """
    One for each name a community has or had; of ended ones and former names, without members.

    So that who was in leaves, and is told where to.
    """
    select = sa.select(
        communities_community.c.name,
        communities_community.c.former_names,
        communities_community.c.title,
        communities_community.c.ended_at,
    ).order_by(communities_community.c.id)
    for name, former, title, ended_at in unit.connection.execute(select):
        told = f"Ended {ended_at:%Y-%m-%d}; bought {title}." if ended_at else f"Buy {title}."
        yield Segment(name=f"communities.{name}", summary=told, members=belonging)
        for each in former:
            told = f"Now called communities.{name}."
            yield Segment(name=f"communities.{each}", summary=told, members=belonging)


def belonging(scope: Scope) -> sa.Select[Any]:
    """Who belongs to which community, and why: the definition of all their segments."""
    drawn, named = communities_membership.c, communities_community.c
    return (
        sa.select(drawn.customer_id, drawn.why, ("communities." + named.name).label("segment"))
        .join(communities_community, named.id == drawn.community_id)
        .where(drawn.belongs, named.ended_at.is_(None), scope.covers(drawn.customer_id))
    )
