"""What was measured before, and which runs wait for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crmkit import Unit
from crmkit.plugins.foundation.decisions import decision_table
from crmkit.sql import id_list, one_of

from .model import Difference, Measurement
from .tables import effect_measurement

_M = effect_measurement.c
_D = decision_table.c
_IN_AN_ARM = _D.arm.in_(("treatment", "control"))


def measurements(unit: Unit, ids: Iterable[int] | None = None) -> list[Measurement]:
    """What was measured when runs had closed, oldest first; only *ids* if given."""
    query = sa.select(effect_measurement).order_by(_M.id)
    wanted: dict[str, Any] = {}
    if ids is not None:
        query, wanted = query.where(one_of(_M.id)), {"ids": id_list(unit.connection, ids)}
    return [_measurement(row) for row in unit.connection.execute(query, wanted).mappings()]


def closed_runs(unit: Unit, until: datetime) -> list[str]:
    """Runs with customers in an arm, whose windows have all ended and that nobody measured yet."""
    query = (
        sa.select(_D.run)
        .where(
            _IN_AN_ARM,
            _D.run.not_in(sa.select(_M.run)),
        )
        .group_by(_D.run)
        .having(sa.func.max(_D.window_until) <= until)
        .order_by(sa.func.max(_D.window_until), _D.run)
    )
    return list(unit.connection.scalars(query))


def some_decisions(unit: Unit, run: str, most: int = 3) -> list[int]:
    """The first decisions of *run* that put a customer into an arm."""
    query = sa.select(_D.id).where(_D.run == run, _IN_AN_ARM).order_by(_D.id).limit(most)
    return list(unit.connection.scalars(query))


def _measurement(row: Mapping[Any, Any]) -> Measurement:
    fields = dict(row)
    stored = fields.pop("difference")
    difference = Difference(**stored) if stored else None
    return Measurement(**{**fields, "flags": tuple(fields["flags"]), "difference": difference})
