"""
Finding customers by name, part of a name, address or number, and interactions by their words.

Customers are indexed in the write path: SQLite by a trigram FTS5 table, PostgreSQL by pg_trgm.
Texts of interactions are indexed in batches behind it. Both engines index the same folded words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

import sqlalchemy as sa

from ...database.dialect import driver_cursor, id_list
from ..matching import contact_key, email_key, fold, phone_key
from ..model import Customer

_WORD = re.compile(r"\w+")
_TRIGRAM: Final = 3
_LONGEST_TEXT: Final = 100_000
"""Characters of a text that are indexed; PostgreSQL takes less than a megabyte of words."""
_FINDABLE: Final = "status IN ('active', 'archived')"


def key_of(record: Customer) -> str:
    """Everything a customer can be found by, folded, a line each."""
    contacts = (contact_key(point.kind, point.value) for point in record.contact_points)
    return "\n".join((fold(record.name), *contacts))


def add_customers(connection: sa.Connection, ids: Sequence[int]) -> None:
    if connection.dialect.name == "sqlite":
        _run(
            connection,
            "INSERT INTO crm_customer_search (rowid, search_key) SELECT id, search_key"
            " FROM crm_customer WHERE id IN (SELECT value FROM json_each(?))",
            (id_list(connection, ids),),
        )


def remove_customers(connection: sa.Connection, ids: Sequence[int]) -> None:
    """Take the keys that are still stored out of the index; call it before they change."""
    if connection.dialect.name == "sqlite":
        _run(
            connection,
            "INSERT INTO crm_customer_search (crm_customer_search, rowid, search_key)"
            " SELECT 'delete', id, search_key"
            " FROM crm_customer WHERE id IN (SELECT value FROM json_each(?))",
            (id_list(connection, ids),),
        )


def customer_ids(connection: sa.Connection, text: str, size: int) -> list[int]:
    """Exact addresses, then names that start so, then any part by id; at most *size*, each once."""
    folded = fold(text)
    if not folded:
        return []
    found = dict.fromkeys(sorted(_at_address(connection, text, size)))
    if len(found) < size:
        found |= dict.fromkeys(_by_prefix(connection, folded, size))
    if len(found) < size:
        found |= dict.fromkeys(sorted(_by_part(connection, folded, size)))
    return list(found)[:size]


def _at_address(connection: sa.Connection, text: str, size: int) -> list[int]:
    keys = {email_key(text), phone_key(text), fold(text)} - {"", "+"}
    wanted = id_list(connection, sorted(keys))
    condition = _any_of(connection, "key")
    return _ids(
        connection,
        f"SELECT customer_id FROM crm_contact_point JOIN crm_customer ON id = customer_id"
        f" WHERE {condition} AND {_FINDABLE} LIMIT {{}}",
        (wanted, size),
    )


def _by_prefix(connection: sa.Connection, folded: str, size: int) -> list[int]:
    if connection.dialect.name == "sqlite":
        sql = "name_key >= {} AND name_key < {}"
        bounds: tuple[object, ...] = (folded, folded + "\U0010ffff")
        order = "name_key"
    else:
        sql, bounds = "name_key LIKE {}", (_like(folded) + "%",)
        order = "name_key USING ~<~"  # by bytes, as the index and SQLite do
    return _ids(
        connection,
        f"SELECT id FROM crm_customer WHERE {sql} AND {_FINDABLE} ORDER BY {order}, id LIMIT {{}}",
        (*bounds, size),
    )


def _by_part(connection: sa.Connection, folded: str, size: int) -> list[int]:
    parts = [part for part in folded.split() if len(part) >= _TRIGRAM]
    digits = phone_key(folded)
    if len(digits) >= _TRIGRAM and not any(c.isalpha() for c in folded):
        parts = [digits]
    if not parts:
        return []
    if connection.dialect.name == "sqlite":
        match = " AND ".join('"' + part.replace('"', '""') + '"' for part in parts)
        return _ids(
            connection,
            "SELECT id FROM crm_customer_search JOIN crm_customer ON id = crm_customer_search.rowid"
            f" WHERE crm_customer_search MATCH {{}} AND {_FINDABLE} LIMIT {{}}",
            (match, size),
        )
    like = " AND ".join(["search_key LIKE {}"] * len(parts))
    return _ids(
        connection,
        f"SELECT id FROM crm_customer WHERE {like} AND {_FINDABLE} LIMIT {{}}",
        (*(f"%{_like(part)}%" for part in parts), size),
    )


def words(text: str) -> str:
    """The words of *text* as they are indexed and asked for."""
    return " ".join(_WORD.findall(fold(text[:_LONGEST_TEXT])))


def index_texts(connection: sa.Connection, size: int) -> int:
    """Move up to *size* queued interaction texts into the index; returns how many."""
    with driver_cursor(connection) as cursor:
        mark, lock = _style(connection)
        cursor.execute(
            "SELECT id, text FROM crm_text_queue JOIN crm_interaction ON id = interaction_id"
            f" ORDER BY id LIMIT {mark}{lock}",
            (size,),
        )
        rows = cursor.fetchall()
        if connection.dialect.name == "sqlite":
            insert = "INSERT INTO crm_interaction_search (rowid, text) VALUES (?, ?)"
        else:
            insert = (
                "INSERT INTO crm_interaction_search (interaction_id, document)"
                " VALUES (%s, to_tsvector('simple', %s))"
            )
        cursor.executemany(insert, [(each, words(text)) for each, text in rows])
        cursor.executemany(
            f"DELETE FROM crm_text_queue WHERE interaction_id = {mark}", [(row[0],) for row in rows]
        )
    return len(rows)


def forget_texts(connection: sa.Connection, rows: Iterable[tuple[int, str]]) -> None:
    """Take the texts of ``(interaction id, text)`` out of the index."""
    with driver_cursor(connection) as cursor:
        for interaction_id, text in rows:
            mark, _ = _style(connection)
            cursor.execute(
                f"DELETE FROM crm_text_queue WHERE interaction_id = {mark}", (interaction_id,)
            )
            if cursor.rowcount:
                continue
            if connection.dialect.name == "sqlite":
                cursor.execute(
                    "INSERT INTO crm_interaction_search (crm_interaction_search, rowid, text)"
                    " VALUES ('delete', ?, ?)",
                    (interaction_id, words(text)),
                )
            else:
                cursor.execute(
                    "DELETE FROM crm_interaction_search WHERE interaction_id = %s",
                    (interaction_id,),
                )


def interaction_ids(connection: sa.Connection, text: str, size: int) -> list[int]:
    """Interactions that hold every word of *text*, or words that begin so, latest first."""
    asked = words(text).split()
    if not asked:
        return []
    if connection.dialect.name == "sqlite":
        match = " AND ".join(f'"{word}"*' for word in asked)
        sql = (
            "SELECT rowid FROM crm_interaction_search"
            " WHERE crm_interaction_search MATCH {} ORDER BY rowid DESC LIMIT {}"
        )
    else:
        match = " & ".join(f"'{word}':*" for word in asked)
        sql = (
            "WITH hit AS MATERIALIZED (SELECT interaction_id FROM crm_interaction_search"
            " WHERE document @@ to_tsquery('simple', {}))"
            " SELECT interaction_id FROM hit ORDER BY interaction_id DESC LIMIT {}"
        )
    return _ids(connection, sql, (match, size))


def _like(text: str) -> str:
    return text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")


def _any_of(connection: sa.Connection, column: str) -> str:
    if connection.dialect.name == "sqlite":
        return f"{column} IN (SELECT value FROM json_each({{}}))"
    return f"{column} = ANY({{}})"


def _style(connection: sa.Connection) -> tuple[str, str]:
    postgres = connection.dialect.name == "postgresql"
    return ("%s", " FOR UPDATE OF crm_text_queue SKIP LOCKED") if postgres else ("?", "")


def _run(connection: sa.Connection, sql: str, params: tuple[object, ...]) -> None:
    with driver_cursor(connection) as cursor:
        cursor.execute(sql, params)


def _ids(connection: sa.Connection, sql: str, params: tuple[object, ...]) -> list[int]:
    mark, _ = _style(connection)
    with driver_cursor(connection) as cursor:
        cursor.execute(sql.format(*[mark] * len(params)), params)
        return [row[0] for row in cursor.fetchall()]
