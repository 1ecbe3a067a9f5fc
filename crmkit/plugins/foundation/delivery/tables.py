"""The ledger: every intent, and the log of what was tried."""

import sqlalchemy as sa

from crmkit.sql import Count, Id, Instant, Text, customer_ref, offer_ref, plugin_metadata, table

metadata = plugin_metadata()

intent = table(
    "delivery_intent",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("key", Text, nullable=False),
    sa.Column("run", Text, nullable=False),
    sa.Column("step", Text, nullable=False),
    customer_ref(),
    sa.Column("channel", Text, nullable=False),
    sa.Column("address", Text, nullable=False),
    sa.Column("purpose", Text, nullable=False),
    sa.Column("subject", Text, nullable=False),
    sa.Column("text", Text, nullable=False),
    offer_ref(nullable=True),
    sa.Column("because", Text, nullable=False),
    sa.Column("priority", Text, nullable=False),
    sa.Column("state", Text, nullable=False),
    sa.Column("not_before", Instant, nullable=False),
    sa.Column("expires_at", Instant),
    sa.Column("attempts", Count, nullable=False),
    sa.Column("claimed_by", Text, nullable=False),
    sa.Column("claimed_at", Instant),
    sa.Column("token", Count, nullable=False),
    sa.Column("lease_until", Instant),
    sa.Column("finished_at", Instant),
    sa.Column("reference", Text, nullable=False),
    sa.Column("detail", Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("html", Text, nullable=False, server_default=""),
    sa.Index(None, "key", unique=True),
    sa.Index(None, "state", "priority", "not_before", "id"),
    sa.Index(None, "run", "state"),
)

attempt = table(
    "delivery_attempt",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("intent_id", Id, sa.ForeignKey("delivery_intent.id"), nullable=False, index=True),
    customer_ref(),
    sa.Column("at", Instant, nullable=False),
    sa.Column("state", Text, nullable=False),
    sa.Column("detail", Text, nullable=False),
)

pause = table(
    "delivery_pause",
    metadata,
    sa.Column("run", Text, primary_key=True),
    sa.Column("channel", Text, primary_key=True),
    sa.Column("since", Instant, nullable=False),
    sa.Column("note", Text, nullable=False),
)
"""An empty run or channel means all of them."""

pace = table(
    "delivery_pace",
    metadata,
    sa.Column("name", Text, primary_key=True),
    sa.Column("used_until", Instant),
)
