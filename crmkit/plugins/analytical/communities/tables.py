"""Runs, communities, whom they were found among, and how strongly customers are drawn to them."""

import sqlalchemy as sa

from crmkit.sql import (
    Count,
    Flag,
    Id,
    Instant,
    Json,
    Real,
    Text,
    customer_ref,
    plugin_metadata,
    table,
)

metadata = plugin_metadata()

communities_run = table(
    "communities_run",
    metadata,
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
)
"""*items* are the products and habits of the run with their weights; see :class:`facts.Items`."""

communities_community = table(
    "communities_community",
    metadata,
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
)
"""Ended ones and former names are kept: they belong to people's history."""

communities_anchor = table(
    "communities_anchor",
    metadata,
    customer_ref(primary_key=True),
    sa.Column("community_id", Id, sa.ForeignKey(communities_community.c.id)),
    sa.Column("products", Json, nullable=False),
    sa.Column("habits", Json, nullable=False),
)
"""Whom the last run found communities among: their home, and their items as places in the run's."""

communities_membership = table(
    "communities_membership",
    metadata,
    customer_ref(primary_key=True),
    sa.Column(
        "community_id", Id, sa.ForeignKey(communities_community.c.id), primary_key=True, index=True
    ),
    sa.Column("strength", Real, nullable=False),
    sa.Column("belongs", Flag, nullable=False),
    sa.Column("why", Text, nullable=False),
)

communities_inbox = table(
    "communities_inbox",
    metadata,
    customer_ref(primary_key=True),
    sa.Column("batch", Count, primary_key=True),
    sa.Column("taken", Count, nullable=False),
)
"""Customers something changed about, by transaction, as in scoring's inbox."""
