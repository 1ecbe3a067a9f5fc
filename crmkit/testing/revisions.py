"""Whether a plugin's migrations are a line of self-contained files that make its tables."""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa

from crmkit import CRM
from crmkit.database.engine import transaction
from crmkit.database.migrations import Owner, drift, upgrade

from .subject import Subject, imports_of

_NAME = re.compile(r"\d{4}_[a-z0-9_]+")


def line_findings(subject: Subject) -> Iterator[str]:
    """File names, and the order that ``revision`` and ``down_revision`` say."""
    plugin = subject.plugin
    if plugin.migrations is None:
        if plugin.metadata is not None and plugin.metadata.tables:
            yield "the plugin has tables but no migrations; add migrations/0001_initial.py"
        return
    paths = _files(plugin.migrations)
    if not paths:
        yield f"{plugin.migrations} holds no revision; add 0001_initial.py"
    before: str | None = None
    for path in paths:
        if not _NAME.fullmatch(path.stem):
            yield f"{path.name}: name it NNNN_what_changes.py, or crmkit does not see it"
            continue
        yield from _file_findings(path, before)
        before = path.stem
    if before is not None and not _declared(subject):
        yield "the plugin has migrations but no tables; give the manifest `metadata`"


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.py") if path.name != "__init__.py")


def _declared(subject: Subject) -> set[str]:
    metadata = subject.plugin.metadata
    return set() if metadata is None else set(metadata.tables)


def _file_findings(path: Path, before: str | None) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    said = dict(_constants(tree))
    if said.get("revision") != path.stem:
        yield f"{path.name}: set revision = {path.stem!r}"
    if said.get("down_revision", "") != before:
        yield f"{path.name}: set down_revision = {before!r}, the file before it"
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    if "upgrade" not in functions:
        yield f"{path.name}: define upgrade()"


def _constants(tree: ast.Module) -> Iterator[tuple[str, object]]:
    for node in tree.body:
        if not isinstance(node, ast.Assign | ast.AnnAssign):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            if isinstance(target, ast.Name) and isinstance(node.value, ast.Constant):
                yield target.id, node.value.value


def live_imports(subject: Subject) -> Iterator[str]:
    """Revisions that import code which will have changed when they run."""
    folder = subject.plugin.migrations
    if folder is None:
        return
    beside = Subject(plugin=subject.plugin, needs=(), module="migrations", root=folder)
    for path in _files(folder):
        for each in imports_of(beside, path):
            if _is_live(subject, each.module):
                yield (
                    f"{path.name}:{each.line} imports {each.module}; write the tables out, "
                    "with the types of crmkit.sql, as they were at that revision"
                )


def _is_live(subject: Subject, module: str) -> bool:
    top, _, rest = module.partition(".")
    if top == "crmkit":
        return not rest.startswith("sql")
    return top in ("migrations", subject.module.partition(".")[0])


def owner_of(subject: Subject) -> Owner | None:
    """The plugin as the migrations know it."""
    plugin = subject.plugin
    if plugin.migrations is None:
        return None
    return Owner(plugin.name, plugin.migrations, plugin.metadata)


def schema_findings(subject: Subject, crm: CRM) -> Iterator[str]:
    """How the upgraded database differs from what the plugin declares."""
    owner = owner_of(subject)
    with transaction(crm.engine, write=False) as connection:
        for difference in drift(connection, owner) if owner is not None else ():
            yield f"migrations and tables.py differ: {difference}; write a revision for it"
        for name in tables_made(connection, subject):
            if name not in _declared(subject):
                yield f"a migration makes {name}, which tables.py does not declare"
        if connection.dialect.name == "sqlite":
            yield from _not_strict(connection, _declared(subject))


def tables_made(connection: sa.Connection, subject: Subject) -> list[str]:
    """The tables of the database that belong to nobody else; no full-text indexes."""
    others = {
        table
        for need in subject.needs
        for table in (need.metadata.tables if need.metadata is not None else ())
    }
    if connection.dialect.name == "sqlite":
        listed = connection.exec_driver_sql("PRAGMA table_list").mappings()
        names = [row["name"] for row in listed if row["type"] == "table"]
    else:
        names = sa.inspect(connection).get_table_names()
    return sorted(
        name for name in names if not name.startswith(("crm_", "sqlite_")) and name not in others
    )


def _not_strict(connection: sa.Connection, names: set[str]) -> Iterator[str]:
    for row in connection.exec_driver_sql("PRAGMA table_list").mappings():
        if row["name"] in names and row["type"] == "table" and not row["strict"]:
            yield (
                f"{row['name']} is not STRICT on SQLite; use crmkit.sql.table() in tables.py and "
                "op.create_table(..., **STRICT) in the revision"
            )


def schema_of(crm: CRM) -> list[tuple[str, str, str, bool]]:
    """Every table's columns, to compare two moments."""
    with transaction(crm.engine, write=False) as connection:
        inspector = sa.inspect(connection)
        return sorted(
            (table, column["name"], str(column["type"]), column["nullable"])
            for table in inspector.get_table_names()
            for column in inspector.get_columns(table)
        )


def upgrade_one_by_one(owner: Owner, crm: CRM) -> None:
    """Apply each revision of *owner* in an upgrade of its own, as versions of it once did."""
    others = [each for each in crm.owners if each.name != owner.name]
    with TemporaryDirectory() as folder:
        for name in owner.revisions:
            shutil.copy(owner.folder / f"{name}.py", folder)
            older = Owner(owner.name, Path(folder), owner.metadata)
            for _ in upgrade(crm.engine, [*others, older]):
                pass
