"""Customers, interactions, offers, and the indexes they are found by."""

import sqlalchemy as sa
from alembic import op

from crmkit.sql import STRICT, Count, Flag, Id, Instant, Json, Real, Text

revision = "0001_initial"
down_revision = None


def upgrade() -> None:
    _customers()
    _offers()
    _interactions()
    op.create_table(
        "crm_sequence",
        sa.Column("name", Text, primary_key=True),
        sa.Column("next_id", Count, nullable=False),
        **STRICT,
    )
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_indexes()
    else:
        _postgresql_indexes()


def _customers() -> None:
    op.create_table(
        "crm_customer",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("kind", Text, nullable=False),
        sa.Column("standing", Text, nullable=False),
        sa.Column("name", Text, nullable=False),
        sa.Column("locale", Text, nullable=False),
        sa.Column("time_zone", Text, nullable=False),
        sa.Column("status", Text, nullable=False),
        sa.Column("merged_into", Id, sa.ForeignKey("crm_customer.id")),
        sa.Column("attributes", Json, nullable=False),
        sa.Column("version", Count, nullable=False),
        sa.Column("name_key", Text, nullable=False),
        sa.Column("search_key", Text, nullable=False),
        sa.Column("changed_at", Instant, nullable=False),
        sa.Column("changed_by", Text, nullable=False),
        **STRICT,
    )
    op.create_table(
        "crm_contact_point",
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), primary_key=True),
        sa.Column("position", Count, primary_key=True),
        sa.Column("kind", Text, nullable=False),
        sa.Column("value", Text, nullable=False),
        sa.Column("key", Text, nullable=False),
        sa.Column("label", Text, nullable=False),
        sa.Column("preferred", Flag, nullable=False),
        **STRICT,
    )
    op.create_index("ix_crm_contact_point_key_kind", "crm_contact_point", ["key", "kind"])
    op.create_table(
        "crm_identity",
        sa.Column("namespace", Text, primary_key=True),
        sa.Column("external_id", Text, primary_key=True),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), nullable=False),
        **STRICT,
    )
    op.create_index("ix_crm_identity_customer_id", "crm_identity", ["customer_id"])
    op.create_table(
        "crm_attribute_value",
        sa.Column("name", Text, primary_key=True),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), primary_key=True),
        sa.Column("value", Text, nullable=False),
        **STRICT,
    )
    op.create_index("ix_crm_attribute_value_name_value", "crm_attribute_value", ["name", "value"])
    op.create_index("ix_crm_attribute_value_customer_id", "crm_attribute_value", ["customer_id"])


def _offers() -> None:
    op.create_table(
        "crm_offer",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), nullable=False),
        sa.Column("what", Text, nullable=False),
        sa.Column("kind", Text, nullable=False),
        sa.Column("terms", Json, nullable=False),
        sa.Column("cost_minor", Count),
        sa.Column("currency", Text),
        sa.Column("valid_from", Instant),
        sa.Column("valid_until", Instant),
        sa.Column("why", Text, nullable=False),
        sa.Column("plugin", Text, nullable=False),
        sa.Column("status", Text, nullable=False),
        sa.Column("carried_by", Id),
        sa.Column("answered_by", Id),
        sa.Column("version", Count, nullable=False),
        **STRICT,
    )
    op.create_index("ix_crm_offer_customer_id_status", "crm_offer", ["customer_id", "status"])
    for name in ("carried_by", "answered_by"):
        there = sa.text(f"{name} IS NOT NULL")
        op.create_index(
            f"ix_crm_offer_{name}",
            "crm_offer",
            [name],
            sqlite_where=there,
            postgresql_where=there,
        )


def _interactions() -> None:
    op.create_table(
        "crm_interaction",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), nullable=False),
        sa.Column("kind", Text, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("channel", Text, nullable=False),
        sa.Column("direction", Text, nullable=False),
        sa.Column("amount_minor", Count),
        sa.Column("currency", Text),
        sa.Column("text", Text, nullable=False),
        sa.Column("thread", Text, nullable=False),
        sa.Column("offer_id", Id, sa.ForeignKey("crm_offer.id")),
        sa.Column("machine", Flag, nullable=False),
        sa.Column("payload", Json),
        sa.Column("source", Text, nullable=False),
        sa.Column("source_key", Text),
        **STRICT,
    )
    table = "crm_interaction"
    op.create_index("ix_crm_interaction_timeline", table, ["customer_id", "at", "id"])
    op.create_index(
        "ix_crm_interaction_feature",
        table,
        ["kind", "customer_id", "at", "amount_minor", "currency"],
    )
    op.create_index("uq_crm_interaction_source", table, ["source", "source_key"], unique=True)
    has_offer = sa.text("offer_id IS NOT NULL")
    op.create_index(
        "ix_crm_interaction_offer",
        table,
        ["offer_id"],
        sqlite_where=has_offer,
        postgresql_where=has_offer,
    )
    op.create_table(
        "crm_line",
        sa.Column("interaction_id", Id, sa.ForeignKey("crm_interaction.id"), primary_key=True),
        sa.Column("position", Count, primary_key=True),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), nullable=False),
        sa.Column("sku", Text, nullable=False),
        sa.Column("name", Text, nullable=False),
        sa.Column("quantity", Real, nullable=False),
        sa.Column("amount_minor", Count, nullable=False),
        sa.Column("currency", Text, nullable=False),
        **STRICT,
    )
    op.create_index("ix_crm_line_customer_id", "crm_line", ["customer_id"])
    op.create_table(
        "crm_text_queue",
        sa.Column("interaction_id", Id, primary_key=True, autoincrement=False),
        **STRICT,
    )


def _sqlite_indexes() -> None:
    op.create_index("ix_crm_customer_name_key", "crm_customer", ["name_key"])
    op.execute(
        "CREATE VIRTUAL TABLE crm_customer_search USING fts5"
        " (search_key, content='crm_customer', content_rowid='id', tokenize='trigram')"
    )
    op.execute("CREATE VIRTUAL TABLE crm_interaction_search USING fts5 (text, content='')")


def _postgresql_indexes() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.create_index(
        "ix_crm_customer_name_key",
        "crm_customer",
        ["name_key"],
        postgresql_ops={"name_key": "text_pattern_ops"},
    )
    op.create_index(
        "ix_crm_customer_search_key",
        "crm_customer",
        ["search_key"],
        postgresql_using="gin",
        postgresql_ops={"search_key": "gin_trgm_ops"},
    )
    op.execute(
        "CREATE TABLE crm_interaction_search (interaction_id BIGINT PRIMARY KEY"
        " REFERENCES crm_interaction (id), document TSVECTOR NOT NULL)"
    )
    op.execute(
        "CREATE INDEX ix_crm_interaction_search_document ON crm_interaction_search"
        " USING gin (document)"
    )
    for name in ("customer", "interaction", "offer", "record"):
        op.execute(f"CREATE SEQUENCE crm_{name}_id")
