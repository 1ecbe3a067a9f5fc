"""Endpoints, secrets, events, deliveries, the inbox."""

import sqlalchemy as sa
from alembic import op

from crmkit.sql import STRICT, Count, Flag, Id, Instant, Json, Text

revision = "0001_initial"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "webhook_endpoint",
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
        sa.UniqueConstraint("name", name="uq_webhook_endpoint_name"),
        **STRICT,
    )
    op.create_table(
        "webhook_secret",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("endpoint_id", Id, sa.ForeignKey("webhook_endpoint.id"), nullable=False),
        sa.Column("secret", Text, nullable=False),
        sa.Column("since", Instant, nullable=False),
        sa.Column("until", Instant),
        **STRICT,
    )
    op.create_index("ix_webhook_secret_endpoint_id", "webhook_secret", ["endpoint_id"])
    op.create_table(
        "webhook_event",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("key", Text, nullable=False),
        sa.Column("kind", Text, nullable=False),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id")),
        sa.Column("body", Text, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.UniqueConstraint("key", name="uq_webhook_event_key"),
        **STRICT,
    )
    op.create_index("ix_webhook_event_created_at", "webhook_event", ["created_at"])
    op.create_index("ix_webhook_event_customer_id", "webhook_event", ["customer_id"])
    op.create_table(
        "webhook_delivery",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("event_id", Id, sa.ForeignKey("webhook_event.id"), nullable=False),
        sa.Column("endpoint_id", Id, sa.ForeignKey("webhook_endpoint.id"), nullable=False),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id")),
        sa.Column("state", Text, nullable=False),
        sa.Column("attempts", Count, nullable=False),
        sa.Column("not_before", Instant, nullable=False),
        sa.Column("claimed_by", Text, nullable=False),
        sa.Column("token", Count, nullable=False),
        sa.Column("lease_until", Instant),
        sa.Column("finished_at", Instant),
        sa.Column("status", Count, nullable=False),
        sa.Column("detail", Text, nullable=False),
        sa.UniqueConstraint(
            "event_id", "endpoint_id", name="uq_webhook_delivery_event_id_endpoint_id"
        ),
        **STRICT,
    )
    op.create_index(
        "ix_webhook_delivery_endpoint_id_state_not_before_id",
        "webhook_delivery",
        ["endpoint_id", "state", "not_before", "id"],
    )
    op.create_index(
        "ix_webhook_delivery_state_lease_until", "webhook_delivery", ["state", "lease_until"]
    )
    op.create_index("ix_webhook_delivery_customer_id", "webhook_delivery", ["customer_id"])
    op.create_table(
        "webhook_attempt",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("delivery_id", Id, sa.ForeignKey("webhook_delivery.id"), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("state", Text, nullable=False),
        sa.Column("status", Count, nullable=False),
        sa.Column("detail", Text, nullable=False),
        **STRICT,
    )
    op.create_index("ix_webhook_attempt_delivery_id", "webhook_attempt", ["delivery_id"])
    op.create_table(
        "webhook_inbox",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("receiver_id", Id, sa.ForeignKey("webhook_endpoint.id"), nullable=False),
        sa.Column("message_id", Text, nullable=False),
        sa.Column("digest", Text, nullable=False),
        sa.Column("state", Text, nullable=False),
        sa.Column("detail", Text, nullable=False),
        sa.Column("conflicts", Count, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.UniqueConstraint(
            "receiver_id", "message_id", name="uq_webhook_inbox_receiver_id_message_id"
        ),
        **STRICT,
    )
    op.create_index("ix_webhook_inbox_at", "webhook_inbox", ["at"])
    op.create_table(
        "webhook_sequence",
        sa.Column("receiver_id", Id, sa.ForeignKey("webhook_endpoint.id"), primary_key=True),
        sa.Column("subject", Text, primary_key=True),
        sa.Column("latest", Count, nullable=False),
        sa.Column("closed", Flag, nullable=False),
        **STRICT,
    )
