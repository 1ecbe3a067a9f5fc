"""What was decided, and who is held out for good."""

import sqlalchemy as sa

from crmkit.sql import (
    Count,
    Id,
    Instant,
    Json,
    Real,
    Text,
    customer_ref,
    offer_ref,
    plugin_metadata,
    table,
)

metadata = plugin_metadata()

decisions_decision = table(
    "decisions_decision",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("run", Text, nullable=False),
    customer_ref(),
    sa.Column("arm", Text, nullable=False),
    sa.Column("what", Text, nullable=False),
    sa.Column("purpose", Text, nullable=False),
    sa.Column("channel", Text, nullable=False),
    sa.Column("value", Real, nullable=False),
    sa.Column("currency", Text, nullable=False),
    sa.Column("why", Text, nullable=False),
    sa.Column("because", Json, nullable=False),
    sa.Column("considered", Json, nullable=False),
    sa.Column("experiment", Text, nullable=False),
    sa.Column("policy_version", Count, nullable=False),
    offer_ref(nullable=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("window_until", Instant, nullable=False),
    sa.Column("decided_by", Text, nullable=False),
    sa.Index(None, "run", "customer_id", unique=True),
)

decisions_assignment = table(
    "decisions_assignment",
    metadata,
    sa.Column("experiment", Text, primary_key=True),
    customer_ref(primary_key=True),
    sa.Column("arm", Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Index(None, "customer_id"),
)
