"""Runs, communities, anchors, memberships, and who has to be placed again."""

import sqlalchemy as sa
from alembic import op

from crmkit.sql import STRICT, Count, Flag, Id, Instant, Json, Real, Text

revision = "0001_initial"
down_revision = None


def upgrade() -> None:
    _runs()
    _communities()
    _customers()


def _runs() -> None:
    op.create_table(
        "communities_run",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("state", Text, nullable=False),
        sa.Column("reason", Text, nullable=False),
        sa.Column("as_of", Instant, nullable=False),
        sa.Column("parameters", Json, nullable=False),
        sa.Column("items", Json, nullable=False),
        sa.Column("customers", Count, nullable=False),
        sa.Column("fitted", Count, nullable=False),
        sa.Column("edges", Count, nullable=False),
        sa.Column("modularity", Real, nullable=False),
        sa.Column("chance", Real, nullable=False),
        sa.Column("events", Json, nullable=False),
        sa.Column("started_at", Instant, nullable=False),
        sa.Column("finished_at", Instant, nullable=False),
        sa.Column("actor", Text, nullable=False),
        **STRICT,
    )


def _communities() -> None:
    op.create_table(
        "communities_community",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("name", Text, nullable=False, unique=True),
        sa.Column("former_names", Json, nullable=False),
        sa.Column("renamed", Flag, nullable=False),
        sa.Column("title", Text, nullable=False),
        sa.Column("fitted", Count, nullable=False),
        sa.Column("marks", Json, nullable=False),
        sa.Column("habits", Json, nullable=False),
        sa.Column("born_at", Instant, nullable=False),
        sa.Column("ended_at", Instant),
        **STRICT,
    )


def _customers() -> None:
    op.create_table(
        "communities_anchor",
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), primary_key=True),
        sa.Column("community_id", Id, sa.ForeignKey("communities_community.id")),
        sa.Column("products", Json, nullable=False),
        sa.Column("habits", Json, nullable=False),
        **STRICT,
    )
    op.create_table(
        "communities_membership",
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), primary_key=True),
        sa.Column("community_id", Id, sa.ForeignKey("communities_community.id"), primary_key=True),
        sa.Column("strength", Real, nullable=False),
        sa.Column("belongs", Flag, nullable=False),
        sa.Column("why", Text, nullable=False),
        **STRICT,
    )
    op.create_index(
        "ix_communities_membership_community_id", "communities_membership", ["community_id"]
    )
    op.create_table(
        "communities_inbox",
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), primary_key=True),
        sa.Column("batch", Count, primary_key=True),
        sa.Column("taken", Count, nullable=False),
        **STRICT,
    )
