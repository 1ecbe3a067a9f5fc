"""Runs, the current scores, who has to be scored again, and who is in which segment since when."""

from typing import Any

import sqlalchemy as sa

from crmkit.sql import (
    Count,
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


def _clustered(name: str, *items: Any) -> sa.Table:
    """A table whose rows live in their primary key: written in its order, they are written once."""
    made: sa.Table = sa.Table(name, metadata, *items, sqlite_strict=True, sqlite_with_rowid=False)
    return made


scoring_run = table(
    "scoring_run",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("scorer", Text, nullable=False),
    sa.Column("version", Text, nullable=False),
    sa.Column("mode", Text, nullable=False),
    sa.Column("state", Text, nullable=False),
    sa.Column("reason", Text, nullable=False),
    sa.Column("as_of", Instant, nullable=False),
    sa.Column("horizon_days", Count),
    sa.Column("base", Real, nullable=False),
    sa.Column("parameters", Json, nullable=False),
    sa.Column("fitted_by", Id, nullable=False),
    sa.Column("customers", Count, nullable=False),
    sa.Column("changed", Count, nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("finished_at", Instant, nullable=False),
    sa.Column("actor", Text, nullable=False),
    sa.Index(None, "scorer", "id"),
)
"""*fitted_by* is the full run whose parameters an incremental one used; a full run's is itself."""

scoring_score = _clustered(
    "scoring_score",
    sa.Column("scorer", Text, primary_key=True),
    customer_ref(primary_key=True),
    sa.Column("value", Real, nullable=False),
    sa.Column("low", Real),
    sa.Column("high", Real),
    sa.Column("label", Text),
    sa.Column("reasons", Text, nullable=False),
    sa.Column("run_id", Id, sa.ForeignKey(scoring_run.c.id), nullable=False),
    sa.Index(None, "customer_id"),
)
"""
The current scores. *run_id* is the run that last changed one; *reasons* is JSON text that adds up,
with the run's base, to *value*.
"""

scoring_inbox = _clustered(
    "scoring_inbox",
    customer_ref(primary_key=True),
    sa.Column("batch", Count, primary_key=True),
    sa.Column("taken", Count, nullable=False),
)
"""
Customers something changed about, and in which transaction (0 on SQLite, where writers take turns):
no writer waits for another one, and what is committed after a run has looked is a row of its own.
*taken* is 1 while a run moves the row to ``scoring_due``.
"""

scoring_due = _clustered(
    "scoring_due",
    sa.Column("scorer", Text, primary_key=True),
    customer_ref(primary_key=True),
    sa.Index(None, "customer_id"),
)
"""Customers whose score by one scorer is older than what is known about them."""

scoring_membership = _clustered(
    "scoring_membership",
    customer_ref(primary_key=True),
    sa.Column("segment", Text, primary_key=True, index=True),
    sa.Column("since", Instant, primary_key=True),
    sa.Column("why", Text, nullable=False),
    sa.Column("until", Instant),
    sa.Column("ended_why", Text, nullable=False),
)

scoring_segment = table(
    "scoring_segment",
    metadata,
    sa.Column("name", Text, primary_key=True),
    sa.Column("version", Count, primary_key=True),
    sa.Column("summary", Text, nullable=False),
    sa.Column("rule", Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("actor", Text, nullable=False),
)
"""Segments that somebody defined, every version; the last one holds. An empty rule drops it."""
