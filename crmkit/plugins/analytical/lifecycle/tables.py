"""Objectives with their history, who sent whom, and what people answered."""

import sqlalchemy as sa

from crmkit.sql import (
    Count,
    Id,
    Instant,
    Text,
    customer,
    customer_ref,
    interaction,
    interaction_ref,
    plugin_metadata,
    table,
)

metadata = plugin_metadata()

lifecycle_objective = table(
    "lifecycle_objective",
    metadata,
    customer_ref(primary_key=True),
    sa.Column("since", Instant, primary_key=True),
    sa.Column("direction", Text, nullable=False),
    sa.Column("objective", Text, nullable=False),
    sa.Column("segment", Text, nullable=False),
    sa.Column("policy_version", Count, nullable=False),
    sa.Column("until", Instant),
    sa.Column("ended_why", Text, nullable=False),
    sa.Index(None, "direction", "until"),
)

lifecycle_referral = table(
    "lifecycle_referral",
    metadata,
    customer_ref(primary_key=True),
    sa.Column("referrer_id", Id, sa.ForeignKey(customer.c.id), nullable=False, index=True),
    sa.Column("at", Instant, nullable=False),
    interaction_ref(),
)
"""Who sent *customer_id*: one other at most, so that the graph is a forest."""

lifecycle_answer = table(
    "lifecycle_answer",
    metadata,
    sa.Column("interaction_id", Id, sa.ForeignKey(interaction.c.id), primary_key=True),
    customer_ref(),
    sa.Column("score", Count, nullable=False),
    sa.Column("at", Instant, nullable=False),
)
"""The answers of ``feedback.nps``, apart from the payload so that SQL can count them."""
