"""What single articles cost us."""

import sqlalchemy as sa

from crmkit.sql import Count, Instant, Text, plugin_metadata, table

metadata = plugin_metadata()

profit_cost = table(
    "profit_cost",
    metadata,
    sa.Column("sku", Text, primary_key=True),
    sa.Column("since", Instant, primary_key=True),
    sa.Column("amount_minor", Count, nullable=False),
    sa.Column("currency", Text, nullable=False),
    sa.Column("per", Count, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
)
