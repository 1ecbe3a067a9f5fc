"""Mailboxes, threads, bodies, attachments, quarantine."""

import sqlalchemy as sa
from alembic import op

from crmkit.sql import STRICT, Count, Id, Instant, Text

revision = "0001_initial"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "email_mailbox",
        sa.Column("name", Text, primary_key=True),
        sa.Column("uid_validity", Count, nullable=False),
        sa.Column("last_uid", Count, nullable=False),
        **STRICT,
    )
    op.create_table(
        "email_reference",
        sa.Column("message_id", Text, primary_key=True),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), primary_key=True),
        sa.Column("thread", Text, nullable=False),
        **STRICT,
    )
    op.create_index("ix_email_reference_customer_id", "email_reference", ["customer_id"])
    op.create_table(
        "email_body",
        sa.Column(
            "interaction_id",
            Id,
            sa.ForeignKey("crm_interaction.id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), nullable=False),
        sa.Column("html", Text, nullable=False),
        **STRICT,
    )
    op.create_index("ix_email_body_customer_id", "email_body", ["customer_id"])
    op.create_table(
        "email_attachment",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("interaction_id", Id, sa.ForeignKey("crm_interaction.id"), nullable=False),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), nullable=False),
        sa.Column("name", Text, nullable=False),
        sa.Column("media_type", Text, nullable=False),
        sa.Column("content_id", Text, nullable=False),
        sa.Column("size_bytes", Count, nullable=False),
        sa.Column("sha256", Text, nullable=False),
        sa.Column("content", Text, nullable=False),
        **STRICT,
    )
    op.create_index("ix_email_attachment_interaction_id", "email_attachment", ["interaction_id"])
    op.create_index("ix_email_attachment_customer_id", "email_attachment", ["customer_id"])
    op.create_table(
        "email_quarantine",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("mailbox", Text, nullable=False),
        sa.Column("digest", Text, nullable=False),
        sa.Column("received_at", Instant, nullable=False),
        sa.Column("why", Text, nullable=False),
        sa.Column("size_bytes", Count, nullable=False),
        sa.Column("content", Text, nullable=False),
        sa.UniqueConstraint("digest", name="uq_email_quarantine_digest"),
        **STRICT,
    )
