"""Planning and running an import. The same work: a plan is rolled back, a run is kept by chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeAlias

import attrs
import sqlalchemy as sa

from crmkit import CRM, Unit
from crmkit.sql import insert_many

from .chunks import Chunk
from .customers import CustomerRows
from .errors import FileRefusedError, ImportBusyError
from .interactions import InteractionRows, scattered_rows
from .layout import Layout, lay_out
from .mapping import ImportMapping
from .model import BUCKETS, Report, Row
from .queries import Marker, marker_of, was_finished
from .rejects import RejectsFile, rejects_path
from .sheet import Sheet, read_sheet, rows_of
from .source import Source
from .storing import InteractionStore, Outcome, settle, store_customers
from .tables import exchange_import
from .tally import COUNTED, Reject, Tally

Progress: TypeAlias = Callable[[int, int], None]
"""Called with the rows just done and with about how many there are in all."""
ROWS_PER_UNIT: Final = 5_000


@attrs.frozen(kw_only=True)
class _Job:
    """One file opened for one import."""

    crm: CRM
    mapping: ImportMapping
    source: Source
    sheet: Sheet
    layout: Layout
    rejects: RejectsFile
    size: int
    progress: Progress

    def rows(self) -> Iterator[Row]:
        return rows_of(self.source, self.sheet)

    def chunks(self, done: int) -> Iterator[Chunk[Any]]:
        """What is left to do after *done* rows."""
        found: Iterator[Chunk[Any]]
        if self.mapping.kind == "customers":
            drafts = CustomerRows(self.layout, self.crm.attributes)
            found = drafts.chunks(self.rows(), size=self.size, done=done)
        else:
            scattered = scattered_rows(self.layout, self.rows) if self.mapping.group_by else {}
            parts = InteractionRows(self.layout, scattered)
            found = parts.chunks(self.rows(), size=self.size, done=done)
        return (chunk for chunk in found if chunk.end > done)

    def apply(self, unit: Unit, chunk: Chunk[Any]) -> tuple[Tally, list[Reject]]:
        """Store one chunk."""
        outcomes: Sequence[Outcome]
        if self.mapping.kind == "customers":
            outcomes, made = store_customers(unit, chunk.drafts)
        else:
            outcomes, made = InteractionStore(self.layout, unit).store(chunk.drafts)
        tally, rejects = settle(chunk, outcomes)
        return tally.plus(made), rejects

    def step(self, chunk: Chunk[Any], before: int) -> None:
        self.progress(chunk.end - before, max(self.source.breaks, chunk.end))

    def report(self, marker: Marker, **more: Any) -> Report:
        tally = marker.tally
        counts: dict[str, Any] = {name: tally.counts[name] for name in COUNTED}
        told = {"rejects": self.rejects.path if counts["rejected"] else None} | more
        used = set(self.mapping.columns)
        return Report(
            path=self.source.path,
            kind=self.mapping.kind,
            rows=tally.rows,
            **counts,
            reasons=tally.reasons(),
            format=str(self.sheet),
            unused=tuple(name for name in self.sheet.columns if name and name not in used),
            warnings=_warnings(self.sheet),
            **told,
        )


def plan(
    crm: CRM,
    path: str | Path,
    mapping: ImportMapping,
    *,
    rejects: Path | None = None,
    progress: Progress | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    rows_per_unit: int = ROWS_PER_UNIT,
) -> Report:
    """
    What :func:`run` would report. Everything is done, in one transaction, and rolled back.

    Raises:
        FileRefusedError, MappingError: As :func:`run`.
    """
    mapping = _within(mapping, since, until)
    with _opened(crm, path, mapping, rejects, progress, rows_per_unit) as job:
        found: list[Report] = []
        with suppress(_PlanEnds), crm.unit() as unit:
            found.append(_planned(job, unit))
            raise _PlanEnds
        return found[0]


def run(
    crm: CRM,
    path: str | Path,
    mapping: ImportMapping,
    *,
    rejects: Path | None = None,
    progress: Progress | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    rows_per_unit: int = ROWS_PER_UNIT,
) -> Report:
    """
    Import a file, some thousand rows in a unit.

    Interrupted at any moment, the units before it stay; run again, it goes on after them. A file
    that was imported with the same mapping before, and of which nothing was rejected, is left
    alone. In a file that changed, the rows that are known are unchanged.

    Args:
        rejects: The file for rejected rows; else ``NAME.rejects.csv`` beside *path*.
        since, until: Half-open window on the instant of an interaction, over the mapping's own.

    Raises:
        FileRefusedError: If the file cannot be read as a table.
        MappingError: If the mapping does not fit the file.
        FileChangedError: If the file is changed meanwhile.
        ImportBusyError: If another process is importing the same file.
    """
    mapping = _within(mapping, since, until)
    with _opened(crm, path, mapping, rejects, progress, rows_per_unit) as job:
        marker = crm.run(lambda unit: _begun(job, unit))
        if marker.state == "finished":
            return _already(job, marker)
        resumed = marker.next_row
        for chunk in job.chunks(resumed):
            before, marker = marker, _stored(job, marker, chunk)
            job.step(chunk, before.next_row)
        return _finished(job, marker, resumed)


class _PlanEnds(Exception):
    """Leaves the unit of a plan so that it is rolled back."""


@contextmanager
def _opened(
    crm: CRM,
    path: str | Path,
    mapping: ImportMapping,
    rejects: Path | None,
    progress: Progress | None,
    size: int,
) -> Iterator[_Job]:
    with Source(Path(path), mapping.encoding) as source:
        sheet = read_sheet(
            source,
            wanted=mapping.columns,
            delimiter=mapping.delimiter,
            multiline=mapping.multiline,
        )
        target = rejects_path(source.path, rejects, sheet.format)
        yield _Job(
            crm=crm,
            mapping=mapping,
            source=source,
            sheet=sheet,
            layout=lay_out(mapping, sheet),
            rejects=RejectsFile(target, sheet),
            size=size,
            progress=progress or _silent,
        )


def _silent(done: int, total: int) -> None:
    return None


def _within(
    mapping: ImportMapping, since: datetime | None, until: datetime | None
) -> ImportMapping:
    if mapping.kind == "customers" and (since or until):
        raise FileRefusedError("since and until are about interactions; customers have no instant")
    return attrs.evolve(mapping, since=since or mapping.since, until=until or mapping.until)


def _planned(job: _Job, unit: Unit) -> Report:
    marker = _start(job, unit)
    if marker.state == "finished":
        return attrs.evolve(_already(job, marker), planned=True)
    resumed = marker.next_row
    for chunk in job.chunks(resumed):
        tally, _ = job.apply(unit, chunk)
        unit.changes.clear()
        job.step(chunk, marker.next_row)
        marker = attrs.evolve(marker, next_row=chunk.end, tally=marker.tally.plus(tally))
    return job.report(marker, planned=True, resumed=resumed)


def _start(job: _Job, unit: Unit) -> Marker:
    """Where to go on, or that nothing is left to do. Writes nothing."""
    found = marker_of(unit, job.source.digest, job.mapping.digest)
    if found is not None and found.state == "finished" and not found.tally.counts["rejected"]:
        return found
    if found is not None and found.state == "running":
        if job.rejects.holds(found.rejects_bytes):
            return found
        return attrs.evolve(found, next_row=0, tally=Tally(), rejects_bytes=0)
    return Marker(
        id=0, state="new", next_row=0, noted=0, tally=Tally(), rejects_bytes=0, finished_at=None
    )


def _begun(job: _Job, unit: Unit) -> Marker:
    """As :func:`_start`, with a row to note the progress in."""
    marker = _start(job, unit)
    if marker.state != "new":
        return marker
    table = exchange_import
    marker = attrs.evolve(marker, id=unit.new_ids(table, 1)[0], state="running")
    row: dict[str, object] = {
        "id": marker.id,
        "path": str(job.source.path),
        "file_digest": job.source.digest,
        "mapping_digest": job.mapping.digest,
        "kind": job.mapping.kind,
        "state": "running",
        "next_row": 0,
        **dict.fromkeys(COUNTED, 0),
        "reasons": [],
        "rejects_bytes": 0,
        "started_at": unit.now,
        "actor": unit.actor,
    }
    try:
        insert_many(unit.connection, table, [tuple(row.values())], list(row))
    except unit.integrity_error as exc:
        raise _busy(job) from exc
    return marker


def _stored(job: _Job, marker: Marker, chunk: Chunk[Any]) -> Marker:
    """One chunk with its progress, in one unit. The rejects are on disk before it commits."""

    def work(unit: Unit) -> Marker:
        _claim(job, unit, marker)
        tally, rejects = job.apply(unit, chunk)
        both = marker.tally.plus(tally)
        size = job.rejects.append(rejects, marker.rejects_bytes)
        job.source.refuse_changed()
        after = attrs.evolve(
            marker, next_row=chunk.end, noted=chunk.end, tally=both, rejects_bytes=size
        )
        _note(unit, after)
        return after

    return job.crm.run(work)


def _claim(job: _Job, unit: Unit, marker: Marker) -> None:
    """
    Take the lock of the import's row, and see that nobody else went on with it.

    Raises:
        ImportBusyError: If somebody did.
    """
    table = exchange_import
    statement = (
        sa.update(table)
        .where(table.c.id == marker.id, table.c.state == "running")
        .values(state="running")
        .returning(table.c.next_row)
    )
    there = unit.connection.execute(statement).scalar()
    if there != marker.noted:
        raise _busy(job)


def _note(unit: Unit, marker: Marker, **more: object) -> None:
    table = exchange_import
    counts = {name: marker.tally.counts[name] for name in COUNTED}
    statement = (
        sa.update(table)
        .where(table.c.id == marker.id)
        .values(
            next_row=marker.next_row,
            reasons=marker.tally.to_json(),
            rejects_bytes=marker.rejects_bytes,
            **counts,
            **more,
        )
    )
    unit.connection.execute(statement)


def _busy(job: _Job) -> ImportBusyError:
    return ImportBusyError(
        f"{job.source.path}: another process is importing this file; wait for it to end"
    )


def _finished(job: _Job, marker: Marker, resumed: int) -> Report:
    target = job.rejects.finish(marker.rejects_bytes)

    def work(unit: Unit) -> None:
        _claim(job, unit, marker)
        if _is_repetition(job, unit, marker):
            table = exchange_import
            unit.connection.execute(sa.delete(table).where(table.c.id == marker.id))
        else:
            _note(unit, marker, state="finished", finished_at=unit.now)

    job.crm.run(work)
    return job.report(marker, rejects=target, resumed=resumed)


def _already(job: _Job, marker: Marker) -> Report:
    """Nothing was done: what was created then is unchanged now."""
    tally = Tally.of(marker.tally.counts, marker.tally.to_json())
    counts = tally.counts
    counts["unchanged"] += counts["created"] + counts["updated"]
    for name in COUNTED:
        if name not in BUCKETS or name in ("created", "updated"):
            counts[name] = 0
    return job.report(attrs.evolve(marker, tally=tally), already=marker.finished_at)


def _warnings(sheet: Sheet) -> tuple[str, ...]:
    """Texts that were decoded wrongly before they got here are taken as they are, but told."""
    for row in sheet.sample:
        if any("Ã" in cell and _is_twice_encoded(cell) for cell in row.cells):
            return (f"line {row.line} looks as if its encoding was mistaken once already",)
    return ()


def _is_twice_encoded(text: str) -> bool:
    with suppress(UnicodeError):
        return text.encode("cp1252").decode("utf-8") != text
    return False


def _is_repetition(job: _Job, unit: Unit, marker: Marker) -> bool:
    """Nothing came of reading rejected rows again: the history says it already."""
    came = sum(marker.tally.counts[name] for name in ("created", "updated", "customers"))
    return not came and was_finished(unit, job.source.digest, job.mapping.digest)
