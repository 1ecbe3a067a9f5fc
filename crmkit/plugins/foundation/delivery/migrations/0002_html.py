"""Messages may have HTML beside their text."""

import sqlalchemy as sa
from alembic import op

from crmkit.sql import Text

revision = "0002_html"
down_revision = "0001_initial"


def upgrade() -> None:
    html = sa.Column("html", Text, nullable=False, server_default="")
    op.add_column("delivery_intent", html)
