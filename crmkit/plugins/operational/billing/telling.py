"""What is said about documents, and given out about a customer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from crmkit import Unit
from crmkit.sql import id_list, one_of

from . import loyalty, queries
from .model import Document
from .tables import billing_cost, billing_document, billing_reminder


def sentence(document: Document) -> str:
    """One line for people."""
    kind = document.kind.replace("_", " ")
    open_part = f", {document.open} open" if document.status == "open" else f", {document.status}"
    return f"{kind} {document.number} of {document.on} over {document.gross}{open_part}"


def exported(unit: Unit, customer_ids: Sequence[int]) -> dict[int, dict[str, object]]:
    """Account, documents, reminders, costs and points, JSON-ready, by customer."""
    given = {"ids": id_list(unit.connection, customer_ids)}
    accounts = queries.accounts_of_many(unit, customer_ids)
    found: dict[int, dict[str, Any]] = {
        each: {"account": queries.plain(accounts[each]), "documents": [], "costs": []}
        for each in customer_ids
    }
    theirs = billing_document.c
    ids = unit.connection.execute(
        sa.select(theirs.id, theirs.source, theirs.source_key)
        .where(one_of(theirs.customer_id))
        .order_by(theirs.id),
        given,
    ).all()
    origins = {row.id: {"source": row.source, "source_key": row.source_key} for row in ids}
    reminders = _reminders(unit, customer_ids)
    for each in queries.documents(unit, origins):
        told = queries.plain(each) | origins[each.id] | {"reminders": reminders.get(each.id, [])}
        found[each.customer_id]["documents"].append(told)
    cost = billing_cost.c
    for row in unit.connection.execute(
        sa.select(billing_cost).where(one_of(cost.customer_id)).order_by(cost.id), given
    ).mappings():
        told = dict(row) | {"at": row["at"].isoformat()}
        found[row["customer_id"]]["costs"].append(told)
    for each_id in customer_ids:
        points = loyalty.points_entries(unit, each_id)
        found[each_id]["points"] = [queries.plain(each) for each in points]
    return {each: dict(told) for each, told in found.items()}


def _reminders(unit: Unit, customer_ids: Sequence[int]) -> dict[int, list[dict[str, object]]]:
    theirs = billing_reminder.c
    rows = unit.connection.execute(
        sa.select(theirs.document_id, theirs.level, theirs.at, theirs.open_minor)
        .where(one_of(theirs.customer_id))
        .order_by(theirs.document_id, theirs.level),
        {"ids": id_list(unit.connection, customer_ids)},
    )
    found: dict[int, list[dict[str, object]]] = {}
    for row in rows:
        told = {"level": row.level, "at": row.at.isoformat(), "open_minor": row.open_minor}
        found.setdefault(row.document_id, []).append(told)
    return found
