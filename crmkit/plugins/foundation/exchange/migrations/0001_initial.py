"""How far each import got."""

import sqlalchemy as sa
from alembic import op

from crmkit.sql import STRICT, Count, Id, Instant, Json, Text

revision = "0001_initial"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "exchange_import",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("path", Text, nullable=False),
        sa.Column("file_digest", Text, nullable=False),
        sa.Column("mapping_digest", Text, nullable=False),
        sa.Column("kind", Text, nullable=False),
        sa.Column("state", Text, nullable=False),
        sa.Column("next_row", Count, nullable=False),
        sa.Column("created", Count, nullable=False),
        sa.Column("updated", Count, nullable=False),
        sa.Column("unchanged", Count, nullable=False),
        sa.Column("skipped", Count, nullable=False),
        sa.Column("outside", Count, nullable=False),
        sa.Column("rejected", Count, nullable=False),
        sa.Column("customers", Count, nullable=False),
        sa.Column("interactions", Count, nullable=False),
        sa.Column("reasons", Json, nullable=False),
        sa.Column("rejects_bytes", Count, nullable=False),
        sa.Column("started_at", Instant, nullable=False),
        sa.Column("finished_at", Instant),
        sa.Column("actor", Text, nullable=False),
        **STRICT,
    )
    op.create_index(
        "ix_exchange_import_file_digest_mapping_digest",
        "exchange_import",
        ["file_digest", "mapping_digest"],
    )
    is_running = sa.text("state = 'running'")
    op.create_index(
        "uq_exchange_import_running",
        "exchange_import",
        ["file_digest", "mapping_digest"],
        unique=True,
        sqlite_where=is_running,
        postgresql_where=is_running,
    )
