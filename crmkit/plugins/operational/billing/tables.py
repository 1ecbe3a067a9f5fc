"""Catalogue, documents with their lines, what is set off, costs and points."""

import sqlalchemy as sa

from crmkit.sql import (
    Count,
    Flag,
    Id,
    Instant,
    Json,
    Text,
    customer_ref,
    interaction_ref,
    plugin_metadata,
    table,
)

metadata = plugin_metadata()

billing_account = table(
    "billing_account",
    metadata,
    customer_ref(primary_key=True),
    sa.Column("name", Text, nullable=False),
    sa.Column("street", Text, nullable=False),
    sa.Column("city", Text, nullable=False),
    sa.Column("postal_code", Text, nullable=False),
    sa.Column("country", Text, nullable=False),
    sa.Column("vat_id", Text, nullable=False),
    sa.Column("price_list", Text, nullable=False),
    sa.Column("payment_days", Count),
    sa.Column("reference", Text, nullable=False),
    sa.Column("electronic_address", Text, nullable=False),
    sa.Column("electronic_scheme", Text, nullable=False),
)

billing_product = table(
    "billing_product",
    metadata,
    sa.Column("sku", Text, primary_key=True),
    sa.Column("name", Text, nullable=False),
    sa.Column("kind", Text, nullable=False),
    sa.Column("unit", Text, nullable=False),
    sa.Column("tax_class", Text, nullable=False),
    sa.Column("active", Flag, nullable=False),
    sa.Column("version", Count, nullable=False),
)

billing_price = table(
    "billing_price",
    metadata,
    sa.Column("sku", Text, sa.ForeignKey("billing_product.sku"), primary_key=True),
    sa.Column("price_list", Text, primary_key=True),
    sa.Column("currency", Text, primary_key=True),
    sa.Column("from_micro", Count, primary_key=True),
    sa.Column("since", Text, primary_key=True),
    sa.Column("amount_minor", Count, nullable=False),
    sa.Column("per", Count, nullable=False),
)
"""*since* is a day as 2026-01-31, as all days here are."""

billing_series = table(
    "billing_series",
    metadata,
    sa.Column("name", Text, primary_key=True),
    sa.Column("taken", Count, nullable=False),
    sa.Column("last_day", Text, nullable=False),
)
"""How many numbers of a series were given; counted in the transaction that gives them."""

billing_document = table(
    "billing_document",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("kind", Text, nullable=False),
    sa.Column("number", Text, nullable=False),
    customer_ref(),
    sa.Column("status", Text, nullable=False),
    sa.Column("day", Text, nullable=False),
    sa.Column("due_day", Text),
    sa.Column("at", Instant, nullable=False),
    sa.Column("currency", Text, nullable=False),
    sa.Column("net_minor", Count, nullable=False),
    sa.Column("tax_minor", Count, nullable=False),
    sa.Column("gross_minor", Count, nullable=False),
    sa.Column("open_minor", Count, nullable=False),
    sa.Column("tax_included", Flag, nullable=False),
    sa.Column("purchase_noted", Flag, nullable=False),
    sa.Column("source_id", Id, sa.ForeignKey("billing_document.id"), index=True),
    sa.Column("reference", Text, nullable=False),
    sa.Column("note", Text, nullable=False),
    sa.Column("method", Text, nullable=False),
    sa.Column("buyer", Json, nullable=False),
    sa.Column("source", Text, nullable=False),
    sa.Column("source_key", Text),
    sa.Column("version", Count, nullable=False),
    sa.UniqueConstraint("number"),
    sa.UniqueConstraint("source", "source_key"),
    sa.CheckConstraint("open_minor >= 0 AND open_minor <= gross_minor", name="open"),
    sa.Index(None, "kind", "at"),
    sa.Index(None, "status", "kind", "due_day"),
)

billing_line = table(
    "billing_line",
    metadata,
    sa.Column("document_id", Id, sa.ForeignKey("billing_document.id"), primary_key=True),
    sa.Column("position", Count, primary_key=True),
    customer_ref(),
    sa.Column("sku", Text, nullable=False),
    sa.Column("name", Text, nullable=False),
    sa.Column("unit", Text, nullable=False),
    sa.Column("quantity_micro", Count, nullable=False),
    sa.Column("price_minor", Count, nullable=False),
    sa.Column("per", Count, nullable=False),
    sa.Column("discount_minor", Count, nullable=False),
    sa.Column("net_minor", Count, nullable=False),
    sa.Column("tax_minor", Count, nullable=False),
    sa.Column("cost_minor", Count, nullable=False),
    sa.Column("category", Text, nullable=False),
    sa.Column("rate_bp", Count, nullable=False),
    sa.Column("reason", Text, nullable=False),
    sa.Column("source_position", Count, nullable=False),
    sa.Column("done_micro", Count, nullable=False),
    sa.CheckConstraint("done_micro >= 0 AND done_micro <= quantity_micro", name="done"),
)

billing_allocation = table(
    "billing_allocation",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("debit_id", Id, sa.ForeignKey("billing_document.id"), nullable=False, index=True),
    sa.Column("credit_id", Id, sa.ForeignKey("billing_document.id"), nullable=False, index=True),
    customer_ref(),
    sa.Column("amount_minor", Count, nullable=False),
    sa.Column("at", Instant, nullable=False),
)
"""What of an invoice or a refund is set off against what of a payment or a credit note."""

billing_reminder = table(
    "billing_reminder",
    metadata,
    sa.Column("document_id", Id, sa.ForeignKey("billing_document.id"), primary_key=True),
    sa.Column("level", Count, primary_key=True),
    customer_ref(),
    sa.Column("at", Instant, nullable=False),
    sa.Column("open_minor", Count, nullable=False),
    sa.Column("message_id", Id),
)

billing_cost = table(
    "billing_cost",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    customer_ref(),
    interaction_ref(nullable=True),
    sa.Column("activity", Text, nullable=False),
    sa.Column("amount_minor", Count, nullable=False),
    sa.Column("currency", Text, nullable=False),
    sa.Column("at", Instant, nullable=False, index=True),
    sa.Column("source", Text, nullable=False),
    sa.Column("source_key", Text),
    sa.UniqueConstraint("source", "source_key"),
)
"""What serving a customer cost, once."""

billing_points = table(
    "billing_points",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    customer_ref(index=False),
    sa.Column("points", Count, nullable=False),
    sa.Column("reason", Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("expires_at", Instant),
    sa.Column("unspent", Count, nullable=False),
    sa.Column("document_id", Id, sa.ForeignKey("billing_document.id"), index=True),
    sa.CheckConstraint("unspent >= 0", name="unspent"),
    sa.Index(None, "customer_id", "at"),
)
"""The ledger of points; the balance is its sum."""
sa.Index(
    "ix_billing_points_expiring",
    billing_points.c.expires_at,
    sqlite_where=billing_points.c.unspent > 0,
    postgresql_where=billing_points.c.unspent > 0,
)
