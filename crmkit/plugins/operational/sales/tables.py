"""Leads, deals with their moves, quotes with their lines, preferences."""

import sqlalchemy as sa

from crmkit.sql import (
    Count,
    Id,
    Instant,
    Json,
    Real,
    Text,
    customer_ref,
    interaction,
    plugin_metadata,
    table,
)

metadata = plugin_metadata()

sales_lead = table(
    "sales_lead",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    customer_ref(),
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
    sa.UniqueConstraint("source", "source_key"),
    sa.Index(None, "status", "owner"),
)

sales_deal = table(
    "sales_deal",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    customer_ref(),
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
    sa.Column("lead_id", Id, sa.ForeignKey("sales_lead.id"), index=True),
    sa.Column("source", Text, nullable=False),
    sa.Column("source_key", Text),
    sa.Column("version", Count, nullable=False),
    sa.UniqueConstraint("source", "source_key"),
    sa.Index(None, "pipeline", "outcome", "stage"),
    sa.Index(None, "owner", "outcome"),
)

sales_move = table(
    "sales_move",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("deal_id", Id, sa.ForeignKey("sales_deal.id"), nullable=False, index=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("actor", Text, nullable=False),
    sa.Column("before", Text, nullable=False),
    sa.Column("after", Text, nullable=False),
    sa.Column("stayed_micros", Count, nullable=False),
)

sales_quote = table(
    "sales_quote",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("deal_id", Id, sa.ForeignKey("sales_deal.id"), nullable=False),
    customer_ref(),
    sa.Column("revision", Count, nullable=False),
    sa.Column("status", Text, nullable=False),
    sa.Column("valid_day", Text, nullable=False),
    sa.Column("currency", Text, nullable=False),
    sa.Column("total_minor", Count, nullable=False),
    sa.Column("note", Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("answered_at", Instant),
    sa.Column("version", Count, nullable=False),
    sa.UniqueConstraint("deal_id", "revision"),
)

sales_quote_line = table(
    "sales_quote_line",
    metadata,
    sa.Column("quote_id", Id, sa.ForeignKey("sales_quote.id"), primary_key=True),
    sa.Column("position", Count, primary_key=True),
    sa.Column("sku", Text, nullable=False),
    sa.Column("name", Text, nullable=False),
    sa.Column("quantity_micro", Count, nullable=False),
    sa.Column("price_minor", Count, nullable=False),
    sa.Column("per", Count, nullable=False),
    sa.Column("discount_minor", Count, nullable=False),
    sa.Column("amount_minor", Count, nullable=False),
)

sales_preference = table(
    "sales_preference",
    metadata,
    sa.Column("interaction_id", Id, sa.ForeignKey(interaction.c.id), primary_key=True),
    customer_ref(),
    sa.Column("topic", Text, nullable=False),
    sa.Column("what", Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("deal_id", Id),
)
