"""Cases, clocks, articles, feedback, amends."""

import sqlalchemy as sa
from alembic import op

from crmkit.sql import STRICT, Count, Flag, Id, Instant, Text

revision = "0001_initial"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "service_article",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("title", Text, nullable=False),
        sa.Column("body", Text, nullable=False),
        sa.Column("language", Text, nullable=False),
        sa.Column("public", Flag, nullable=False),
        sa.Column("helped", Count, nullable=False),
        sa.Column("not_helped", Count, nullable=False),
        sa.Column("version", Count, nullable=False),
        sa.Column("words", Count, nullable=False),
        **STRICT,
    )
    op.create_table(
        "service_case",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), nullable=False),
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
        sa.Column("merged_into", Id, sa.ForeignKey("service_case.id")),
        sa.Column("source", Text, nullable=False),
        sa.Column("source_key", Text),
        sa.Column("version", Count, nullable=False),
        sa.UniqueConstraint("source", "source_key", name="uq_service_case_source_source_key"),
        **STRICT,
    )
    op.create_index("ix_service_case_assignee_status", "service_case", ["assignee", "status"])
    op.create_index("ix_service_case_customer_id", "service_case", ["customer_id"])
    op.create_index("ix_service_case_merged_into", "service_case", ["merged_into"])
    op.create_index(
        "ix_service_case_status_queue_opened_at", "service_case", ["status", "queue", "opened_at"]
    )
    op.create_table(
        "service_amends",
        sa.Column("case_id", Id, sa.ForeignKey("service_case.id"), primary_key=True),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("held_out", Flag, nullable=False),
        sa.Column("offer_id", Id, sa.ForeignKey("crm_offer.id")),
        sa.Column("cost_minor", Count),
        sa.Column("currency", Text),
        **STRICT,
    )
    op.create_index("ix_service_amends_customer_id", "service_amends", ["customer_id"])
    op.create_index("ix_service_amends_offer_id", "service_amends", ["offer_id"])
    op.create_table(
        "service_change",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("case_id", Id, sa.ForeignKey("service_case.id"), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("actor", Text, nullable=False),
        sa.Column("field", Text, nullable=False),
        sa.Column("before", Text, nullable=False),
        sa.Column("after", Text, nullable=False),
        **STRICT,
    )
    op.create_index("ix_service_change_case_id", "service_change", ["case_id"])
    op.create_table(
        "service_clock",
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
        **STRICT,
    )
    op.create_index(
        "ix_service_clock_due",
        "service_clock",
        ["due_at"],
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_table(
        "service_entry",
        sa.Column("interaction_id", Id, sa.ForeignKey("crm_interaction.id"), primary_key=True),
        sa.Column("case_id", Id, sa.ForeignKey("service_case.id"), nullable=False),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), nullable=False),
        sa.Column("direction", Text, nullable=False),
        sa.Column("at", Instant, nullable=False),
        **STRICT,
    )
    op.create_index("ix_service_entry_case_id_at", "service_entry", ["case_id", "at"])
    op.create_index("ix_service_entry_customer_id", "service_entry", ["customer_id"])
    op.create_table(
        "service_feedback",
        sa.Column("interaction_id", Id, sa.ForeignKey("crm_interaction.id"), primary_key=True),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), nullable=False),
        sa.Column("case_id", Id, sa.ForeignKey("service_case.id")),
        sa.Column("measure", Text, nullable=False),
        sa.Column("score", Count, nullable=False),
        sa.Column("at", Instant, nullable=False),
        **STRICT,
    )
    op.create_index("ix_service_feedback_case_id", "service_feedback", ["case_id"])
    op.create_index("ix_service_feedback_customer_id", "service_feedback", ["customer_id"])
    op.create_table(
        "service_participant",
        sa.Column("case_id", Id, sa.ForeignKey("service_case.id"), primary_key=True),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), primary_key=True),
        sa.Column("role", Text, nullable=False),
        **STRICT,
    )
    op.create_index("ix_service_participant_customer_id", "service_participant", ["customer_id"])
    op.create_table(
        "service_term",
        sa.Column("term", Text, primary_key=True),
        sa.Column("article_id", Id, sa.ForeignKey("service_article.id"), primary_key=True),
        sa.Column("count", Count, nullable=False),
        **STRICT,
    )
    op.create_index("ix_service_term_article_id", "service_term", ["article_id"])
