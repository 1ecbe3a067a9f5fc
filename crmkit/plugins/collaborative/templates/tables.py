"""Templates, every version of them."""

import sqlalchemy as sa

from crmkit.sql import Count, Id, Instant, Json, Text, plugin_metadata, table

metadata = plugin_metadata()

templates_version = table(
    "templates_version",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("name", Text, nullable=False),
    sa.Column("language", Text, nullable=False),
    sa.Column("version", Count, nullable=False),
    sa.Column("subject", Text, nullable=False),
    sa.Column("text", Text, nullable=False),
    sa.Column("html", Text, nullable=False),
    sa.Column("mjml", Text, nullable=False),
    sa.Column("asked", Json, nullable=False),
    sa.Column("taken", Json, nullable=False),
    sa.Column("saved_at", Instant, nullable=False),
    sa.Column("saved_by", Text, nullable=False),
    sa.UniqueConstraint("name", "language", "version"),
)
"""A row never changes: what was sent can be seen again."""
