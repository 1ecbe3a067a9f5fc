"""Who entered an address for what, and whether the answer came from there."""

import sqlalchemy as sa

from crmkit.sql import Id, Instant, Json, Text, customer_ref, plugin_metadata, table

metadata = plugin_metadata()

preferences_wish = table(
    "preferences_wish",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    customer_ref(),
    sa.Column("channel", Text, nullable=False),
    sa.Column("address", Text, nullable=False),
    sa.Column("address_key", Text, nullable=False),
    sa.Column("purposes", Json, nullable=False),
    sa.Column("wording", Text, nullable=False),
    sa.Column("source", Text, nullable=False),
    sa.Column("asked_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("confirmed_at", Instant),
    sa.Index(None, "address_key", "asked_at"),
)
