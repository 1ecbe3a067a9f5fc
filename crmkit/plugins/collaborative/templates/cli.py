"""``crmkit template``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import click

from crmkit import CRM
from crmkit.cli import (
    dry_run_option,
    emit,
    emit_one,
    examples,
    pass_crm,
    say,
    writing,
)

from . import actions, queries
from .linting import lint as lint_
from .model import PARTS, Problem, Rendered, Template
from .rendering import render as render_
from .rendering import render_many

SOME_FAILED = 4
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
KINDS = {".html": "html", ".htm": "html", ".mjml": "mjml", ".txt": "text"}
_LISTED = ("name", "language", "version", "subject", "parts", "saved_at", "saved_by")
_PURPOSE = click.option("--purpose", default="", help="What the message is for.")


@click.group(epilog=examples("crmkit template list", "crmkit template lint welcome"))
def template() -> None:
    """Templates of messages: in languages and versions, checked before anybody gets them."""


@template.command("list", epilog=examples("crmkit template list"))
@pass_crm
def list_(crm: CRM) -> None:
    """List the newest version of each template in each language."""
    with crm.unit(write=False) as unit:
        found = queries.templates(unit)
    emit([_row(each) for each in found], columns=_LISTED)


@template.command(epilog=examples("crmkit template history welcome"))
@click.argument("name")
@pass_crm
def history(crm: CRM, name: str) -> None:
    """List every version of a template, latest first."""
    with crm.unit(write=False) as unit:
        found = queries.history(unit, name)
    emit([_row(each) for each in found], columns=_LISTED)


@template.command(
    epilog=examples("crmkit template show welcome", "crmkit template show welcome --language de")
)
@click.argument("name")
@click.option(
    "--language", default="", help="Of this variant; the one without a language if absent."
)
@click.option("--version", default=0, help="The newest if absent.")
@pass_crm
def show(crm: CRM, name: str, language: str, version: int) -> None:
    """Show a template as it was written."""
    with crm.unit(write=False) as unit:
        found = queries.template(unit, name, language=language, version=version)
    source = {"mjml": found.mjml} if found.mjml else {"html": found.html}
    emit_one(_row(found) | {"text": found.text} | source)


@template.command(
    epilog=examples(
        "crmkit template save welcome --file welcome.html --dry-run",
        "crmkit template save welcome --file welcome.txt --subject Hallo --language de --dry-run",
    )
)
@click.argument("name")
@click.option(
    "--file",
    "files",
    type=FILE,
    multiple=True,
    required=True,
    help=".txt, .html or .mjml; each once.",
)
@click.option("--subject", default="", help="Else the title of the HTML or MJML.")
@click.option("--language", default="", help="A tag such as de or de-AT; absent for all others.")
@dry_run_option
@pass_crm
def save(
    crm: CRM, name: str, files: tuple[Path, ...], subject: str, language: str, dry_run: bool
) -> None:
    """Store a template from files, as a new version if there is one."""
    parts = _parts(files)
    with writing(crm, dry_run) as unit:
        given = Template(name=name, language=language, subject=subject, **parts)
        saved = actions.save(unit, given)
    say(f"Version {saved.version} of the template {saved}.")
    emit_one(_row(saved))


def _parts(files: tuple[Path, ...]) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    for file in files:
        kind = KINDS.get(file.suffix.lower())
        if kind is None or kind in parts:
            raise click.UsageError(f"--file {file}: give one .txt, and one .html or .mjml")
        try:
            parts[kind] = file.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as exc:
            raise click.UsageError(f"--file {file} is not UTF-8: {exc}") from exc
    if parts.keys() >= {"html", "mjml"}:
        raise click.UsageError("--file: give .html or .mjml, not both: MJML becomes HTML")
    return parts


@template.command(
    epilog=examples(
        "crmkit template preview welcome --customer ana@example.com",
        "crmkit template preview welcome --customer ana@example.com --part html",
    )
)
@click.argument("name")
@click.option("--customer", required=True, help="Whose message: an id, an address or ns:id.")
@click.option("--part", type=click.Choice(PARTS), help="Write out nothing but this part.")
@click.option("--set", "values", multiple=True, metavar="NAME=VALUE", help="{{ message.NAME }}.")
@_PURPOSE
@pass_crm
def preview(
    crm: CRM, name: str, customer: str, part: Any, values: tuple[str, ...], purpose: str
) -> None:
    """Show the message that CUSTOMER would get."""
    extra = dict(_pair(each) for each in values)
    with crm.unit(write=False) as unit:
        who = unit.customers.find(customer).id
        made = render_(unit, name, who, extra=extra, purpose=purpose)
    if part:
        click.echo(getattr(made, part), nl=False)
    else:
        emit_one(_made(made))


def _pair(given: str) -> tuple[str, str]:
    name, mark, value = given.partition("=")
    if not mark:
        raise click.UsageError(f"--set {given}: write it NAME=VALUE")
    return name.strip(), value


@template.command(epilog=examples("crmkit --format jsonl template render welcome --customer 1"))
@click.argument("name")
@click.option("--customer", "customers", multiple=True, required=True, help="Any number of them.")
@_PURPOSE
@pass_crm
def render(crm: CRM, name: str, customers: tuple[str, ...], purpose: str) -> None:
    """Write out the messages to several customers; sends nothing."""
    with crm.unit(write=False) as unit:
        ids = [unit.customers.find(each).id for each in customers]
        made = render_many(unit, name, ids, purpose=purpose)
    emit(_made(each) for each in made)
    if failed := [each for each in made if each.problem]:
        say(f"{len(failed):,} of {len(made):,} could not be rendered.")
        click.get_current_context().exit(SOME_FAILED)


@template.command(epilog=examples("crmkit template lint welcome --customer ana@example.com"))
@click.argument("name")
@click.option("--customer", help="Whom to try it on; the first customer if absent.")
@click.option("--marketing", is_flag=True, help="It must have a link that ends it.")
@pass_crm
def lint(crm: CRM, name: str, customer: str | None, marketing: bool) -> None:
    """Say what is wrong with a template; exit code 4 if there are errors."""
    with crm.unit(write=False) as unit:
        who = unit.customers.find(customer).id if customer else None
        found = lint_(unit, name, customer_id=who, marketing=marketing)
    if not found:
        say("Nothing is wrong with it.")
    emit(
        [attrs.asdict(each) for each in found],
        columns=("level", "language", "part", "line", "text"),
    )
    if _errors(found):
        click.get_current_context().exit(SOME_FAILED)


def _errors(problems: list[Problem]) -> bool:
    return any(each.level == "error" for each in problems)


def _row(found: Template) -> dict[str, object]:
    parts = [part for part in PARTS if found.part(part).strip()]
    return {
        "name": found.name,
        "language": found.language,
        "version": found.version,
        "subject": found.subject,
        "parts": [*parts, "mjml"] if found.mjml else parts,
        "takes_in": sorted({name for some in found.taken.values() for name in some}),
        "saved_at": found.saved_at and found.saved_at.isoformat(),
        "saved_by": found.saved_by,
    }


def _made(made: Rendered) -> dict[str, object]:
    told = attrs.asdict(made)
    del told["is_missing"]
    return told
