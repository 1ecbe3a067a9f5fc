"""``crmkit customer``: finding, showing, adding and changing customers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from . import rows
from .invocation import customer_argument, dry_run_option, pass_crm, writing
from .output import emit, emit_one, examples, say
from .privacy import erase, export
from .values import IDENTITY, SETTING

if TYPE_CHECKING:
    from crmkit import CRM, ContactPoint, Customer, Identity

KINDS = ("person", "organisation", "household")
STATUSES = ("active", "archived", "merged", "erased")
LATEST = 5


@click.group(epilog=examples("crmkit customer find kowal", "crmkit customer show ana@example.com"))
def customer() -> None:
    """
    Find, show, add and change customers.

    A customer is named by id, e-mail address or namespace:external_id.
    """


@customer.command("list", epilog=examples("crmkit customer list", "crmkit customer list --after 1"))
@click.option("--after", type=int, default=0, metavar="ID", help="Continue after this id.")
@click.option(
    "--size",
    type=click.IntRange(1, 100_000),
    default=50,
    show_default=True,
    help="At most so many.",
)
@click.option(
    "--status", type=click.Choice(STATUSES), default="active", show_default=True, help="Only those."
)
@pass_crm
def list_(crm: CRM, after: int, size: int, status: str) -> None:
    """Customers by ascending id, a page at a time."""
    with crm.unit(write=False) as unit:
        found = unit.customers.page(after=after, size=size, status=status)
    emit(map(rows.of_customer, found), columns=rows.CUSTOMER)
    if len(found) == size:
        say(f"Next page: crmkit customer list --after {found[-1].id}")


@customer.command(
    epilog=examples("crmkit customer find kowal", "crmkit customer find 123 --size 5")
)
@click.argument("text")
@click.option(
    "--size", type=click.IntRange(1, 1000), default=20, show_default=True, help="At most so many."
)
@pass_crm
def find(crm: CRM, text: str, size: int) -> None:
    """Customers by name, part of a name, address or number."""
    with crm.unit(write=False) as unit:
        found = unit.customers.search(text, size=size)
    emit(map(rows.of_customer, found), columns=rows.CUSTOMER)


@customer.command(epilog=examples("crmkit customer show ana@example.com", "crmkit customer show 1"))
@customer_argument
@pass_crm
def show(crm: CRM, customer: str) -> None:
    """One customer on one screen, with what the enabled plugins have to say."""
    from crmkit import ask

    with crm.unit(write=False) as unit:
        found = unit.customers.find(customer)
        offers = unit.offers.open_of(found.id)
        latest = unit.interactions.timeline(found.id, size=LATEST)
        remarks = ask.describe(unit, [found])
    emit_one(
        {
            **rows.of_customer(found),
            "open_offers": [f"{each.id}: {each.what} ({each.status})" for each in offers],
            "latest": [
                f"{each.at:%Y-%m-%d} {each.kind} {each.amount or ''}".rstrip() for each in latest
            ],
            "remarks": [f"{plugin}: {remark.text}" for plugin, remark in remarks],
        }
    )


@customer.command(
    epilog=examples(
        "crmkit customer timeline ana@example.com", "crmkit customer timeline 1 --size 5"
    )
)
@customer_argument
@click.option(
    "--size",
    type=click.IntRange(1, 100_000),
    default=50,
    show_default=True,
    help="At most so many.",
)
@click.option("--before", type=int, metavar="ID", help="Continue before this interaction.")
@pass_crm
def timeline(crm: CRM, customer: str, size: int, before: int | None) -> None:
    """One customer's interactions, latest first."""
    with crm.unit(write=False) as unit:
        found = unit.customers.find(customer)
        last = None if before is None else unit.interactions.get(before)
        seen = unit.interactions.timeline(found.id, before=last, size=size)
    emit(map(rows.of_interaction, seen), columns=("id", "at", "kind", "channel", "amount", "text"))
    if len(seen) == size:
        say(f"Older ones: crmkit customer timeline {found.id} --before {seen[-1].id}")


def _details(command: Any) -> Any:
    """The options that `add` and `edit` have in common."""
    for option in reversed(
        (
            click.option("--kind", type=click.Choice(KINDS), help="Default person."),
            click.option("--email", "emails", multiple=True, metavar="ADDRESS", help="One more."),
            click.option("--phone", "phones", multiple=True, metavar="NUMBER", help="One more."),
            click.option(
                "--identity",
                "identities",
                multiple=True,
                type=IDENTITY,
                metavar="NAMESPACE:ID",
                help="What another system calls the customer; one more.",
            ),
            click.option("--locale", metavar="TAG", help="Such as en-GB."),
            click.option("--time-zone", metavar="NAME", help="Such as Europe/Warsaw."),
            click.option(
                "--set",
                "settings",
                multiple=True,
                type=SETTING,
                metavar="NAME=VALUE",
                help="A custom attribute.",
            ),
        )
    ):
        command = option(command)
    return command


@customer.command(
    epilog=examples(
        'crmkit customer add "Cleo Sato" --email cleo@example.com --dry-run',
        'crmkit customer add "Harbour Ltd" --kind organisation --identity shop:77',
    )
)
@click.argument("name")
@_details
@dry_run_option
@pass_crm
def add(
    crm: CRM,
    name: str,
    kind: str | None,
    emails: Sequence[str],
    phones: Sequence[str],
    identities: Sequence[Identity],
    locale: str | None,
    time_zone: str | None,
    settings: Sequence[tuple[str, object]],
    dry_run: bool,
) -> None:
    """Add one customer."""
    from crmkit import Customer

    record = Customer(
        name=name,
        kind=kind or "person",  # type: ignore[arg-type]
        contact_points=_points(emails, phones),
        identities=tuple(identities),
        locale=locale or "",
        time_zone=time_zone or "",
        attributes=dict(settings),
    )
    with writing(crm, dry_run) as unit:
        added = unit.customers.add(record)
    emit([rows.of_customer(added)], columns=rows.CUSTOMER)


@customer.command(
    epilog=examples(
        'crmkit customer edit ana@example.com --name "Ana Nowak" --dry-run',
        "crmkit customer edit shop:43 --email bo@work.example.com --locale sv-SE",
    )
)
@customer_argument
@click.option("--name", help="As shown to people.")
@_details
@click.option(
    "--remove-contact", "removed", multiple=True, metavar="VALUE", help="Address or number."
)
@click.option("--status", type=click.Choice(("active", "archived")), help="Archived: out of sight.")
@click.option("--if-version", type=int, metavar="N", help="Refuse when it changed since version N.")
@dry_run_option
@pass_crm
def edit(
    crm: CRM,
    customer: str,
    *,
    removed: Sequence[str],
    if_version: int | None,
    dry_run: bool,
    **changes: Any,
) -> None:
    """Change one customer; what is not named stays."""
    import attrs

    with writing(crm, dry_run) as unit:
        before = unit.customers.find(customer)
        changed = _changed(before, removed, **changes)
        if if_version is not None:
            changed = attrs.evolve(changed, version=if_version)
        after = unit.customers.save(changed) if changed != before else before
    emit([rows.of_customer(after)], columns=(*rows.CUSTOMER, "version"))


def _changed(
    before: Customer,
    removed: Sequence[str],
    *,
    emails: Sequence[str],
    phones: Sequence[str],
    identities: Sequence[Identity],
    settings: Sequence[tuple[str, object]],
    **fields: str | None,
) -> Customer:
    import attrs

    points = [*before.contact_points, *_points(emails, phones)]
    return attrs.evolve(
        before,
        contact_points=_without(points, removed),
        identities=tuple(dict.fromkeys((*before.identities, *identities))),
        attributes={**before.attributes, **dict(settings)},
        **{name: value for name, value in fields.items() if value is not None},  # type: ignore[arg-type]
    )


def _points(emails: Sequence[str], phones: Sequence[str]) -> tuple[ContactPoint, ...]:
    from crmkit import ContactPoint

    return (
        *(ContactPoint("email", each) for each in emails),
        *(ContactPoint("phone", each) for each in phones),
    )


def _without(points: Sequence[ContactPoint], removed: Sequence[str]) -> tuple[ContactPoint, ...]:
    from crmkit import RecordNotFoundError

    for value in removed:
        if not any(point.value == value for point in points):
            raise RecordNotFoundError("contact point", value)
    return tuple(point for point in points if point.value not in removed)


customer.add_command(export)
customer.add_command(erase)
