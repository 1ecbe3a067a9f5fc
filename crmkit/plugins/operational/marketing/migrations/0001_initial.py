"""Campaigns, audiences, responses, journeys."""

import sqlalchemy as sa
from alembic import op

from crmkit.sql import STRICT, Count, Id, Instant, Json, Text

revision = "0001_initial"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "marketing_campaign",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("name", Text, nullable=False),
        sa.Column("status", Text, nullable=False),
        sa.Column("document", Json, nullable=False),
        sa.Column("launched_at", Instant),
        sa.Column("audience", Json, nullable=False),
        sa.Column("version", Count, nullable=False),
        sa.UniqueConstraint("name", name="uq_marketing_campaign_name"),
        **STRICT,
    )
    op.create_table(
        "marketing_journey",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("name", Text, nullable=False),
        sa.Column("version", Count, nullable=False),
        sa.Column("status", Text, nullable=False),
        sa.Column("document", Json, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("by", Text, nullable=False),
        sa.UniqueConstraint("name", "version", name="uq_marketing_journey_name_version"),
        **STRICT,
    )
    op.create_table(
        "marketing_key",
        sa.Column("name", Text, primary_key=True),
        sa.Column("secret", Text, nullable=False),
        **STRICT,
    )
    op.create_table(
        "marketing_traveller",
        sa.Column("journey", Text, primary_key=True),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), primary_key=True),
        sa.Column("step", Text, nullable=False),
        sa.Column("due_at", Instant),
        sa.Column("set_out_at", Instant, nullable=False),
        sa.Column("ended_at", Instant),
        **STRICT,
    )
    op.create_index("ix_marketing_traveller_customer_id", "marketing_traveller", ["customer_id"])
    op.create_index(
        "ix_marketing_traveller_journey_due_at_customer_id",
        "marketing_traveller",
        ["journey", "due_at", "customer_id"],
    )
    op.create_table(
        "marketing_count",
        sa.Column("campaign_id", Id, sa.ForeignKey("marketing_campaign.id"), primary_key=True),
        sa.Column("stratum", Text, primary_key=True),
        sa.Column("arm", Text, primary_key=True),
        sa.Column("people", Count, nullable=False),
        sa.Column("messages", Count, nullable=False),
        **STRICT,
    )
    op.create_table(
        "marketing_member",
        sa.Column("campaign_id", Id, sa.ForeignKey("marketing_campaign.id"), primary_key=True),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), primary_key=True),
        sa.Column("arm", Text, nullable=False),
        sa.Column("stratum", Text, nullable=False),
        sa.Column("code", Text, nullable=False),
        sa.Column("why", Text, nullable=False),
        sa.Column("message_id", Id),
        sa.Column("offer_id", Id, sa.ForeignKey("crm_offer.id")),
        sa.Column("redeemed_at", Instant),
        **STRICT,
    )
    op.create_index(
        "ix_marketing_member_campaign_id_arm_customer_id",
        "marketing_member",
        ["campaign_id", "arm", "customer_id"],
    )
    op.create_index("ix_marketing_member_customer_id", "marketing_member", ["customer_id"])
    op.create_index("ix_marketing_member_offer_id", "marketing_member", ["offer_id"])
    op.create_table(
        "marketing_response",
        sa.Column("interaction_id", Id, sa.ForeignKey("crm_interaction.id"), primary_key=True),
        sa.Column("campaign_id", Id, sa.ForeignKey("marketing_campaign.id"), nullable=False),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), nullable=False),
        sa.Column("kind", Text, nullable=False),
        sa.Column("machine", Count, nullable=False),
        sa.Column("at", Instant, nullable=False),
        **STRICT,
    )
    op.create_index(
        "ix_marketing_response_campaign_id_customer_id",
        "marketing_response",
        ["campaign_id", "customer_id"],
    )
    op.create_index("ix_marketing_response_customer_id", "marketing_response", ["customer_id"])
