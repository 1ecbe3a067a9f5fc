"""``crmkit customer export`` and ``erase``: everything that is held about one person."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import rows
from .failure import REFUSED, Failure
from .invocation import customer_argument, dry_run_option, pass_crm, writing
from .output import emit, examples, say
from .text import json_escapes, plain
from .tomlfile import PRIVATE, write_whole

if TYPE_CHECKING:
    from crmkit import CRM, Interaction, Unit

PAGE = 1000


@click.command(
    epilog=examples(
        "crmkit customer export ana@example.com",
        "crmkit customer export shop:43 --output bo.json --dry-run",
        "crmkit customer export shop:43 --output bo.json",
    )
)
@customer_argument
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Must not exist."
)
@dry_run_option
@pass_crm
def export(crm: CRM, customer: str, output: Path | None, dry_run: bool) -> None:
    """Everything held about one customer, in core and every enabled plugin, as a JSON document."""
    import json

    if output is not None and output.exists():
        raise Failure(f"{output} exists; name another file", REFUSED)
    with crm.unit(write=False) as unit:
        held = _held(unit, customer)
    document = json_escapes(json.dumps(plain(held), ensure_ascii=False, indent=2)) + "\n"
    if output is None:
        sys.stdout.write(document)
    elif dry_run:
        say(f"Would write {len(document):,} characters to {output}. Dry run: nothing was written.")
    else:
        write_whole(output, document, mode=PRIVATE)
        say(f"Wrote {output}.")


@click.command(
    epilog=examples(
        "crmkit customer erase bo@example.com --dry-run", "crmkit customer erase shop:43 --yes"
    )
)
@customer_argument
@click.option("--yes", is_flag=True, help="Do not ask.")
@dry_run_option
@pass_crm
def erase(crm: CRM, customer: str, yes: bool, dry_run: bool) -> None:
    """
    Make one customer anonymous, in core and in every enabled plugin. Cannot be undone.

    Dates and sums stay, so that totals remain true. Backups still hold the person, and freed
    space on the disk does until `crmkit db compact`.
    """
    with crm.unit(write=False) as unit:
        found = unit.customers.find(customer)
    if not (yes or dry_run):
        _confirm(found.id, found.name)
    with writing(crm, dry_run) as unit:
        touched = unit.customers.erase([found.id])
    emit({"holder": holder, "rows": count} for holder, count in touched.items())
    if not dry_run:
        say(f"Customer {found.id} is erased; `crmkit db compact` also clears freed disk space.")


def is_terminal() -> bool:
    """Whether somebody is there to answer."""
    return sys.stdin.isatty()


def _confirm(customer_id: int, name: str) -> None:
    if not is_terminal():
        raise Failure("nothing was erased: confirm with --yes", REFUSED)
    typed = click.prompt(f"This erases {name!r}. Type the id {customer_id} to go on", err=True)
    if str(typed).strip() != str(customer_id):
        raise Failure("nothing was erased: that was not the id", REFUSED)


def _held(unit: Unit, reference: str) -> dict[str, object]:
    from crmkit import ask

    found = unit.customers.find(reference)
    return {
        "customer": rows.of_customer(found),
        "interactions": [rows.of_interaction(each) for each in _all_interactions(unit, found.id)],
        "offers": [rows.of_offer(each) for each in unit.offers.of(found.id, size=PAGE * PAGE)],
        "plugins": ask.export(unit, [found.id])[found.id],
    }


def _all_interactions(unit: Unit, customer_id: int) -> Iterator[Interaction]:
    last = None
    while page := unit.interactions.timeline(customer_id, before=last, size=PAGE):
        yield from page
        last = page[-1]
