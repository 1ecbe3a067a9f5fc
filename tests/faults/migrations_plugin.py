"""A plugin with three revisions, written out for a test; one rebuilds a table on SQLite."""

from pathlib import Path
from types import SimpleNamespace

import sqlalchemy as sa

from crmkit import Plugin
from crmkit.sql import Id, Text, customer_ref, plugin_metadata, table

REVISIONS = {
    "0001_initial": """
def upgrade():
    op.create_table(
        "demo_item",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), nullable=False),
        sa.Column("label", Text, nullable=False),
        **STRICT,
    )
    op.create_index("ix_demo_item_customer_id", "demo_item", ["customer_id"])
""",
    "0002_optional_label": """
def upgrade():
    with op.batch_alter_table("demo_item", table_kwargs=STRICT) as batch:
        batch.alter_column("label", nullable=True)
        batch.add_column(sa.Column("colour", Text))
    op.execute("UPDATE demo_item SET colour = 'red' WHERE label = 'first'")
""",
    "0003_tags": """
def upgrade():
    op.create_table(
        "demo_tag",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("label", Text, nullable=False),
        **STRICT,
    )
    op.execute("INSERT INTO demo_tag SELECT id, label FROM demo_item")
""",
}
HEAD = """
import sqlalchemy as sa
from alembic import op
from crmkit.sql import STRICT, Id, Text
"""


def demo(folder: Path, upto: int = 3, **changed: str) -> Plugin:
    """The plugin as it was when it had *upto* revisions; *changed* replaces bodies."""
    folder.mkdir(exist_ok=True)
    metadata = plugin_metadata()
    item = [sa.Column("id", Id, primary_key=True, autoincrement=False), customer_ref()]
    label = sa.Column("label", Text, nullable=upto > 1)
    extra = [sa.Column("colour", Text)] if upto > 1 else []
    table("demo_item", metadata, *item, label, *extra)
    if upto > 2:
        tag = sa.Column("id", Id, primary_key=True, autoincrement=False)
        table("demo_tag", metadata, tag, sa.Column("label", Text, nullable=False))
    before = None
    for name, body in [*(REVISIONS | changed).items()][:upto]:
        stamped = f"{HEAD}revision = {name!r}\ndown_revision = {before!r}\n{body}"
        (folder / f"{name}.py").write_text(stamped)
        before = name
    return Plugin(
        name="demo", summary="", hooks=SimpleNamespace(), metadata=metadata, migrations=folder
    )


def snapshot(engine: sa.Engine) -> dict[str, object]:
    """Every table and index with its columns, and what the small tables hold."""
    with engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        found: dict[str, object] = {}
        for name, column, *facts in connection.execute(sa.text(_SQLITE if sqlite else _POSTGRESQL)):
            found.setdefault(name, []).append((column, *facts))
        for name in list(found):
            if name.startswith(("crm_schema_", "demo_")):
                rows = connection.execute(sa.text(f"SELECT * FROM {name}")).all()
                found[f"{name} rows"] = sorted(map(tuple, rows), key=str)
        return found


_SQLITE = """
SELECT t.name, c.name, c.type, c."notnull" FROM sqlite_master t, pragma_table_info(t.name) c
WHERE t.type = 'table'
UNION ALL SELECT tbl_name, name, 'index', 0 FROM sqlite_master WHERE type = 'index'
ORDER BY 1, 2
"""
_POSTGRESQL = """
SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
WHERE table_schema = current_schema()
UNION ALL SELECT tablename, indexname, 'index', '' FROM pg_indexes
WHERE schemaname = current_schema()
ORDER BY 1, 2
"""
