"""Writes: runs with their communities, memberships, names, and who has to be placed again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

import attrs
import sqlalchemy as sa

from crmkit import Changes, Customer, Interaction, InvalidValueError, MissingExtraError, Unit
from crmkit.plugins.foundation.scoring import TooThinError, refresh_segments
from crmkit.sql import (
    Count,
    count_again,
    customer,
    delete_where,
    id_list,
    insert_many,
    interaction,
    one_of,
    take_turns,
    transaction_number,
)

from .config import Settings
from .errors import CommunityNameError, NameTakenError
from .model import Community, Placed, Run
from .naming import name, title
from .queries import community, former_names, last_run, names_taken
from .tables import (
    communities_anchor,
    communities_community,
    communities_inbox,
    communities_membership,
    communities_run,
)

if TYPE_CHECKING:
    from .finding import Found
    from .standing import Standing

PURCHASES: Final = ("purchase.order", "purchase.return")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def mark_changed(unit: Unit, changes: Changes) -> None:
    """Put who bought, sent back, came or went into the inbox, each once per transaction."""
    ids = _concerned(changes)
    if not ids:
        return
    inbox, batch = communities_inbox.c, transaction_number()
    already = sa.exists().where(inbox.customer_id == customer.c.id, inbox.batch == batch)
    fresh = sa.select(customer.c.id, batch, sa.literal(0, Count)).where(
        one_of(customer.c.id), customer.c.status != "erased", ~already
    )
    unit.connection.execute(
        sa.insert(communities_inbox).from_select(["customer_id", "batch", "taken"], fresh),
        {"ids": id_list(unit.connection, ids)},
    )


def _concerned(changes: Changes) -> set[int]:
    if changes.noun == "interaction":
        facts: Sequence[Interaction] = changes.after  # type: ignore[assignment]
        return {each.customer_id for each in facts if each.kind in PURCHASES}
    if changes.noun == "customer" and changes.before:
        before: Sequence[Customer] = changes.before  # type: ignore[assignment]
        after: Sequence[Customer] = changes.after  # type: ignore[assignment]
        pairs = zip(changes.ids, before, after, strict=True)
        return {each for each, old, new in pairs if old.status != new.status}
    return set()


def run(unit: Unit, *, as_of: datetime | None = None) -> Run:
    """
    Find communities anew, place everybody, and bring the segments up to date.

    A refused run leaves the communities as they were.

    Args:
        as_of: Only facts before this instant count; default now.

    Raises:
        MissingExtraError: Without NumPy or SciPy.
    """
    _require_extra()
    from .finding import find
    from .standing import standing

    as_of = _instant(as_of) or unit.now
    settings = unit.settings(Settings)
    take_turns(unit.connection, "communities")
    unit.connection.execute(sa.update(communities_inbox).values(taken=1))
    last = last_run(unit, done=True)
    before = None if last is None else standing(unit, last)
    try:
        found = find(unit, settings, as_of, before)
    except TooThinError as exc:
        return _refused(unit, settings, as_of, str(exc))
    return _store(unit, settings, found, before, as_of)


def _require_extra() -> None:
    if find_spec("numpy") is None or find_spec("scipy") is None:
        raise MissingExtraError("Finding communities", "analytics")


def _instant(at: datetime | None) -> datetime | None:
    if at is not None and at.tzinfo is None:
        raise InvalidValueError("as of", at, "an instant with a time zone")
    return at


def _refused(unit: Unit, settings: Settings, as_of: datetime, reason: str) -> Run:
    """The refusal, recorded unless the last run was refused for the same reason."""
    last = last_run(unit)
    if last is not None and last.reason == reason:
        return last
    return _record(unit, _new_run(unit, settings, as_of, state="refused", reason=reason), {})


def _new_run(unit: Unit, settings: Settings, as_of: datetime, **found: object) -> Run:
    (run_id,) = unit.new_ids(communities_run, 1)
    return Run(
        id=run_id,
        as_of=as_of,
        parameters=attrs.asdict(settings),
        started_at=unit.now,
        finished_at=unit.crm.clock(),
        actor=unit.actor,
        **found,  # type: ignore[arg-type]
    )


def _record(unit: Unit, made: Run, items: dict[str, object]) -> Run:
    events = [attrs.asdict(each) for each in made.events]
    row = {**attrs.asdict(made, recurse=False), "events": events, "items": items}
    unit.connection.execute(sa.insert(communities_run).values(row))
    return made


def _store(
    unit: Unit, settings: Settings, found: Found, before: Standing | None, as_of: datetime
) -> Run:
    from .finding import events
    from .standing import standing

    old = list(before.communities) if before else []
    new = list(_named(unit, found, old))
    kept = {each.id for each in new}
    _end(unit, [each.id for each in old if each.id not in kept])
    _anchor(unit, found, new)
    made = _new_run(
        unit,
        settings,
        as_of,
        state="done",
        customers=len(found.buyers),
        fitted=len(found.facts.ids),
        edges=found.fit.edges,
        modularity=found.fit.modularity,
        chance=found.fit.chance,
        events=tuple(events(found.match, old, new)),
    )
    _record(unit, made, attrs.asdict(found.items))
    unit.connection.execute(sa.delete(communities_membership))
    _write_memberships(unit, standing(unit, made), found.buyers.tolist(), as_of)
    count_again(unit.connection, communities_membership)
    refresh_segments(unit, as_of)
    _empty_inbox(unit, as_of)
    return made


def _named(unit: Unit, found: Found, old: Sequence[Community]) -> Iterator[Community]:
    """Store each community, under its old name or a new one."""
    taken = names_taken(unit)
    sizes = [int((found.fit.homes == each).sum()) for each in range(found.fit.communities)]
    for index, size in enumerate(sizes):
        marks, habits = found.marks(index)
        products = [mark.name for mark in marks] or [mark.name for mark in habits]
        described = {"title": title(products), "marks": tuple(marks), "habits": tuple(habits)}
        continued = int(found.match.old_of[index])
        if continued >= 0:
            made = attrs.evolve(old[continued], fitted=size, **described)  # type: ignore[arg-type]
        else:
            (new_id,) = unit.new_ids(communities_community, 1)
            made = Community(
                id=new_id,
                name=name(products, taken),
                renamed=False,
                fitted=size,
                born_at=unit.now,
                **described,  # type: ignore[arg-type]
            )
            taken.add(made.name)
        _write(unit, made, is_new=continued < 0)
        yield made


def _write(unit: Unit, made: Community, *, is_new: bool) -> None:
    row = attrs.asdict(made)
    if is_new:
        insert = sa.insert(communities_community).values({**row, "former_names": []})
        unit.connection.execute(insert)
    else:
        changed = {key: row[key] for key in ("title", "fitted", "marks", "habits")}
        stored = communities_community.c
        update = sa.update(communities_community).where(stored.id == made.id)
        unit.connection.execute(update.values(changed))


def _end(unit: Unit, ids: Sequence[int]) -> None:
    stored = communities_community.c
    update = sa.update(communities_community).where(one_of(stored.id)).values(ended_at=unit.now)
    unit.connection.execute(update, {"ids": id_list(unit.connection, ids)})


def _anchor(unit: Unit, found: Found, new: Sequence[Community]) -> None:
    facts, homes = found.facts, found.fit.homes.tolist()
    products, habits = facts.products, facts.habits
    unit.connection.execute(sa.delete(communities_anchor))
    rows = (
        (
            customer_id,
            new[home].id if home >= 0 else None,
            products.indices[products.indptr[place] : products.indptr[place + 1]].tolist(),
            habits.indices[habits.indptr[place] : habits.indptr[place + 1]].tolist(),
        )
        for place, (customer_id, home) in enumerate(zip(facts.ids.tolist(), homes, strict=True))
    )
    insert_many(unit.connection, communities_anchor, rows)


def _write_memberships(unit: Unit, now: Standing, ids: Sequence[int], as_of: datetime) -> int:
    """Returns how many customers belong anywhere."""
    import numpy as np

    from .standing import placed

    belonging = set[int]()
    for rows in placed(unit, now, np.array(ids, np.int64), as_of):
        insert_many(unit.connection, communities_membership, rows)
        belonging.update(row[0] for row in rows if row[3])
    return len(belonging)


def place(unit: Unit, *, as_of: datetime | None = None) -> Placed:
    """
    Place who is new or changed into the communities there are, by the rule of the last run.

    Nobody else moves. Without communities nobody need wait: a first run looks at everybody.

    Raises:
        MissingExtraError: Without NumPy or SciPy.
    """
    _require_extra()
    as_of = _instant(as_of) or unit.now
    take_turns(unit.connection, "communities")
    last, inbox = last_run(unit, done=True), communities_inbox.c
    if last is None:
        unit.connection.execute(sa.delete(communities_inbox))
        return Placed(customers=0, belonging=0)
    unit.connection.execute(sa.update(communities_inbox).values(taken=1))
    taken = sa.select(inbox.customer_id).where(inbox.taken == 1).distinct()
    ids = sorted(unit.connection.scalars(taken))
    if not ids:
        return Placed(customers=0, belonging=0)
    from .standing import standing

    delete_where(unit.connection, communities_membership, "customer_id", ids)
    belonging = _write_memberships(unit, standing(unit, last), ids, as_of)
    refresh_segments(unit, as_of, taken)
    _empty_inbox(unit, as_of)
    return Placed(customers=len(ids), belonging=belonging)


def _empty_inbox(unit: Unit, as_of: datetime) -> None:
    """Strike off who was placed, but for those with facts still to come: nothing announces them."""
    inbox = communities_inbox.c
    ahead = sa.exists().where(
        interaction.c.customer_id == inbox.customer_id, interaction.c.at >= as_of
    )
    unit.connection.execute(sa.delete(communities_inbox).where(inbox.taken == 1, ~ahead))


def rename(unit: Unit, name: str, new_name: str) -> Community:
    """
    Give a community a name of one's own; runs keep it. Members move to the segment of that name.

    Raises:
        RecordNotFoundError: If no community is called *name*.
        CommunityNameError: If *new_name* cannot be the name of a segment.
        NameTakenError: If a community is or was called *new_name*.
    """
    take_turns(unit.connection, "communities")
    found = community(unit, name)
    if not _NAME.fullmatch(new_name):
        raise CommunityNameError(new_name)
    if new_name in names_taken(unit):
        raise NameTakenError(new_name)
    stored, former = communities_community.c, [*former_names(unit, found.id), found.name]
    values = {"name": new_name, "renamed": True, "former_names": former}
    update = sa.update(communities_community).where(stored.id == found.id)
    unit.connection.execute(update.values(values))
    drawn = communities_membership.c
    theirs = sa.select(drawn.customer_id).where(drawn.community_id == found.id)
    refresh_segments(unit, unit.now, theirs)
    return attrs.evolve(found, name=new_name, renamed=True)


def forget(unit: Unit, customer_ids: Sequence[int]) -> int:
    """Delete everything about these customers; returns rows."""
    tables = (communities_membership, communities_anchor, communities_inbox)
    return sum(delete_where(unit.connection, each, "customer_id", customer_ids) for each in tables)
