"""Whether the books hold together."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from crmkit import Finding, Unit

from .config import Settings
from .model import CREDITS, DEBITS
from .tables import billing_allocation, billing_document, billing_line, billing_series


def findings(unit: Unit) -> Iterator[Finding]:
    """What ``crmkit doctor`` is told: numbers without gaps, sums that agree, a tax table."""
    faults = [*_gaps(unit), *_sums(unit), *_open(unit)]
    for text in faults:
        mend = "restore a backup, or ask who wrote to the tables past crmkit"
        yield Finding(level="fail", subject="billing", text=text, mend=mend)
    if not faults:
        text = "numbers have no gaps, and every document adds up"
        yield Finding(level="ok", subject="billing", text=text)
    if not unit.settings(Settings).taxes:
        text = "there is no [[billing.taxes]]: nothing is taxed"
        mend = "add the rules of your country to crmkit.toml, or leave it if you charge no tax"
        yield Finding(level="warn", subject="billing", text=text, mend=mend)


def _gaps(unit: Unit) -> Iterator[str]:
    theirs = billing_document.c
    counted = sa.select(theirs.kind, sa.func.count()).group_by(theirs.kind)
    there = {row[0]: row[1] for row in unit.connection.execute(counted)}
    taken: dict[str, int] = {}
    for name, count in unit.connection.execute(
        sa.select(billing_series.c.name, billing_series.c.taken)
    ):
        kind = name.partition(" ")[0]
        taken[kind] = taken.get(kind, 0) + count
    for kind in sorted(there.keys() | taken.keys()):
        if there.get(kind, 0) != taken.get(kind, 0):
            yield (
                f"{taken.get(kind, 0)} numbers of the series {kind} were given, "
                f"{there.get(kind, 0)} documents are there"
            )


def _sums(unit: Unit) -> Iterator[str]:
    theirs, line = billing_document.c, billing_line.c
    net, tax = sa.func.sum(line.net_minor), sa.func.sum(line.tax_minor)
    select = (
        sa.select(theirs.number)
        .join_from(billing_document, billing_line, line.document_id == theirs.id)
        .group_by(theirs.id, theirs.number, theirs.net_minor, theirs.tax_minor, theirs.gross_minor)
        .having(
            sa.or_(
                net != theirs.net_minor, tax != theirs.tax_minor, net + tax != theirs.gross_minor
            )
        )
        .limit(20)
    )
    for number in unit.connection.scalars(select):
        yield f"the lines of {number} do not add up to it"


def _open(unit: Unit) -> Iterator[str]:
    theirs, off = billing_document.c, billing_allocation.c
    settled = (
        sa.select(sa.func.coalesce(sa.func.sum(off.amount_minor), 0))
        .where(sa.or_(off.debit_id == theirs.id, off.credit_id == theirs.id))
        .scalar_subquery()
    )
    select = (
        sa.select(theirs.number)
        .where(
            theirs.kind.in_([*DEBITS, *CREDITS]),
            theirs.gross_minor - theirs.open_minor != settled,
        )
        .limit(20)
    )
    for number in unit.connection.scalars(select):
        yield f"what {number} was set off against does not add up to what is open of it"
