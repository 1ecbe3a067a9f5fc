"""The tables as they are today."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from crmkit.sql import Count, Id, Instant, Json, Text, plugin_metadata, table

from .tally import COUNTED

metadata: Final = plugin_metadata()

exchange_import = table(
    "exchange_import",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("path", Text, nullable=False),
    sa.Column("file_digest", Text, nullable=False),
    sa.Column("mapping_digest", Text, nullable=False),
    sa.Column("kind", Text, nullable=False),
    sa.Column("state", Text, nullable=False),
    sa.Column("next_row", Count, nullable=False),
    *(sa.Column(name, Count, nullable=False) for name in COUNTED),
    sa.Column("reasons", Json, nullable=False),
    sa.Column("rejects_bytes", Count, nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("finished_at", Instant),
    sa.Column("actor", Text, nullable=False),
    sa.Index(None, "file_digest", "mapping_digest"),
)
"""How far each import got: written in the same unit as the rows it counts."""

sa.Index(
    "uq_exchange_import_running",
    exchange_import.c.file_digest,
    exchange_import.c.mapping_digest,
    unique=True,
    sqlite_where=exchange_import.c.state == "running",
    postgresql_where=exchange_import.c.state == "running",
)
