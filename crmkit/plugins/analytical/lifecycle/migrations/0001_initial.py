"""Objectives, referrals and answers."""

import sqlalchemy as sa
from alembic import op

from crmkit.sql import STRICT, Count, Id, Instant, Text

revision = "0001_initial"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "lifecycle_objective",
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), primary_key=True),
        sa.Column("since", Instant, primary_key=True),
        sa.Column("direction", Text, nullable=False),
        sa.Column("objective", Text, nullable=False),
        sa.Column("segment", Text, nullable=False),
        sa.Column("policy_version", Count, nullable=False),
        sa.Column("until", Instant),
        sa.Column("ended_why", Text, nullable=False),
        **STRICT,
    )
    op.create_index(
        "ix_lifecycle_objective_direction_until", "lifecycle_objective", ["direction", "until"]
    )
    op.create_table(
        "lifecycle_referral",
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), primary_key=True),
        sa.Column("referrer_id", Id, sa.ForeignKey("crm_customer.id"), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("interaction_id", Id, sa.ForeignKey("crm_interaction.id"), nullable=False),
        **STRICT,
    )
    for column in ("referrer_id", "interaction_id"):
        op.create_index(f"ix_lifecycle_referral_{column}", "lifecycle_referral", [column])
    op.create_table(
        "lifecycle_answer",
        sa.Column("interaction_id", Id, sa.ForeignKey("crm_interaction.id"), primary_key=True),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), nullable=False),
        sa.Column("score", Count, nullable=False),
        sa.Column("at", Instant, nullable=False),
        **STRICT,
    )
    op.create_index("ix_lifecycle_answer_customer_id", "lifecycle_answer", ["customer_id"])
