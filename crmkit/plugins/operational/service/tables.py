"""Cases with their clocks and history, articles with their terms, feedback, amends."""

import sqlalchemy as sa

from crmkit.sql import (
    Count,
    Flag,
    Id,
    Instant,
    Text,
    customer_ref,
    interaction,
    offer_ref,
    plugin_metadata,
    table,
)

metadata = plugin_metadata()

service_case = table(
    "service_case",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    customer_ref(),
    sa.Column("subject", Text, nullable=False),
    sa.Column("kind", Text, nullable=False),
    sa.Column("queue", Text, nullable=False),
    sa.Column("priority", Text, nullable=False),
    sa.Column("status", Text, nullable=False),
    sa.Column("assignee", Text, nullable=False),
    sa.Column("opened_at", Instant, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Column("answered_at", Instant),
    sa.Column("solved_at", Instant),
    sa.Column("merged_into", Id, sa.ForeignKey("service_case.id"), index=True),
    sa.Column("source", Text, nullable=False),
    sa.Column("source_key", Text),
    sa.Column("version", Count, nullable=False),
    sa.UniqueConstraint("source", "source_key"),
    sa.Index(None, "status", "queue", "opened_at"),
    sa.Index(None, "assignee", "status"),
)

service_participant = table(
    "service_participant",
    metadata,
    sa.Column("case_id", Id, sa.ForeignKey("service_case.id"), primary_key=True),
    customer_ref(primary_key=True),
    sa.Column("role", Text, nullable=False),
    sa.Index(None, "customer_id"),
)

service_entry = table(
    "service_entry",
    metadata,
    sa.Column("interaction_id", Id, sa.ForeignKey(interaction.c.id), primary_key=True),
    sa.Column("case_id", Id, sa.ForeignKey("service_case.id"), nullable=False),
    customer_ref(),
    sa.Column("direction", Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Index(None, "case_id", "at"),
)
"""Which interactions are a case's conversation."""

service_change = table(
    "service_change",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("case_id", Id, sa.ForeignKey("service_case.id"), nullable=False, index=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("actor", Text, nullable=False),
    sa.Column("field", Text, nullable=False),
    sa.Column("before", Text, nullable=False),
    sa.Column("after", Text, nullable=False),
)

service_clock = table(
    "service_clock",
    metadata,
    sa.Column("case_id", Id, sa.ForeignKey("service_case.id"), primary_key=True),
    sa.Column("metric", Text, primary_key=True),
    sa.Column("promise", Text, nullable=False),
    sa.Column("calendar", Text, nullable=False),
    sa.Column("target_micros", Count, nullable=False),
    sa.Column("elapsed_micros", Count, nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("running_since", Instant),
    sa.Column("due_at", Instant),
    sa.Column("warn_at", Instant),
    sa.Column("stopped_at", Instant),
    sa.Column("warned_at", Instant),
    sa.Column("late_at", Instant),
)
sa.Index(
    "ix_service_clock_due",
    service_clock.c.due_at,
    sqlite_where=service_clock.c.due_at.is_not(None),
    postgresql_where=service_clock.c.due_at.is_not(None),
)

service_article = table(
    "service_article",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("title", Text, nullable=False),
    sa.Column("body", Text, nullable=False),
    sa.Column("language", Text, nullable=False),
    sa.Column("public", Flag, nullable=False),
    sa.Column("helped", Count, nullable=False),
    sa.Column("not_helped", Count, nullable=False),
    sa.Column("version", Count, nullable=False),
    sa.Column("words", Count, nullable=False),
)

service_term = table(
    "service_term",
    metadata,
    sa.Column("term", Text, primary_key=True),
    sa.Column("article_id", Id, sa.ForeignKey("service_article.id"), primary_key=True),
    sa.Column("count", Count, nullable=False),
    sa.Index(None, "article_id"),
)
"""The words of the articles: what the search reads."""

service_feedback = table(
    "service_feedback",
    metadata,
    sa.Column("interaction_id", Id, sa.ForeignKey(interaction.c.id), primary_key=True),
    customer_ref(),
    sa.Column("case_id", Id, sa.ForeignKey("service_case.id"), index=True),
    sa.Column("measure", Text, nullable=False),
    sa.Column("score", Count, nullable=False),
    sa.Column("at", Instant, nullable=False),
)

service_amends = table(
    "service_amends",
    metadata,
    sa.Column("case_id", Id, sa.ForeignKey("service_case.id"), primary_key=True),
    customer_ref(),
    sa.Column("at", Instant, nullable=False),
    sa.Column("held_out", Flag, nullable=False),
    offer_ref(nullable=True),
    sa.Column("cost_minor", Count),
    sa.Column("currency", Text),
)
