"""Putting intents into the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from crmkit import InvalidValueError, Unit
from crmkit.sql import insert_many

from .. import drafts, queries
from ..model import Intended, Intent
from ..tables import intent


def intend_many(unit: Unit, intents: Iterable[Intent]) -> Intended:
    """
    Put intents into the ledger, in the caller's unit.

    One that has the run, step and address of another, in whatever spelling, is left out: the
    first stands.

    Raises:
        InvalidValueError: If no enabled plugin has the channel.
        RecordNotFoundError: If a customer or an offer does not exist.
    """
    given = list(intents)
    keys = [drafts.key(unit, each) for each in given]
    first = dict(zip(reversed(keys), reversed(given), strict=True))
    known = queries.ids_of_keys(unit, first) if first else {}
    fresh = {key: first[key] for key in dict.fromkeys(keys) if key not in known}
    added = _insert(unit, fresh) if fresh else {}
    if added is None:  # somebody else committed one of them just now
        known = queries.ids_of_keys(unit, first)
        fresh = {key: each for key, each in fresh.items() if key not in known}
        added = _insert(unit, fresh) if fresh else {}
        if added is None:
            raise InvalidValueError("intents", "a batch", "keys nobody else is writing now")
    known |= added
    return Intended([known[key] for key in keys], len(added))


def _insert(unit: Unit, fresh: Mapping[str, Intent]) -> dict[str, int] | None:
    """The new ids by key; None, with nothing written, if a key is taken."""
    drafts.refuse_dangling(unit, fresh.values())
    try:
        with unit.connection.begin_nested():
            ids = unit.new_ids(intent, len(fresh))
            rows = [
                drafts.row(new_id, key, each, unit.now)
                for new_id, (key, each) in zip(ids, fresh.items(), strict=True)
            ]
            insert_many(unit.connection, intent, rows, drafts.COLUMNS)
    except unit.integrity_error:
        return None
    return dict(zip(fresh, ids, strict=True))
