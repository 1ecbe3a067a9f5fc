"""Catalogue, documents, allocations, costs, points."""

import sqlalchemy as sa
from alembic import op

from crmkit.sql import STRICT, Count, Flag, Id, Instant, Json, Text

revision = "0001_initial"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "billing_account",
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), primary_key=True),
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
        **STRICT,
    )
    op.create_table(
        "billing_cost",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), nullable=False),
        sa.Column("interaction_id", Id, sa.ForeignKey("crm_interaction.id")),
        sa.Column("activity", Text, nullable=False),
        sa.Column("amount_minor", Count, nullable=False),
        sa.Column("currency", Text, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("source", Text, nullable=False),
        sa.Column("source_key", Text),
        sa.UniqueConstraint("source", "source_key", name="uq_billing_cost_source_source_key"),
        **STRICT,
    )
    op.create_index("ix_billing_cost_at", "billing_cost", ["at"])
    op.create_index("ix_billing_cost_customer_id", "billing_cost", ["customer_id"])
    op.create_index("ix_billing_cost_interaction_id", "billing_cost", ["interaction_id"])
    op.create_table(
        "billing_document",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("kind", Text, nullable=False),
        sa.Column("number", Text, nullable=False),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), nullable=False),
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
        sa.Column("source_id", Id, sa.ForeignKey("billing_document.id")),
        sa.Column("reference", Text, nullable=False),
        sa.Column("note", Text, nullable=False),
        sa.Column("method", Text, nullable=False),
        sa.Column("buyer", Json, nullable=False),
        sa.Column("source", Text, nullable=False),
        sa.Column("source_key", Text),
        sa.Column("version", Count, nullable=False),
        sa.UniqueConstraint("source", "source_key", name="uq_billing_document_source_source_key"),
        sa.CheckConstraint(
            "open_minor >= 0 AND open_minor <= gross_minor",
            name="ck_billing_document_ck_billing_document_open",
        ),
        sa.UniqueConstraint("number", name="uq_billing_document_number"),
        **STRICT,
    )
    op.create_index("ix_billing_document_customer_id", "billing_document", ["customer_id"])
    op.create_index("ix_billing_document_kind_at", "billing_document", ["kind", "at"])
    op.create_index("ix_billing_document_source_id", "billing_document", ["source_id"])
    op.create_index(
        "ix_billing_document_status_kind_due_day", "billing_document", ["status", "kind", "due_day"]
    )
    op.create_table(
        "billing_product",
        sa.Column("sku", Text, primary_key=True),
        sa.Column("name", Text, nullable=False),
        sa.Column("kind", Text, nullable=False),
        sa.Column("unit", Text, nullable=False),
        sa.Column("tax_class", Text, nullable=False),
        sa.Column("active", Flag, nullable=False),
        sa.Column("version", Count, nullable=False),
        **STRICT,
    )
    op.create_table(
        "billing_series",
        sa.Column("name", Text, primary_key=True),
        sa.Column("taken", Count, nullable=False),
        sa.Column("last_day", Text, nullable=False),
        **STRICT,
    )
    op.create_table(
        "billing_allocation",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("debit_id", Id, sa.ForeignKey("billing_document.id"), nullable=False),
        sa.Column("credit_id", Id, sa.ForeignKey("billing_document.id"), nullable=False),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), nullable=False),
        sa.Column("amount_minor", Count, nullable=False),
        sa.Column("at", Instant, nullable=False),
        **STRICT,
    )
    op.create_index("ix_billing_allocation_credit_id", "billing_allocation", ["credit_id"])
    op.create_index("ix_billing_allocation_customer_id", "billing_allocation", ["customer_id"])
    op.create_index("ix_billing_allocation_debit_id", "billing_allocation", ["debit_id"])
    op.create_table(
        "billing_line",
        sa.Column("document_id", Id, sa.ForeignKey("billing_document.id"), primary_key=True),
        sa.Column("position", Count, primary_key=True),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), nullable=False),
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
        sa.CheckConstraint(
            "done_micro >= 0 AND done_micro <= quantity_micro",
            name="ck_billing_line_ck_billing_line_done",
        ),
        **STRICT,
    )
    op.create_index("ix_billing_line_customer_id", "billing_line", ["customer_id"])
    op.create_table(
        "billing_points",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), nullable=False),
        sa.Column("points", Count, nullable=False),
        sa.Column("reason", Text, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("expires_at", Instant),
        sa.Column("unspent", Count, nullable=False),
        sa.Column("document_id", Id, sa.ForeignKey("billing_document.id")),
        sa.CheckConstraint("unspent >= 0", name="ck_billing_points_ck_billing_points_unspent"),
        **STRICT,
    )
    op.create_index("ix_billing_points_customer_id_at", "billing_points", ["customer_id", "at"])
    op.create_index("ix_billing_points_document_id", "billing_points", ["document_id"])
    op.create_index(
        "ix_billing_points_expiring",
        "billing_points",
        ["expires_at"],
        sqlite_where=sa.text("unspent > 0"),
        postgresql_where=sa.text("unspent > 0"),
    )
    op.create_table(
        "billing_price",
        sa.Column("sku", Text, sa.ForeignKey("billing_product.sku"), primary_key=True),
        sa.Column("price_list", Text, primary_key=True),
        sa.Column("currency", Text, primary_key=True),
        sa.Column("from_micro", Count, primary_key=True),
        sa.Column("since", Text, primary_key=True),
        sa.Column("amount_minor", Count, nullable=False),
        sa.Column("per", Count, nullable=False),
        **STRICT,
    )
    op.create_table(
        "billing_reminder",
        sa.Column("document_id", Id, sa.ForeignKey("billing_document.id"), primary_key=True),
        sa.Column("level", Count, primary_key=True),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("open_minor", Count, nullable=False),
        sa.Column("message_id", Id),
        **STRICT,
    )
    op.create_index("ix_billing_reminder_customer_id", "billing_reminder", ["customer_id"])
