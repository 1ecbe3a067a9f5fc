"""Referral programmes, their codes, and who sent whom."""

import sqlalchemy as sa
from alembic import op

from crmkit.sql import STRICT, Count, Id, Instant, Json, Text

revision = "0002_referrals"
down_revision = "0001_initial"


def upgrade() -> None:
    op.create_table(
        "marketing_programme",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("name", Text, nullable=False),
        sa.Column("status", Text, nullable=False),
        sa.Column("document", Json, nullable=False),
        sa.Column("version", Count, nullable=False),
        sa.UniqueConstraint("name", name="uq_marketing_programme_name"),
        **STRICT,
    )
    op.create_table(
        "marketing_referrer",
        sa.Column("programme_id", Id, sa.ForeignKey("marketing_programme.id"), primary_key=True),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), primary_key=True),
        sa.Column("code", Text, nullable=False),
        sa.UniqueConstraint("code", name="uq_marketing_referrer_code"),
        **STRICT,
    )
    op.create_index("ix_marketing_referrer_customer_id", "marketing_referrer", ["customer_id"])
    op.create_table(
        "marketing_referral",
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), primary_key=True),
        sa.Column("referrer_id", Id, sa.ForeignKey("crm_customer.id"), nullable=False),
        sa.Column("programme_id", Id, sa.ForeignKey("marketing_programme.id"), nullable=False),
        sa.Column("terms", Json, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("status", Text, nullable=False),
        sa.Column("why", Text, nullable=False),
        sa.Column("purchase_id", Id),
        sa.Column("watched_until", Instant, nullable=False),
        sa.Column("settled_at", Instant),
        sa.Column("referrer_offer_id", Id),
        sa.Column("referrer_points", Count, nullable=False),
        sa.Column("referred_offer_id", Id),
        sa.Column("referred_points", Count, nullable=False),
        **STRICT,
    )
    for columns in (["referrer_id"], ["programme_id", "referrer_id"], ["status", "watched_until"]):
        name = "_".join(["ix_marketing_referral", *columns])
        op.create_index(name, "marketing_referral", columns)
