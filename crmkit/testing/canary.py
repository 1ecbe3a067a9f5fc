"""Marked customers, to see what a plugin exports and what its erasure leaves behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa

from crmkit import ContactPoint, Customer, Identity, Unit, ask

from .revisions import tables_made
from .subject import Subject
from .tables import customer_tables

MARK: Final = "quillby"
OTHER_MARK: Final = "osprey"
PHONES: Final = {MARK: "+44 1632 960 417", OTHER_MARK: "+44 1632 960 823"}


def marked(mark: str) -> Customer:
    """A customer whose every text holds *mark*."""
    return Customer(
        name=f"{mark.title()} Canary",
        contact_points=(
            ContactPoint("email", f"{mark}@example.com"),
            ContactPoint("phone", PHONES[mark]),
        ),
        identities=(Identity("suite", mark),),
        locale="en-GB",
        time_zone="Europe/London",
    )


def shows(value: object, mark: str) -> bool:
    """Whether *value* holds *mark*, or the digits of its telephone number, anywhere."""
    text = value if isinstance(value, str) else repr(value)
    if mark in text.casefold():
        return True
    if isinstance(value, int | float):
        return False
    digits = "".join(filter(str.isdigit, text))
    return "".join(filter(str.isdigit, PHONES[mark])) in digits


Rows = dict[str, list[dict[str, object]]]


def rows_of(unit: Unit, subject: Subject) -> Rows:
    """Every row of every table of the plugin, as the driver returns it."""
    names = tables_made(unit.connection, subject)
    return {
        name: [
            dict(row)
            for row in unit.connection.execute(
                sa.select(sa.text("*")).select_from(sa.table(name))
            ).mappings()
        ]
        for name in names
    }


def belongs(row: dict[str, object], customer: Customer, mark: str) -> bool:
    """Whether *row* points to the customer or holds its mark."""
    return row.get("customer_id") == customer.id or any(shows(each, mark) for each in row.values())


def rows_about(rows: Rows, customer: Customer, mark: str) -> Rows:
    about = {name: [r for r in found if belongs(r, customer, mark)] for name, found in rows.items()}
    return {name: found for name, found in about.items() if found}


def unplanted(subject: Subject, rows: Rows, customer: Customer) -> Iterator[str]:
    """Tables of customers' data that ``populate`` left without a row of this customer."""
    about = rows_about(rows, customer, MARK)
    for table in customer_tables(subject):
        if table.name not in about:
            yield (
                f"populate() leaves {table.name} without a row about the customer; override it so "
                "that every table with customers' data gets one"
            )


def export_findings(unit: Unit, subject: Subject, rows: Rows, customer: Customer) -> Iterator[str]:
    """What is wrong with the plugin's answer to crmkit_export about the first marked customer."""
    name = subject.plugin.name
    told = ask.export(unit, [customer.id]).get(customer.id, {}).get(name)
    about = rows_about(rows, customer, MARK)
    if about and not told:
        yield f"crmkit_export returns nothing, yet {', '.join(about)} hold rows of the customer"
        return
    try:
        text = json.dumps(told, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as exc:
        yield f"crmkit_export returns what JSON cannot hold ({exc}); return text for instants"
        return
    for table, found in about.items():
        held = any(shows(value, MARK) for row in found for value in row.values())
        if held and not shows(text, MARK):
            yield f"crmkit_export leaves out the texts that {table} holds about the customer"
    if shows(text, OTHER_MARK):
        yield "crmkit_export returns another customer's data; filter by customer_ids"


def erase_findings(before: Rows, after: Rows, erased: Customer, other: Customer) -> Iterator[str]:
    """What erasure left of one customer, and what it took from another."""
    for table, rows in after.items():
        for column in sorted({c for row in rows for c, v in row.items() if shows(v, MARK)}):
            yield (
                f"after erasure {table}.{column} still names the customer; "
                "delete or blank it in crmkit_erase"
            )
    for table, rows in rows_about(before, other, OTHER_MARK).items():
        kept = after.get(table, [])
        if any(row not in kept for row in rows):
            yield f"erasure of customer {erased.id} changes rows of another one in {table}"
