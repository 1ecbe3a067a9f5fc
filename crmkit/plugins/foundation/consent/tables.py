"""The log of consent, and the ledger of suppressed addresses."""

import sqlalchemy as sa

from crmkit.sql import Count, Flag, Id, Instant, Text, customer_ref, plugin_metadata, table

metadata = plugin_metadata()

consent_event = table(
    "consent_event",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    customer_ref(),
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
)

consent_suppression = table(
    "consent_suppression",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("digest", Text, nullable=False, index=True),
    sa.Column("suppressed", Flag, nullable=False),
    sa.Column("reason", Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("recorded_by", Text, nullable=False),
)
"""Append-only; the last row of a digest says whether it is suppressed. Holds no address."""

consent_key = table(
    "consent_key",
    metadata,
    sa.Column("id", Count, primary_key=True, autoincrement=False),
    sa.Column("secret", Text, nullable=False),
)
"""One row: what the digests of addresses are keyed with."""
