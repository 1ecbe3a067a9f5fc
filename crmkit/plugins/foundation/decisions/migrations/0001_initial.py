"""Decisions and the durable assignment to arms."""

import sqlalchemy as sa
from alembic import op

from crmkit.sql import STRICT, Count, Id, Instant, Json, Real, Text

revision = "0001_initial"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "decisions_decision",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("run", Text, nullable=False),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), nullable=False),
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
        sa.Column("offer_id", Id, sa.ForeignKey("crm_offer.id")),
        sa.Column("at", Instant, nullable=False),
        sa.Column("window_until", Instant, nullable=False),
        sa.Column("decided_by", Text, nullable=False),
        **STRICT,
    )
    op.create_index(
        "ix_decisions_decision_run_customer_id",
        "decisions_decision",
        ["run", "customer_id"],
        unique=True,
    )
    for column in ("customer_id", "offer_id"):
        op.create_index(f"ix_decisions_decision_{column}", "decisions_decision", [column])
    op.create_table(
        "decisions_assignment",
        sa.Column("experiment", Text, primary_key=True),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), primary_key=True),
        sa.Column("arm", Text, nullable=False),
        sa.Column("at", Instant, nullable=False),
        **STRICT,
    )
    op.create_index("ix_decisions_assignment_customer_id", "decisions_assignment", ["customer_id"])
