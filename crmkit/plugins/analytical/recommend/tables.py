"""What was learnt, what is known of items, and what customers do not want."""

import sqlalchemy as sa

from crmkit.sql import (
    Count,
    Flag,
    Id,
    Instant,
    Json,
    Real,
    Text,
    customer_ref,
    plugin_metadata,
    table,
)

metadata = plugin_metadata()

recommend_run = table(
    "recommend_run",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("model", Text, nullable=False),
    sa.Column("items", Count, nullable=False),
    sa.Column("customers", Count, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("actor", Text, nullable=False),
)

recommend_item = table(
    "recommend_item",
    metadata,
    sa.Column("sku", Text, primary_key=True),
    sa.Column("name", Text, nullable=False),
    sa.Column("active", Flag, nullable=False),
    sa.Column("stock", Count),
    sa.Column("tags", Json, nullable=False),
    sa.Column("buyers", Count, nullable=False),
    sa.Column("repeats", Count, nullable=False),
    sa.Column("price_minor", Count, nullable=False),
    sa.Column("currency", Text, nullable=False),
)

recommend_neighbour = table(
    "recommend_neighbour",
    metadata,
    sa.Column("sku", Text, primary_key=True),
    sa.Column("other", Text, primary_key=True),
    sa.Column("likeness", Real, nullable=False),
    sa.Column("together", Count, nullable=False),
)
"""Of the last run only: how much having *sku* speaks for *other*."""

recommend_avoided = table(
    "recommend_avoided",
    metadata,
    customer_ref(primary_key=True),
    sa.Column("tag", Text, primary_key=True),
    sa.Column("since", Instant, nullable=False),
    sa.Column("source", Text, nullable=False),
)
"""Values of customers: what carries such a tag is never offered to them."""
