"""Segments that people define."""

import sqlalchemy as sa
from alembic import op

from crmkit.sql import STRICT, Count, Instant, Text

revision = "0002_segments"
down_revision = "0001_initial"


def upgrade() -> None:
    op.create_table(
        "scoring_segment",
        sa.Column("name", Text, primary_key=True),
        sa.Column("version", Count, primary_key=True),
        sa.Column("summary", Text, nullable=False),
        sa.Column("rule", Text, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("actor", Text, nullable=False),
        **STRICT,
    )
