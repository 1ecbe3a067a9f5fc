"""What the documents come to: the profit and loss of customers, and the journal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crmkit import Unit
from crmkit.sql import Count, Text, id_list, int_sum, one_of

from . import queries
from .config import ACCOUNTS, Settings
from .model import Document, JournalEntry, ProfitLine
from .tables import billing_cost, billing_document, billing_line


def entries(since: datetime, until: datetime, *, noted: bool = True) -> sa.Select[Any]:
    """
    What was booked from *since* on and before *until*: ``customer_id``, ``line``,
    ``amount_minor`` without tax (costs are negative) and ``currency``.

    Args:
        noted: Also what is sold under documents whose purchases others keep as interactions.
    """
    sold = _of_lines(since, until, noted=noted)
    booked = sa.union_all(*sold, _of_costs(since, until), _of_losses(since, until)).subquery().c
    return sa.select(booked.customer_id, booked.line, booked.amount_minor, booked.currency)


def _of_lines(since: datetime, until: datetime, *, noted: bool) -> Iterator[sa.Select[Any]]:
    line, document = billing_line.c, billing_document.c
    amounts = {
        ("invoice", "revenue"): line.net_minor + line.discount_minor,
        ("invoice", "discounts"): -line.discount_minor,
        ("invoice", "goods"): -line.cost_minor,
        ("credit_note", "returns"): -line.net_minor,
        ("credit_note", "goods"): line.cost_minor,
    }
    for (kind, name), amount in amounts.items():
        select = (
            sa.select(
                line.customer_id,
                sa.literal(name, Text).label("line"),
                sa.cast(amount, Count).label("amount_minor"),
                document.currency,
            )
            .join_from(billing_line, billing_document, document.id == line.document_id)
            .where(document.kind == kind, document.at >= since, document.at < until)
        )
        yield select if noted else select.where(~document.purchase_noted)


def _of_costs(since: datetime, until: datetime) -> sa.Select[Any]:
    cost = billing_cost.c
    return sa.select(
        cost.customer_id,
        sa.literal("service", Text).label("line"),
        sa.cast(-cost.amount_minor, Count).label("amount_minor"),
        cost.currency,
    ).where(cost.at >= since, cost.at < until)


def _of_losses(since: datetime, until: datetime) -> sa.Select[Any]:
    document = billing_document.c
    return sa.select(
        document.customer_id,
        sa.literal("other", Text).label("line"),
        sa.cast(-document.gross_minor, Count).label("amount_minor"),
        document.currency,
    ).where(document.kind == "write_off", document.at >= since, document.at < until)


def profit_and_loss(
    unit: Unit, since: datetime, until: datetime, customer_ids: Iterable[int] | None = None
) -> list[ProfitLine]:
    """Every line that comes to something, of every customer, by customer and line."""
    booked = entries(since, until).subquery().c
    total = sa.cast(sa.func.sum(booked.amount_minor), Count)
    select = (
        sa.select(
            booked.customer_id,
            booked.line,
            total.label("amount_minor"),
            booked.currency,
        )
        .group_by(booked.customer_id, booked.line, booked.currency)
        .having(total != 0)
        .order_by(booked.customer_id, booked.line, booked.currency)
    )
    given = {}
    if customer_ids is not None:
        select = select.where(one_of(booked.customer_id))
        given = {"ids": id_list(unit.connection, list(customer_ids))}
    return [ProfitLine(**row) for row in unit.connection.execute(select, given).mappings()]


def totals(
    unit: Unit, since: datetime, until: datetime, *, noted: bool = True
) -> dict[str, dict[str, int]]:
    """
    What the whole books come to, by currency and line, from the sums that documents bear.

    ``sales`` is revenue, discounts and returns together; the sums over customers must be these.

    Args:
        noted: As :func:`entries` has it.
    """
    document, line, cost = billing_document.c, billing_line.c, billing_cost.c
    within = [document.at >= since, document.at < until]
    sold = within if noted else [*within, ~document.purchase_noted]
    asked = {
        "sales": sa.select(
            document.currency,
            int_sum(document.net_minor, document.kind == "invoice"),
            int_sum(document.net_minor, document.kind == "credit_note"),
        ).where(*sold),
        "goods": sa.select(
            document.currency,
            int_sum(line.cost_minor, document.kind == "credit_note"),
            int_sum(line.cost_minor, document.kind == "invoice"),
        )
        .join_from(billing_line, billing_document, document.id == line.document_id)
        .where(*sold),
        "service": sa.select(cost.currency, sa.literal(0, Count), int_sum(cost.amount_minor)).where(
            cost.at >= since, cost.at < until
        ),
        "other": sa.select(
            document.currency,
            sa.literal(0, Count),
            int_sum(document.gross_minor, document.kind == "write_off"),
        ).where(*within),
    }
    found: dict[str, dict[str, int]] = {}
    for name, select in asked.items():
        rows: Any = unit.connection.execute(select.group_by(select.selected_columns[0]))
        for currency, more, less in rows:
            found.setdefault(currency, {})[name] = (more or 0) - (less or 0)
    return found


def journal(unit: Unit, since: datetime, until: datetime) -> Iterator[JournalEntry]:
    """
    Double entries for an accountant's program, by day and number: those of each document add up
    to nothing. Costs of serving come last, each against accruals.
    """
    names = {name: name for name in ACCOUNTS} | unit.settings(Settings).accounts
    theirs = billing_document.c
    ids = unit.connection.scalars(
        sa.select(theirs.id)
        .where(theirs.kind != "order", theirs.at >= since, theirs.at < until)
        .order_by(theirs.day, theirs.number)
    ).all()
    for first in range(0, len(ids), 1_000):
        for each in queries.documents(unit, ids[first : first + 1_000]):
            yield from _booked(each, names)
    yield from _costs(unit, since, until, names)


def _booked(document: Document, names: dict[str, str]) -> Iterator[JournalEntry]:
    gross = document.gross_minor
    owed, bank = ("receivables", "", -gross), ("bank", "", gross)
    match document.kind:
        case "invoice" | "credit_note":
            sign = 1 if document.kind == "invoice" else -1
            sides = [("receivables", "", sign * gross)]
            for each in document.taxes:
                code = f"{each.category} {each.rate_bp / 100:g}"
                sides.append(("revenue", code, -sign * each.taxable_minor))
                sides.append(("tax", code, -sign * each.tax_minor))
        case "payment":
            sides = [bank, owed]
        case "refund":
            sides = [(name, tax, -amount) for name, tax, amount in (bank, owed)]
        case _:
            sides = [("bad_debt", "", gross), owed]
    yield from _sides(document, sides, names)


def _sides(
    document: Document, sides: Sequence[tuple[str, str, int]], names: dict[str, str]
) -> Iterator[JournalEntry]:
    for name, tax, amount in sides:
        if amount:
            yield JournalEntry(
                on=document.on,
                number=document.number,
                kind=document.kind,
                customer_id=document.customer_id,
                account=names[name],
                debit_minor=max(0, amount),
                credit_minor=max(0, -amount),
                currency=document.currency,
                tax=tax,
                text=document.buyer.get("name", document.reference),
            )


def _costs(
    unit: Unit, since: datetime, until: datetime, names: dict[str, str]
) -> Iterator[JournalEntry]:
    theirs = billing_cost.c
    select = (
        sa.select(billing_cost)
        .where(theirs.at >= since, theirs.at < until)
        .order_by(theirs.at, theirs.id)
    )
    for row in unit.connection.execute(select):
        for name, amount in (
            ("cost_to_serve", row.amount_minor),
            ("accruals", -row.amount_minor),
        ):
            yield JournalEntry(
                on=row.at.date(),
                number=f"cost {row.id}",
                kind="cost",
                customer_id=row.customer_id,
                account=names[name],
                debit_minor=max(0, amount),
                credit_minor=max(0, -amount),
                currency=row.currency,
                tax="",
                text=row.activity,
            )
