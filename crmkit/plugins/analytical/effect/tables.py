"""Effects as they were measured when the last window of their run had closed."""

import sqlalchemy as sa

from crmkit.sql import Count, Flag, Id, Instant, Json, Real, Text, plugin_metadata, table

metadata = plugin_metadata()

effect_measurement = table(
    "effect_measurement",
    metadata,
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
    sa.Index(None, "run", "metric", unique=True),
)
