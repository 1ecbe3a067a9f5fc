"""Which invoices have reached which level of reminders."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from crmkit import Money, Unit

from . import queries
from .config import Dunning, Settings
from .model import Reminder
from .tables import billing_document, billing_reminder


def reached(unit: Unit) -> list[Reminder]:
    """Open invoices that are at a further level than they were reminded of, the latest last."""
    levels = unit.settings(Settings).dunning
    if not levels:
        return []
    today = queries.today(unit)
    rows = unit.connection.execute(_late(today)).all()
    names = {each.id: each.name for each in unit.customers.get_many({r.customer_id for r in rows})}
    found = []
    for row in rows:
        due_on = date.fromisoformat(row.due_day)
        days = (today - due_on).days
        level = sum(each.days <= days for each in levels)
        if level > row.level:
            owed = Money(row.open_minor, row.currency)
            name = row.buyer.get("name") or names[row.customer_id]
            told = _told(levels[level - 1], row.number, owed, due_on, days, name)
            found.append(
                Reminder(
                    invoice_id=row.id,
                    number=row.number,
                    customer_id=row.customer_id,
                    level=level,
                    days_late=days,
                    open=owed,
                    due_on=due_on,
                    subject=told[0],
                    text=told[1],
                )
            )
    return found


def _late(today: date) -> sa.Select[tuple[object, ...]]:
    theirs = billing_document.c
    told = (
        sa.select(
            billing_reminder.c.document_id, sa.func.max(billing_reminder.c.level).label("level")
        )
        .group_by(billing_reminder.c.document_id)
        .subquery()
    )
    select: sa.Select[tuple[object, ...]] = (
        sa.select(
            theirs.id,
            theirs.number,
            theirs.customer_id,
            theirs.open_minor,
            theirs.currency,
            theirs.due_day,
            theirs.buyer,
            sa.func.coalesce(told.c.level, 0).label("level"),
        )
        .outerjoin(told, told.c.document_id == theirs.id)
        .where(
            theirs.status == "open", theirs.kind == "invoice", theirs.due_day < today.isoformat()
        )
        .order_by(theirs.due_day, theirs.id)
    )
    return select


def _told(
    level: Dunning, number: str, owed: Money, due_on: date, days: int, name: str
) -> tuple[str, str]:
    words = {"number": number, "open": str(owed), "due": f"{due_on}", "days": days, "name": name}
    return level.subject.format(**words), level.text.format(**words)
