"""Every policy that was ever in force."""

import sqlalchemy as sa

from crmkit.sql import Count, Instant, Text, plugin_metadata, table

metadata = plugin_metadata()

policy_version = table(
    "policy_version",
    metadata,
    sa.Column("version", Count, primary_key=True, autoincrement=False),
    sa.Column("name", Text, nullable=False),
    sa.Column("text", Text, nullable=False),
    sa.Column("sha256", Text, nullable=False),
    sa.Column("adopted_at", Instant, nullable=False),
    sa.Column("adopted_by", Text, nullable=False),
)
"""Rows are added, never changed; the highest version is in force."""
