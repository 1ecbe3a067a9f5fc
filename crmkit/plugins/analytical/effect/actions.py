"""Keeping what was measured."""

from __future__ import annotations

from datetime import datetime

import attrs

from crmkit import DatabaseBusyError, Unit
from crmkit.sql import insert_many

from .config import Settings
from .measuring import measure
from .model import Design, Measurement
from .queries import closed_runs
from .tables import effect_measurement


def keep_closed(unit: Unit, *, until: datetime | None = None) -> list[Measurement]:
    """
    Measure and store, once for all, the runs whose windows have all ended before *until*.

    Kept are revenue and the share of buyers, and profit where the settings have a margin.

    Raises:
        DatabaseBusyError: If somebody else is keeping the same run.
    """
    metrics = ["revenue", "buyers"]
    if unit.settings(Settings).margin_share is not None:
        metrics.append("profit")
    until = until or unit.now
    found = [
        measure(unit, run, Design(metric=metric), until=until)[0]
        for run in closed_runs(unit, until)
        for metric in metrics
    ]
    ids = unit.new_ids(effect_measurement, len(found))
    kept = [attrs.evolve(each, id=new) for each, new in zip(found, ids, strict=True)]
    columns = [field.name for field in attrs.fields(Measurement)]
    try:
        insert_many(unit.connection, effect_measurement, map(_row, kept), columns)
    except unit.integrity_error as exc:
        raise DatabaseBusyError("effects are being measured elsewhere; try again") from exc
    return kept


def _row(measured: Measurement) -> tuple[object, ...]:
    fields = attrs.asdict(measured)
    fields["flags"] = list(measured.flags)
    return tuple(fields.values())
