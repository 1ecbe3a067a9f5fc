"""Wishes that wait for their confirmation."""

import sqlalchemy as sa
from alembic import op

from crmkit.sql import STRICT, Id, Instant, Json, Text

revision = "0001_initial"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "preferences_wish",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), nullable=False),
        sa.Column("channel", Text, nullable=False),
        sa.Column("address", Text, nullable=False),
        sa.Column("address_key", Text, nullable=False),
        sa.Column("purposes", Json, nullable=False),
        sa.Column("wording", Text, nullable=False),
        sa.Column("source", Text, nullable=False),
        sa.Column("asked_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("confirmed_at", Instant),
        **STRICT,
    )
    op.create_index("ix_preferences_wish_customer_id", "preferences_wish", ["customer_id"])
    columns = ["address_key", "asked_at"]
    op.create_index("ix_preferences_wish_address_key_asked_at", "preferences_wish", columns)
