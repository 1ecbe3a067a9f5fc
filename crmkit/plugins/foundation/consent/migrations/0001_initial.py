"""The log of consent, and the ledger of suppressed addresses."""

import sqlalchemy as sa
from alembic import op

from crmkit.sql import STRICT, Count, Flag, Id, Instant, Text

revision = "0001_initial"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "consent_event",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), nullable=False),
        sa.Column("purpose", Text, nullable=False),
        sa.Column("channel", Text, nullable=False),
        sa.Column("state", Text, nullable=False),
        sa.Column("basis", Text, nullable=False),
        sa.Column("evidence", Text, nullable=False),
        sa.Column("text_hash", Text, nullable=False),
        sa.Column("source", Text, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("recorded_at", Instant, nullable=False),
        sa.Column("recorded_by", Text, nullable=False),
        sa.Column("expires_at", Instant),
        sa.Column("after_objection", Flag, nullable=False),
        **STRICT,
    )
    op.create_index("ix_consent_event_customer_id", "consent_event", ["customer_id"])
    op.create_table(
        "consent_suppression",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("digest", Text, nullable=False),
        sa.Column("suppressed", Flag, nullable=False),
        sa.Column("reason", Text, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("recorded_by", Text, nullable=False),
        **STRICT,
    )
    op.create_index("ix_consent_suppression_digest", "consent_suppression", ["digest"])
    op.create_table(
        "consent_key",
        sa.Column("id", Count, primary_key=True, autoincrement=False),
        sa.Column("secret", Text, nullable=False),
        **STRICT,
    )
