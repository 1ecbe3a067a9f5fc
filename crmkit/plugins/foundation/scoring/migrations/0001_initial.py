"""Runs, scores, inbox and due customers, memberships in segments."""

import sqlalchemy as sa
from alembic import op

from crmkit.sql import STRICT, Count, Id, Instant, Json, Real, Text

revision = "0001_initial"
down_revision = None
CLUSTERED = {**STRICT, "sqlite_with_rowid": False}


def upgrade() -> None:
    _scores()
    _waiting()
    _memberships()


def _scores() -> None:
    op.create_table(
        "scoring_run",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("scorer", Text, nullable=False),
        sa.Column("version", Text, nullable=False),
        sa.Column("mode", Text, nullable=False),
        sa.Column("state", Text, nullable=False),
        sa.Column("reason", Text, nullable=False),
        sa.Column("as_of", Instant, nullable=False),
        sa.Column("horizon_days", Count),
        sa.Column("base", Real, nullable=False),
        sa.Column("parameters", Json, nullable=False),
        sa.Column("fitted_by", Id, nullable=False),
        sa.Column("customers", Count, nullable=False),
        sa.Column("changed", Count, nullable=False),
        sa.Column("started_at", Instant, nullable=False),
        sa.Column("finished_at", Instant, nullable=False),
        sa.Column("actor", Text, nullable=False),
        **STRICT,
    )
    op.create_index("ix_scoring_run_scorer_id", "scoring_run", ["scorer", "id"])
    op.create_table(
        "scoring_score",
        sa.Column("scorer", Text, primary_key=True),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), primary_key=True),
        sa.Column("value", Real, nullable=False),
        sa.Column("low", Real),
        sa.Column("high", Real),
        sa.Column("label", Text),
        sa.Column("reasons", Text, nullable=False),
        sa.Column("run_id", Id, sa.ForeignKey("scoring_run.id"), nullable=False),
        **CLUSTERED,
    )
    op.create_index("ix_scoring_score_customer_id", "scoring_score", ["customer_id"])


def _waiting() -> None:
    op.create_table(
        "scoring_inbox",
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), primary_key=True),
        sa.Column("batch", Count, primary_key=True),
        sa.Column("taken", Count, nullable=False),
        **CLUSTERED,
    )
    op.create_table(
        "scoring_due",
        sa.Column("scorer", Text, primary_key=True),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), primary_key=True),
        **CLUSTERED,
    )
    op.create_index("ix_scoring_due_customer_id", "scoring_due", ["customer_id"])


def _memberships() -> None:
    op.create_table(
        "scoring_membership",
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), primary_key=True),
        sa.Column("segment", Text, primary_key=True),
        sa.Column("since", Instant, primary_key=True),
        sa.Column("why", Text, nullable=False),
        sa.Column("until", Instant),
        sa.Column("ended_why", Text, nullable=False),
        **CLUSTERED,
    )
    op.create_index("ix_scoring_membership_segment", "scoring_membership", ["segment"])
