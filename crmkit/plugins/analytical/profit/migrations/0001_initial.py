"""What single articles cost us."""

import sqlalchemy as sa
from alembic import op

from crmkit.sql import STRICT, Count, Instant, Text

revision = "0001_initial"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "profit_cost",
        sa.Column("sku", Text, primary_key=True),
        sa.Column("since", Instant, primary_key=True),
        sa.Column("amount_minor", Count, nullable=False),
        sa.Column("currency", Text, nullable=False),
        sa.Column("per", Count, nullable=False),
        sa.Column("changed_at", Instant, nullable=False),
        **STRICT,
    )
