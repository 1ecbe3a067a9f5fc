"""The versions of the policy."""

import sqlalchemy as sa
from alembic import op

from crmkit.sql import STRICT, Count, Instant, Text

revision = "0001_initial"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "policy_version",
        sa.Column("version", Count, primary_key=True, autoincrement=False),
        sa.Column("name", Text, nullable=False),
        sa.Column("text", Text, nullable=False),
        sa.Column("sha256", Text, nullable=False),
        sa.Column("adopted_at", Instant, nullable=False),
        sa.Column("adopted_by", Text, nullable=False),
        **STRICT,
    )
