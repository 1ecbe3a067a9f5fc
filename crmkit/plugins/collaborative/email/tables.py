"""What came in: how far mailboxes are read, threads, bodies, attachments, quarantine."""

import sqlalchemy as sa

from crmkit.sql import (
    Count,
    Id,
    Instant,
    Text,
    customer_ref,
    interaction,
    interaction_ref,
    plugin_metadata,
    table,
)

metadata = plugin_metadata()

email_mailbox = table(
    "email_mailbox",
    metadata,
    sa.Column("name", Text, primary_key=True),
    sa.Column("uid_validity", Count, nullable=False),
    sa.Column("last_uid", Count, nullable=False),
)
"""How far an IMAP mailbox is read; the numbers mean nothing under another *uid_validity*."""

email_reference = table(
    "email_reference",
    metadata,
    sa.Column("message_id", Text, primary_key=True),
    customer_ref(primary_key=True),
    sa.Column("thread", Text, nullable=False),
    sa.Index(None, "customer_id"),
)
"""The conversation that a mail of a customer belongs to."""

email_body = table(
    "email_body",
    metadata,
    sa.Column(
        "interaction_id", Id, sa.ForeignKey(interaction.c.id), primary_key=True,
        autoincrement=False,
    ),
    customer_ref(),
    sa.Column("html", Text, nullable=False),
)  # fmt: skip
"""The HTML of a mail as it came; it is made harmless when it is shown."""

email_attachment = table(
    "email_attachment",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    interaction_ref(),
    customer_ref(),
    sa.Column("name", Text, nullable=False),
    sa.Column("media_type", Text, nullable=False),
    sa.Column("content_id", Text, nullable=False),
    sa.Column("size_bytes", Count, nullable=False),
    sa.Column("sha256", Text, nullable=False),
    sa.Column("content", Text, nullable=False),
)
"""*content* is base64; an attachment is found by its number, never by its name."""

email_quarantine = table(
    "email_quarantine",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("mailbox", Text, nullable=False),
    sa.Column("digest", Text, nullable=False),
    sa.Column("received_at", Instant, nullable=False),
    sa.Column("why", Text, nullable=False),
    sa.Column("size_bytes", Count, nullable=False),
    sa.Column("content", Text, nullable=False),
    sa.UniqueConstraint("digest"),
)
"""Mails that could not be read or believed; *content* is base64, empty where they are too large."""
