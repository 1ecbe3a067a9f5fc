"""``crmkit email``."""

from __future__ import annotations

import time
from pathlib import Path

import attrs
import click

from crmkit import CRM, RefusedError
from crmkit.cli import dry_run_option, emit, emit_one, examples, pass_crm, say, writing

from . import actions, fetching, queries
from .config import Settings
from .fetching import Fetched


@click.group(epilog=examples("crmkit email fetch --dry-run", "crmkit email quarantine"))
def email() -> None:
    """Mail that comes in: bounces, complaints, answers, and what is kept aside."""


@email.command(epilog=examples("crmkit email fetch --dry-run"))
@click.option("--watch", type=click.IntRange(1), metavar="SECONDS", help="Go on, so often.")
@dry_run_option
@pass_crm
def fetch(crm: CRM, watch: int | None, dry_run: bool) -> None:
    """Read the mailboxes of the settings, each mail once."""
    if not crm.settings(Settings).mailboxes:
        raise RefusedError("no mailbox is set; describe one under [[email.mailboxes]]")
    while True:
        done = fetching.fetch(crm, dry_run=dry_run)
        emit([attrs.asdict(each) for each in done], columns=[*attrs.fields_dict(Fetched)])
        if watch is None:
            break
        time.sleep(watch)
    if any(each.problem for each in done):
        raise click.exceptions.Exit(75)


@email.command(epilog=examples("crmkit email attachments 1"))
@click.argument("interaction", type=int)
@pass_crm
def attachments(crm: CRM, interaction: int) -> None:
    """List what INTERACTION brought along."""
    with crm.unit(write=False) as unit:
        found = queries.attachments_of(unit, interaction)
    columns = ("id", "name", "media_type", "size_bytes", "sha256")
    emit([attrs.asdict(each) for each in found], columns=columns)


@email.command(epilog=examples("crmkit email save 1 letter.pdf --dry-run"))
@click.argument("attachment", type=int)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@dry_run_option
@pass_crm
def save(crm: CRM, attachment: int, file: Path, dry_run: bool) -> None:
    """Write ATTACHMENT to FILE, a name of your own choice, which must not exist."""
    with crm.unit(write=False) as unit:
        stored, content = queries.content_of(unit, attachment)
    if file.exists():
        raise RefusedError(f"{file} exists; choose another name")
    if not dry_run:
        file.write_bytes(content)
    say(f"{stored.name!r}, {stored.media_type}, {len(content):,} bytes: {file}")


@email.command(epilog=examples("crmkit email quarantine"))
@pass_crm
def quarantine(crm: CRM) -> None:
    """List mails that could not be read or believed, and why."""
    with crm.unit(write=False) as unit:
        found = queries.quarantined(unit)
    emit([attrs.asdict(each) for each in found])


@email.command(epilog=examples("crmkit email retry 1 --dry-run"))
@click.argument("number", type=int)
@dry_run_option
@pass_crm
def retry(crm: CRM, number: int, dry_run: bool) -> None:
    """Take quarantined mail NUMBER in after all, if it can be read by now."""
    with writing(crm, dry_run) as unit:
        heard = fetching.retry(unit, number)
    emit_one(attrs.asdict(heard))


@email.command(epilog=examples("crmkit email drop 1 --dry-run"))
@click.argument("number", type=int)
@dry_run_option
@pass_crm
def drop(crm: CRM, number: int, dry_run: bool) -> None:
    """Throw quarantined mail NUMBER away."""
    with writing(crm, dry_run) as unit:
        actions.drop_quarantined(unit, number)
    say(f"Mail {number} is thrown away.")
