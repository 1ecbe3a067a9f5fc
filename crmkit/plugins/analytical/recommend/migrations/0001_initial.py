"""Runs, items, neighbours, and what customers avoid."""

import sqlalchemy as sa
from alembic import op

from crmkit.sql import STRICT, Count, Flag, Id, Instant, Json, Real, Text

revision = "0001_initial"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "recommend_run",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("model", Text, nullable=False),
        sa.Column("items", Count, nullable=False),
        sa.Column("customers", Count, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("actor", Text, nullable=False),
        **STRICT,
    )
    op.create_table(
        "recommend_item",
        sa.Column("sku", Text, primary_key=True),
        sa.Column("name", Text, nullable=False),
        sa.Column("active", Flag, nullable=False),
        sa.Column("stock", Count),
        sa.Column("tags", Json, nullable=False),
        sa.Column("buyers", Count, nullable=False),
        sa.Column("repeats", Count, nullable=False),
        sa.Column("price_minor", Count, nullable=False),
        sa.Column("currency", Text, nullable=False),
        **STRICT,
    )
    op.create_table(
        "recommend_neighbour",
        sa.Column("sku", Text, primary_key=True),
        sa.Column("other", Text, primary_key=True),
        sa.Column("likeness", Real, nullable=False),
        sa.Column("together", Count, nullable=False),
        **STRICT,
    )
    op.create_table(
        "recommend_avoided",
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), primary_key=True),
        sa.Column("tag", Text, primary_key=True),
        sa.Column("since", Instant, nullable=False),
        sa.Column("source", Text, nullable=False),
        **STRICT,
    )
