"""``crmkit status``: what is in the CRM, in a few numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from crmkit import __version__

from .invocation import pass_crm
from .output import emit_one, examples

if TYPE_CHECKING:
    from crmkit import CRM, Unit


@click.command(epilog=examples("crmkit status", "crmkit status --format json"))
@pass_crm
def status(crm: CRM) -> None:
    """What is in the CRM, in a few numbers."""
    with crm.unit(write=False) as unit:
        numbers = _numbers(unit)
    emit_one(
        {
            **numbers,
            "database": crm.engine.url.render_as_string(),
            "crmkit": __version__,
            "plugins": [plugin.name for plugin in crm.plugins],
            "quarantined": [each.name for each in crm.quarantined],
        }
    )


def _numbers(unit: Unit) -> dict[str, object]:
    import sqlalchemy as sa

    from crmkit.sql import customer, interaction, offer

    ask = unit.connection
    by_status = sa.select(customer.c.status, sa.func.count()).group_by(customer.c.status)
    is_open = sa.and_(
        offer.c.status.in_(("proposed", "carried")),
        sa.or_(offer.c.valid_until.is_(None), offer.c.valid_until > unit.now),
    )
    return {
        "customers": {row[0]: row[1] for row in ask.execute(by_status)},
        "interactions": ask.scalar(sa.select(sa.func.count()).select_from(interaction)),
        "last_interaction": ask.scalar(sa.select(sa.func.max(interaction.c.at))),
        "offers_open": ask.scalar(sa.select(sa.func.count()).where(is_open)),
        "size_bytes": ask.scalar(sa.text(_size(unit))),
    }


def _size(unit: Unit) -> str:
    if unit.connection.dialect.name == "sqlite":
        return "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    return "SELECT pg_database_size(current_database())"
