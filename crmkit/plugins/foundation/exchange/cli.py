"""``crmkit import``."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from crmkit.cli import dry_run_option, emit, emit_one, examples, pass_crm, progress, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from crmkit import CRM

    from .mapping import ImportMapping
    from .model import Report

REJECTED = 4
_BUCKETS = ("created", "updated", "unchanged", "skipped", "outside", "rejected")
_HISTORY = ("id", "path", "kind", "state", "rows", *_BUCKETS, "started_at", "finished_at", "actor")


@click.command(
    name="import",
    epilog=examples(
        "crmkit import purchases.csv --mapping mapping.toml --dry-run",
        "crmkit import purchases.csv --mapping mapping.toml",
        "crmkit import purchases.csv --mapping mapping.toml --until 2026-01-01",
        "crmkit import --history",
    ),
)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--mapping", type=click.Path(path_type=Path), help="Which column is which field.")
@dry_run_option
@click.option(
    "--rejects", type=click.Path(path_type=Path), help="Where rejected rows go, with the reason."
)
@click.option("--encoding", help="Such as cp1252; default UTF-8, or what the file's mark says.")
@click.option("--delimiter", help="One character, or tab; default is found out.")
@click.option("--since", metavar="TIME", help="Only interactions from this time on.")
@click.option("--until", metavar="TIME", help="Only interactions before this time.")
@click.option("--history", is_flag=True, help="List past imports instead.")
@pass_crm
def import_(
    crm: CRM,
    file: Path | None,
    mapping: Path | None,
    dry_run: bool,
    rejects: Path | None,
    encoding: str | None,
    delimiter: str | None,
    since: str | None,
    until: str | None,
    history: bool,
) -> None:
    """
    Import customers or interactions from FILE: CSV, TSV or JSONL, also as .gz.

    Says for every row whether it was created, updated, unchanged, skipped, outside the window or
    rejected; rejected rows go to a file of their own, with the reason, and the exit code is 4.
    Interrupted, the same command goes on; repeated, it changes nothing.

    docs/how-to/import.md describes the mapping, a TOML file; examples ship with crmkit, in
    crmkit/plugins/foundation/exchange/examples.
    """
    if history:
        _show_history(crm)
        return
    if file is None or mapping is None:
        raise click.UsageError("name a FILE and its --mapping, or ask for --history")
    from .reading import read_mapping

    read = _changed(read_mapping(mapping), encoding, delimiter)
    window = {"since": _instant(read, "--since", since), "until": _instant(read, "--until", until)}
    report = _imported(crm, file, read, dry_run, {"rejects": rejects, **window})
    _tell(report)
    if report.rejected:
        click.get_current_context().exit(REJECTED)


def _imported(
    crm: CRM, file: Path, mapping: ImportMapping, dry_run: bool, options: dict[str, Any]
) -> Report:
    from .actions import plan, run

    with ExitStack() as stack:
        steps: list[Callable[[int], None]] = []

        def step(done: int, total: int) -> None:
            if not steps:
                label = "Planning" if dry_run else "Importing"
                steps.append(stack.enter_context(progress(total, label)))
            steps[0](done)

        try:
            return (plan if dry_run else run)(crm, file, mapping, progress=step, **options)
        except KeyboardInterrupt:
            if not dry_run:
                say("What was imported so far stays; the same command goes on from there.")
            raise


def _changed(mapping: ImportMapping, encoding: str | None, delimiter: str | None) -> ImportMapping:
    import attrs

    changes: dict[str, str] = {}
    if encoding:
        changes["encoding"] = encoding
    if delimiter:
        changes["delimiter"] = "\t" if delimiter in ("tab", "\\t") else delimiter
        if len(changes["delimiter"]) != 1:
            raise click.BadParameter(
                f"{delimiter!r} is not one character", param_hint="--delimiter"
            )
    return attrs.evolve(mapping, **changes)  # type: ignore[arg-type]


def _instant(mapping: ImportMapping, option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        told = f"{text!r} is not a time such as 2026-04-03 or 2026-04-03T14:05+02:00"
        raise click.BadParameter(told, param_hint=option) from None
    zone = ZoneInfo(mapping.time_zone) if mapping.time_zone else UTC
    return at if at.tzinfo else at.replace(tzinfo=zone)


def _tell(report: Report) -> None:
    counts = {name: getattr(report, name) for name in _BUCKETS}
    more: dict[str, object] = {"customers_created": report.customers}
    if report.kind == "interactions":
        more["interactions_created"] = report.interactions
    if report.rejects is not None:
        more["rejects"] = str(report.rejects)
    emit_one(
        {"file": str(report.path), "format": report.format, "rows": report.rows} | counts | more
    )
    for reason in report.reasons:
        example = f", e.g. line {reason.line}" + (f": {reason.example}" if reason.example else "")
        say(f"  {reason.count:,} {reason.bucket}: {reason.text}{example}")
    if report.unused:
        say(f"Columns that are not used: {', '.join(report.unused)}")
    for warning in report.warnings:
        say(f"Note: {warning}")
    say(_last_line(report))


def _last_line(report: Report) -> str:
    if report.already is not None:
        return f"This file was imported on {report.already:%Y-%m-%d %H:%M} UTC; nothing was done."
    if report.planned:
        return "Dry run: nothing was written." + (
            f" The rejected rows would go to {report.rejects}." if report.rejects else ""
        )
    if report.resumed:
        return f"Went on after row {report.resumed:,}, where an earlier run was interrupted."
    return "Done."


def _show_history(crm: CRM) -> None:
    import attrs

    from .queries import history

    with crm.unit(write=False) as unit:
        emit((attrs.asdict(each) for each in history(unit)), columns=_HISTORY)
