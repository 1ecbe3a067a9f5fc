"""The messages that came in, and what became of them."""

import sqlalchemy as sa

from crmkit.sql import (
    Count,
    Id,
    Instant,
    Text,
    customer_ref,
    interaction_ref,
    plugin_metadata,
    table,
)

metadata = plugin_metadata()

inbox_message = table(
    "inbox_message",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    interaction_ref(),
    customer_ref(),
    sa.Column("channel", Text, nullable=False),
    sa.Column("how", Text, nullable=False),
    sa.Column("unresolved", Count, nullable=False),
    sa.Column("case_id", Id),
    sa.Column("state", Text, nullable=False),
    sa.Column("settled_at", Instant),
    sa.Column("settled_by", Text, nullable=False),
    sa.Column("note", Text, nullable=False),
    sa.Index(None, "state", "id"),
    sa.Index(None, "unresolved", "state", "id"),
)
