"""Features from the database straight into NumPy columns."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import sqlalchemy as sa

from crmkit.sql import Flag, Instant

from .errors import ScorerError

CHUNK: Final = 1_000


def read_columns(
    connection: sa.Connection, scorer: str, select: sa.Select[Any]
) -> dict[str, np.ndarray[Any, Any]]:
    """
    The rows of *select* as one array per column: integers, floats (NULL is NaN), else objects.

    Raises:
        ScorerError: If a column has no type an array can have, or an integer column holds NULL.
    """
    dtypes = {str(each.key): _dtype(scorer, each) for each in select.selected_columns}
    parts: list[list[np.ndarray[Any, Any]]] = [[np.empty(0, dtype)] for dtype in dtypes.values()]
    result = connection.execute(select)
    cursor: Any = result.cursor
    while rows := cursor.fetchmany(CHUNK):
        for name, dtype, values, part in zip(
            dtypes, dtypes.values(), zip(*rows, strict=True), parts, strict=True
        ):
            part.append(_array(scorer, name, values, dtype))
    result.close()
    return {name: np.concatenate(part) for name, part in zip(dtypes, parts, strict=True)}


def _dtype(scorer: str, column: sa.ColumnElement[Any]) -> Any:
    kind = column.type
    if isinstance(kind, Instant | sa.DateTime):
        raise ScorerError(
            scorer, f"reads the instant {column.key!r}; wrap it in days_between or epoch_micros"
        )
    if isinstance(kind, sa.types.NullType):
        raise ScorerError(
            scorer, f"reads {column.key!r}, which has no type; wrap it in sqlalchemy.type_coerce"
        )
    if isinstance(kind, sa.Integer | sa.Boolean | Flag):
        return np.int64
    return np.float64 if isinstance(kind, sa.Numeric | sa.Float) else np.object_


def _array(scorer: str, name: str, values: tuple[Any, ...], dtype: Any) -> np.ndarray[Any, Any]:
    try:
        return np.array(values, dtype=dtype)
    except TypeError:
        raise ScorerError(
            scorer, f"reads a missing value in the integer {name!r}; wrap it in coalesce"
        ) from None
