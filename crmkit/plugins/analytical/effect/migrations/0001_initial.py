"""Measured effects."""

import sqlalchemy as sa
from alembic import op

from crmkit.sql import STRICT, Count, Flag, Id, Instant, Json, Real, Text

revision = "0001_initial"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "effect_measurement",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("run", Text, nullable=False),
        sa.Column("metric", Text, nullable=False),
        sa.Column("currency", Text, nullable=False),
        sa.Column("treated", Count, nullable=False),
        sa.Column("held_out", Count, nullable=False),
        sa.Column("treated_total", Real, nullable=False),
        sa.Column("held_out_total", Real, nullable=False),
        sa.Column("difference", Json),
        sa.Column("reason", Text, nullable=False),
        sa.Column("segment", Text, nullable=False),
        sa.Column("flags", Json, nullable=False),
        sa.Column("policy_version", Count, nullable=False),
        sa.Column("until", Instant, nullable=False),
        sa.Column("is_complete", Flag, nullable=False),
        sa.Column("measured_at", Instant, nullable=False),
        sa.Column("actor", Text, nullable=False),
        **STRICT,
    )
    op.create_index(
        "ix_effect_measurement_run_metric", "effect_measurement", ["run", "metric"], unique=True
    )
