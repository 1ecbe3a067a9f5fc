"""Items from a CSV file: all of it, or, with a line for each mistake, nothing."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from crmkit import InvalidValueError

from .model import Item

COLUMNS: Final = ("sku", "name", "active", "stock", "tags")
_TRUTHS: Final = {
    "": True,
    "yes": True,
    "true": True,
    "1": True,
    "no": False,
    "false": False,
    "0": False,
}


def read_items(path: Path) -> list[Item]:
    """
    The columns ``sku``, and those there are of ``name``, ``active`` (yes or no), ``stock`` (empty
    where nobody counts) and ``tags`` (divided by blanks). UTF-8, with a header.

    Raises:
        InvalidValueError: At the first line that cannot be read, or if columns are unknown.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(_items(csv.DictReader(file, strict=True)))
    except (UnicodeDecodeError, csv.Error) as exc:
        raise InvalidValueError("file", str(path), f"a CSV file in UTF-8 ({exc})") from exc


def _items(reader: csv.DictReader[str]) -> Iterator[Item]:
    names = list(reader.fieldnames or ())
    unknown = sorted({each or "" for each in names} - {*COLUMNS})
    if "sku" not in names or unknown or len(names) != len(set(names)):
        raise InvalidValueError(
            "columns", ", ".join(names), f"sku and any of {', '.join(COLUMNS[1:])}"
        )
    seen: set[str] = set()
    for row in reader:
        item = _item(row, reader.line_num)
        if item.sku in seen:
            raise InvalidValueError(f"line {reader.line_num}: sku", item.sku, "each item once")
        seen.add(item.sku)
        yield item


def _item(row: Mapping[str | None, str | None], line: int) -> Item:
    told = {name: (row.get(name) or "").strip() for name in COLUMNS}
    if None in row or not told["sku"]:
        raise InvalidValueError(
            f"line {line}", told["sku"], "an sku, and no more cells than columns"
        )
    active = _TRUTHS.get(told["active"].lower())
    if active is None:
        raise InvalidValueError(f"line {line}: active", told["active"], "yes or no")
    if told["stock"] and not told["stock"].isdecimal():
        raise InvalidValueError(f"line {line}: stock", told["stock"], "a whole number, or nothing")
    return Item(
        sku=told["sku"],
        name=told["name"],
        active=active,
        stock=int(told["stock"]) if told["stock"] else None,
        tags=tuple(sorted({each.lower() for each in told["tags"].split()})),
    )
