"""Costs of articles from a CSV file, with every mistake in it."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import attrs

from crmkit import InvalidValueError, Money

from .config import day
from .model import EVER, Cost

COLUMNS: Final = ("sku", "cost", "currency", "per", "since")
NEEDED: Final = COLUMNS[:3]


@attrs.frozen(kw_only=True)
class Mistake:
    """
    Why a line of a file cannot be used.

    Attributes:
        line: From 1, the header's.
    """

    line: int
    field: str
    value: str
    expected: str


@attrs.frozen(kw_only=True)
class Sheet:
    """What a file says, and what in it cannot be read."""

    costs: tuple[Cost, ...]
    mistakes: tuple[Mistake, ...]


def read_costs(path: Path) -> Sheet:
    """
    The columns ``sku``, ``cost`` (such as 3.20) and ``currency``, and those there are of ``per``
    (of how many pieces, default 1) and ``since`` (the first day, such as 2026-01-31; empty for
    ever). UTF-8, divided by commas, with a header.

    Raises:
        InvalidValueError: If it is no such file.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            found = list(_lines(csv.DictReader(file, strict=True)))
    except (UnicodeDecodeError, csv.Error) as exc:
        raise InvalidValueError("file", str(path), f"a CSV file in UTF-8 ({exc})") from exc
    return Sheet(
        costs=tuple(each for each in found if isinstance(each, Cost)),
        mistakes=tuple(each for each in found if isinstance(each, Mistake)),
    )


def _lines(reader: csv.DictReader[str]) -> Iterator[Cost | Mistake]:
    names = list(reader.fieldnames or ())
    if {*NEEDED} - {*names} or {*names} - {*COLUMNS} or len(names) != len({*names}):
        accepted = f"{', '.join(NEEDED)} and perhaps per and since, divided by commas"
        raise InvalidValueError("columns", ",".join(names), accepted)
    seen: dict[tuple[str, object], int] = {}
    for row in reader:
        line = reader.line_num
        if not any(row.values()):
            continue
        try:
            cost = _cost(row)
        except InvalidValueError as exc:
            yield Mistake(line=line, field=exc.field, value=str(exc.value), expected=exc.accepted)
            continue
        first = seen.setdefault((cost.sku, cost.since), line)
        if first != line:
            accepted = f"one cost of an article from a day on; line {first} has another"
            yield Mistake(line=line, field="sku", value=cost.sku, expected=accepted)
            continue
        yield cost


def _cost(row: Mapping[str | None, str | None]) -> Cost:
    if None in row or None in row.values():
        raise InvalidValueError("cells", len(row), "as many as the header has")
    told = {name: (row.get(name) or "").strip() for name in COLUMNS}
    per = told["per"] or "1"
    if not (per.isascii() and per.isdecimal()):
        raise InvalidValueError("per", per, "a whole number from 1 to 1,000,000")
    return Cost(
        sku=told["sku"],
        amount=_amount(told["cost"], told["currency"]),
        per=int(per),
        since=day("since", told["since"]) if told["since"] else EVER,
    )


def _amount(text: str, currency: str) -> Money:
    try:
        found = Money.of(text, currency)
    except InvalidValueError as exc:
        field = {"amount": "cost"}.get(exc.field, exc.field)
        mend = "; or the cost of 100 with 100 in the column per" if "exact" in exc.accepted else ""
        raise InvalidValueError(field, exc.value, f"{exc.accepted}{mend}") from None
    if found.amount_minor < 0:
        raise InvalidValueError("cost", text, "0 or more")
    return found
