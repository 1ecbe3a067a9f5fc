"""Leads, deals, quotes, preferences."""

import sqlalchemy as sa
from alembic import op

from crmkit.sql import STRICT, Count, Id, Instant, Json, Real, Text

revision = "0001_initial"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "sales_lead",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), nullable=False),
        sa.Column("interest", Text, nullable=False),
        sa.Column("owner", Text, nullable=False),
        sa.Column("status", Text, nullable=False),
        sa.Column("criteria", Json, nullable=False),
        sa.Column("reason", Text, nullable=False),
        sa.Column("opened_at", Instant, nullable=False),
        sa.Column("changed_at", Instant, nullable=False),
        sa.Column("deal_id", Id),
        sa.Column("source", Text, nullable=False),
        sa.Column("source_key", Text),
        sa.Column("version", Count, nullable=False),
        sa.UniqueConstraint("source", "source_key", name="uq_sales_lead_source_source_key"),
        **STRICT,
    )
    op.create_index("ix_sales_lead_customer_id", "sales_lead", ["customer_id"])
    op.create_index("ix_sales_lead_status_owner", "sales_lead", ["status", "owner"])
    op.create_table(
        "sales_preference",
        sa.Column("interaction_id", Id, sa.ForeignKey("crm_interaction.id"), primary_key=True),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), nullable=False),
        sa.Column("topic", Text, nullable=False),
        sa.Column("what", Text, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("deal_id", Id),
        **STRICT,
    )
    op.create_index("ix_sales_preference_customer_id", "sales_preference", ["customer_id"])
    op.create_table(
        "sales_deal",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), nullable=False),
        sa.Column("name", Text, nullable=False),
        sa.Column("pipeline", Text, nullable=False),
        sa.Column("stage", Text, nullable=False),
        sa.Column("owner", Text, nullable=False),
        sa.Column("amount_minor", Count, nullable=False),
        sa.Column("monthly_minor", Count, nullable=False),
        sa.Column("term_months", Count, nullable=False),
        sa.Column("currency", Text, nullable=False),
        sa.Column("probability", Real),
        sa.Column("expected_day", Text),
        sa.Column("opened_at", Instant, nullable=False),
        sa.Column("stage_since", Instant, nullable=False),
        sa.Column("closed_at", Instant),
        sa.Column("outcome", Text, nullable=False),
        sa.Column("reason", Text, nullable=False),
        sa.Column("next_at", Instant),
        sa.Column("next_what", Text, nullable=False),
        sa.Column("lead_id", Id, sa.ForeignKey("sales_lead.id")),
        sa.Column("source", Text, nullable=False),
        sa.Column("source_key", Text),
        sa.Column("version", Count, nullable=False),
        sa.UniqueConstraint("source", "source_key", name="uq_sales_deal_source_source_key"),
        **STRICT,
    )
    op.create_index("ix_sales_deal_customer_id", "sales_deal", ["customer_id"])
    op.create_index("ix_sales_deal_lead_id", "sales_deal", ["lead_id"])
    op.create_index("ix_sales_deal_owner_outcome", "sales_deal", ["owner", "outcome"])
    op.create_index(
        "ix_sales_deal_pipeline_outcome_stage", "sales_deal", ["pipeline", "outcome", "stage"]
    )
    op.create_table(
        "sales_move",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("deal_id", Id, sa.ForeignKey("sales_deal.id"), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("actor", Text, nullable=False),
        sa.Column("before", Text, nullable=False),
        sa.Column("after", Text, nullable=False),
        sa.Column("stayed_micros", Count, nullable=False),
        **STRICT,
    )
    op.create_index("ix_sales_move_deal_id", "sales_move", ["deal_id"])
    op.create_table(
        "sales_quote",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("deal_id", Id, sa.ForeignKey("sales_deal.id"), nullable=False),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), nullable=False),
        sa.Column("revision", Count, nullable=False),
        sa.Column("status", Text, nullable=False),
        sa.Column("valid_day", Text, nullable=False),
        sa.Column("currency", Text, nullable=False),
        sa.Column("total_minor", Count, nullable=False),
        sa.Column("note", Text, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("answered_at", Instant),
        sa.Column("version", Count, nullable=False),
        sa.UniqueConstraint("deal_id", "revision", name="uq_sales_quote_deal_id_revision"),
        **STRICT,
    )
    op.create_index("ix_sales_quote_customer_id", "sales_quote", ["customer_id"])
    op.create_table(
        "sales_quote_line",
        sa.Column("quote_id", Id, sa.ForeignKey("sales_quote.id"), primary_key=True),
        sa.Column("position", Count, primary_key=True),
        sa.Column("sku", Text, nullable=False),
        sa.Column("name", Text, nullable=False),
        sa.Column("quantity_micro", Count, nullable=False),
        sa.Column("price_minor", Count, nullable=False),
        sa.Column("per", Count, nullable=False),
        sa.Column("discount_minor", Count, nullable=False),
        sa.Column("amount_minor", Count, nullable=False),
        **STRICT,
    )
