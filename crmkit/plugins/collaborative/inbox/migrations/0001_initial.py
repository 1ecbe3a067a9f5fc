"""The messages that came in."""

import sqlalchemy as sa
from alembic import op

from crmkit.sql import STRICT, Count, Id, Instant, Text

revision = "0001_initial"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "inbox_message",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("interaction_id", Id, sa.ForeignKey("crm_interaction.id"), nullable=False),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), nullable=False),
        sa.Column("channel", Text, nullable=False),
        sa.Column("how", Text, nullable=False),
        sa.Column("unresolved", Count, nullable=False),
        sa.Column("case_id", Id),
        sa.Column("state", Text, nullable=False),
        sa.Column("settled_at", Instant),
        sa.Column("settled_by", Text, nullable=False),
        sa.Column("note", Text, nullable=False),
        **STRICT,
    )
    for columns in (
        ["interaction_id"],
        ["customer_id"],
        ["state", "id"],
        ["unresolved", "state", "id"],
    ):
        op.create_index("_".join(["ix_inbox_message", *columns]), "inbox_message", columns)
