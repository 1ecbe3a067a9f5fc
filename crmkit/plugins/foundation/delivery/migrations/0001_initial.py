"""The ledger of intents and the log of attempts."""

import sqlalchemy as sa
from alembic import op

from crmkit.sql import STRICT, Count, Id, Instant, Text

revision = "0001_initial"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "delivery_intent",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("key", Text, nullable=False),
        sa.Column("run", Text, nullable=False),
        sa.Column("step", Text, nullable=False),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), nullable=False),
        sa.Column("channel", Text, nullable=False),
        sa.Column("address", Text, nullable=False),
        sa.Column("purpose", Text, nullable=False),
        sa.Column("subject", Text, nullable=False),
        sa.Column("text", Text, nullable=False),
        sa.Column("offer_id", Id, sa.ForeignKey("crm_offer.id")),
        sa.Column("because", Text, nullable=False),
        sa.Column("priority", Text, nullable=False),
        sa.Column("state", Text, nullable=False),
        sa.Column("not_before", Instant, nullable=False),
        sa.Column("expires_at", Instant),
        sa.Column("attempts", Count, nullable=False),
        sa.Column("claimed_by", Text, nullable=False),
        sa.Column("claimed_at", Instant),
        sa.Column("token", Count, nullable=False),
        sa.Column("lease_until", Instant),
        sa.Column("finished_at", Instant),
        sa.Column("reference", Text, nullable=False),
        sa.Column("detail", Text, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        **STRICT,
    )
    _index("delivery_intent", "key", unique=True)
    _index("delivery_intent", "state", "priority", "not_before", "id")
    _index("delivery_intent", "run", "state")
    _index("delivery_intent", "customer_id")
    _index("delivery_intent", "offer_id")
    op.create_table(
        "delivery_attempt",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("intent_id", Id, sa.ForeignKey("delivery_intent.id"), nullable=False),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("state", Text, nullable=False),
        sa.Column("detail", Text, nullable=False),
        **STRICT,
    )
    _index("delivery_attempt", "intent_id")
    _index("delivery_attempt", "customer_id")
    op.create_table(
        "delivery_pause",
        sa.Column("run", Text, primary_key=True),
        sa.Column("channel", Text, primary_key=True),
        sa.Column("since", Instant, nullable=False),
        sa.Column("note", Text, nullable=False),
        **STRICT,
    )
    op.create_table(
        "delivery_pace",
        sa.Column("name", Text, primary_key=True),
        sa.Column("used_until", Instant),
        **STRICT,
    )


def _index(table: str, *columns: str, unique: bool = False) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns), unique=unique)
