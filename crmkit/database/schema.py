"""Core's tables as they are today, and what every plugin's tables start from."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from .columns import Count, Flag, Id, Instant, Json, Real, Text

NAMING: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
STRICT: Final = {"sqlite_strict": True}
"""Keyword arguments for every ``op.create_table``: SQLite then refuses values of a wrong type."""


def plugin_metadata() -> sa.MetaData:
    """A fresh MetaData with crmkit's constraint names, for the tables of one plugin."""
    return sa.MetaData(naming_convention=NAMING)


def table(name: str, metadata: sa.MetaData, *items: sa.schema.SchemaItem) -> sa.Table:
    """A table that is STRICT on SQLite."""
    made: sa.Table = sa.Table(name, metadata, *items, sqlite_strict=True)
    return made


metadata = plugin_metadata()

customer = table(
    "crm_customer",
    metadata,
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
    sa.Index(None, "name_key", postgresql_ops={"name_key": "text_pattern_ops"}),
    sa.Index(
        None,
        "search_key",
        postgresql_using="gin",
        postgresql_ops={"search_key": "gin_trgm_ops"},
    ).ddl_if(dialect="postgresql"),
)

contact_point = table(
    "crm_contact_point",
    metadata,
    sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), primary_key=True),
    sa.Column("position", Count, primary_key=True),
    sa.Column("kind", Text, nullable=False),
    sa.Column("value", Text, nullable=False),
    sa.Column("key", Text, nullable=False),
    sa.Column("label", Text, nullable=False),
    sa.Column("preferred", Flag, nullable=False),
    sa.Index(None, "key", "kind"),
)

identity = table(
    "crm_identity",
    metadata,
    sa.Column("namespace", Text, primary_key=True),
    sa.Column("external_id", Text, primary_key=True),
    sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), nullable=False, index=True),
)

attribute_value = table(
    "crm_attribute_value",
    metadata,
    sa.Column("name", Text, primary_key=True),
    sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), primary_key=True),
    sa.Column("value", Text, nullable=False),
    sa.Index(None, "name", "value"),
    sa.Index(None, "customer_id"),
)

offer = table(
    "crm_offer",
    metadata,
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
    sa.Index(None, "customer_id", "status"),
)

sa.Index(
    "ix_crm_offer_carried_by",
    offer.c.carried_by,
    sqlite_where=offer.c.carried_by.is_not(None),
    postgresql_where=offer.c.carried_by.is_not(None),
)
sa.Index(
    "ix_crm_offer_answered_by",
    offer.c.answered_by,
    sqlite_where=offer.c.answered_by.is_not(None),
    postgresql_where=offer.c.answered_by.is_not(None),
)

interaction = table(
    "crm_interaction",
    metadata,
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
)
sa.Index(
    "ix_crm_interaction_timeline", interaction.c.customer_id, interaction.c.at, interaction.c.id
)
sa.Index(
    "ix_crm_interaction_feature",
    interaction.c.kind,
    interaction.c.customer_id,
    interaction.c.at,
    interaction.c.amount_minor,
    interaction.c.currency,
)
sa.Index("uq_crm_interaction_source", interaction.c.source, interaction.c.source_key, unique=True)
sa.Index(
    "ix_crm_interaction_offer",
    interaction.c.offer_id,
    sqlite_where=interaction.c.offer_id.is_not(None),
    postgresql_where=interaction.c.offer_id.is_not(None),
)

line = table(
    "crm_line",
    metadata,
    sa.Column("interaction_id", Id, sa.ForeignKey("crm_interaction.id"), primary_key=True),
    sa.Column("position", Count, primary_key=True),
    sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), nullable=False, index=True),
    sa.Column("sku", Text, nullable=False),
    sa.Column("name", Text, nullable=False),
    sa.Column("quantity", Real, nullable=False),
    sa.Column("amount_minor", Count, nullable=False),
    sa.Column("currency", Text, nullable=False),
)

text_queue = table(
    "crm_text_queue",
    metadata,
    sa.Column("interaction_id", Id, primary_key=True, autoincrement=False),
)
"""Interactions whose text is not in the full-text index yet."""

sequence = table(
    "crm_sequence",
    metadata,
    sa.Column("name", Text, primary_key=True),
    sa.Column("next_id", Count, nullable=False),
)
"""SQLite's id counters; PostgreSQL has sequences."""


def customer_ref(*, primary_key: bool = False, index: bool = True) -> sa.Column[Any]:
    """The foreign key column that ties a plugin's row to a customer."""
    return sa.Column(
        "customer_id",
        Id,
        sa.ForeignKey(customer.c.id),
        primary_key=primary_key,
        nullable=False,
        index=index and not primary_key,
    )


def interaction_ref(name: str = "interaction_id", *, nullable: bool = False) -> sa.Column[Any]:
    """A foreign key column to an interaction."""
    return sa.Column(name, Id, sa.ForeignKey(interaction.c.id), nullable=nullable, index=True)


def offer_ref(name: str = "offer_id", *, nullable: bool = False) -> sa.Column[Any]:
    """A foreign key column to an offer."""
    return sa.Column(name, Id, sa.ForeignKey(offer.c.id), nullable=nullable, index=True)
