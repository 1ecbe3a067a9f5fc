"""Templates, every version of them."""

import sqlalchemy as sa
from alembic import op

from crmkit.sql import STRICT, Count, Id, Instant, Json, Text

revision = "0001_initial"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "templates_version",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("name", Text, nullable=False),
        sa.Column("language", Text, nullable=False),
        sa.Column("version", Count, nullable=False),
        sa.Column("subject", Text, nullable=False),
        sa.Column("text", Text, nullable=False),
        sa.Column("html", Text, nullable=False),
        sa.Column("mjml", Text, nullable=False),
        sa.Column("asked", Json, nullable=False),
        sa.Column("taken", Json, nullable=False),
        sa.Column("saved_at", Instant, nullable=False),
        sa.Column("saved_by", Text, nullable=False),
        sa.UniqueConstraint(
            "name", "language", "version", name="uq_templates_version_name_language_version"
        ),
        **STRICT,
    )
