"""Endpoints and their secrets, events and their deliveries, and the inbox."""

import sqlalchemy as sa

from crmkit.sql import Count, Flag, Id, Instant, Json, Text, customer, plugin_metadata, table

metadata = plugin_metadata()

endpoint = table(
    "webhook_endpoint",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("name", Text, nullable=False),
    sa.Column("direction", Text, nullable=False),
    sa.Column("url", Text, nullable=False),
    sa.Column("kinds", Json, nullable=False),
    sa.Column("headers", Json, nullable=False),
    sa.Column("state", Text, nullable=False),
    sa.Column("why", Text, nullable=False),
    sa.Column("failing_since", Instant),
    sa.Column("misses", Count, nullable=False),
    sa.Column("rest_until", Instant),
    sa.Column("created_at", Instant, nullable=False),
    sa.UniqueConstraint("name"),
)

secret = table(
    "webhook_secret",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("endpoint_id", Id, sa.ForeignKey("webhook_endpoint.id"), nullable=False, index=True),
    sa.Column("secret", Text, nullable=False),
    sa.Column("since", Instant, nullable=False),
    sa.Column("until", Instant),
)

event = table(
    "webhook_event",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("key", Text, nullable=False),
    sa.Column("kind", Text, nullable=False),
    sa.Column("customer_id", Id, sa.ForeignKey(customer.c.id), index=True),
    sa.Column("body", Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False, index=True),
    sa.UniqueConstraint("key"),
)

delivery = table(
    "webhook_delivery",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("event_id", Id, sa.ForeignKey("webhook_event.id"), nullable=False),
    sa.Column("endpoint_id", Id, sa.ForeignKey("webhook_endpoint.id"), nullable=False),
    sa.Column("customer_id", Id, sa.ForeignKey(customer.c.id), index=True),
    sa.Column("state", Text, nullable=False),
    sa.Column("attempts", Count, nullable=False),
    sa.Column("not_before", Instant, nullable=False),
    sa.Column("claimed_by", Text, nullable=False),
    sa.Column("token", Count, nullable=False),
    sa.Column("lease_until", Instant),
    sa.Column("finished_at", Instant),
    sa.Column("status", Count, nullable=False),
    sa.Column("detail", Text, nullable=False),
    sa.UniqueConstraint("event_id", "endpoint_id"),
    sa.Index(None, "endpoint_id", "state", "not_before", "id"),
    sa.Index(None, "state", "lease_until"),
)

attempt = table(
    "webhook_attempt",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("delivery_id", Id, sa.ForeignKey("webhook_delivery.id"), nullable=False, index=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("state", Text, nullable=False),
    sa.Column("status", Count, nullable=False),
    sa.Column("detail", Text, nullable=False),
)

inbox = table(
    "webhook_inbox",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("receiver_id", Id, sa.ForeignKey("webhook_endpoint.id"), nullable=False),
    sa.Column("message_id", Text, nullable=False),
    sa.Column("digest", Text, nullable=False),
    sa.Column("state", Text, nullable=False),
    sa.Column("detail", Text, nullable=False),
    sa.Column("conflicts", Count, nullable=False),
    sa.Column("at", Instant, nullable=False, index=True),
    sa.UniqueConstraint("receiver_id", "message_id"),
)

sequence = table(
    "webhook_sequence",
    metadata,
    sa.Column("receiver_id", Id, sa.ForeignKey("webhook_endpoint.id"), primary_key=True),
    sa.Column("subject", Text, primary_key=True),
    sa.Column("latest", Count, nullable=False),
    sa.Column("closed", Flag, nullable=False),
)
"""How far the numbered events about one subject have come; subjects one way, as they may name."""
