"""Rows to interactions; with ``group_by``, several rows to one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeVar

import attrs

from crmkit import InvalidValueError, Line, Money

from .chunks import Chunk, Cutter
from .errors import FileRefusedError
from .fields import LINE_FIELDS
from .layout import Checked, Layout, why
from .model import Row, Why
from .seen import Seen
from .values import EXACT, minor_units, read_number

T = TypeVar("T")
ORDER: Final = "purchase.order"
RETURN: Final = "purchase.return"
MOST_LINES: Final = 10_000
MOST_SCATTERED: Final = 100_000
_WITH_IT: Final = "another row of the same interaction was rejected"
_SAME: Final = ("customer", "kind", "channel", "direction", "currency", "thread")
_NOBODY: Final = Why("customer: the cell is empty; [[skip]] rows without one, or fill it in")
_MANY: Final = Why(f"more than {MOST_LINES:,} rows make one interaction")


class InteractionDraft(NamedTuple):
    """
    Attributes:
        cells: Of the first row, to make a customer nobody knows yet.
        values: Arguments of :class:`crmkit.Interaction`, but for the customer.
    """

    rows: list[Row]
    external_id: str
    cells: list[str]
    values: dict[str, Any]


@attrs.define
class _Group:
    """Rows that make one interaction."""

    key: str | None
    rows: list[Row] = attrs.field(factory=list)
    cells: list[list[str]] = attrs.field(factory=list)
    bad: dict[int, Why] = attrs.field(factory=dict)

    def take(self, checked: Checked) -> None:
        self.rows.append(checked.row)
        if checked.rejected:
            self.bad[checked.row.line] = checked.rejected
        else:
            self.cells.append(checked.cells)


class InteractionRows:
    """
    Drafts of interactions.

    A bad row takes the other rows of its interaction with it: a purchase is stored whole, or not
    at all, and the rejects file can be mended and imported on its own.
    """

    def __init__(self, layout: Layout, scattered: dict[str, list[Row]]) -> None:
        self._layout = layout
        self._scattered = scattered
        mapping = layout.mapping
        fields = {*mapping.fields, *mapping.constants}
        self._is_grouped = bool(mapping.group_by)
        self._has_lines = not fields.isdisjoint(LINE_FIELDS)
        self._same = [field for field in _SAME if field in fields]
        self._payload = [f for f in fields if f.startswith("payload.")]
        self._line_amount = lru_cache(maxsize=50_000)(self._read_line_amount)

    def chunks(
        self, rows: Iterator[Row], *, size: int, done: int
    ) -> Iterator[Chunk[InteractionDraft]]:
        """All of the file; what ends at or before row *done* is stored already."""
        chunk: Chunk[InteractionDraft] = Chunk()
        cutter = Cutter(size, done)
        group: _Group | None = None
        too_long: str | None = None
        count = 0
        for row in rows:
            checked = self._layout.check(row)
            key = self._key(checked, group)
            if group is not None and (key is None or key != group.key) and not checked.skipped:
                self._close(group, chunk)
                group = None
            if group is None and cutter.is_due(count):
                yield cutter.cut(chunk, count)
                chunk = Chunk()
            count += 1
            if checked.skipped:
                chunk.skip(checked)
            elif key in self._scattered:
                self._gather(key, row, chunk)
            elif key is not None and key == too_long:
                chunk.reject(row, _MANY)
            else:
                group = group or _Group(key)
                group.take(checked)
                if len(group.rows) > MOST_LINES:
                    self._close(group, chunk)
                    group, too_long = None, key
        if group is not None:
            self._close(group, chunk)
        yield cutter.cut(chunk, count)

    def _key(self, checked: Checked, group: _Group | None) -> str | None:
        """None for a row on its own; a row whose key cannot be read spoils the group it is in."""
        if not self._is_grouped or checked.skipped:
            return None
        key = self._layout.key(checked)
        if key is None and checked.rejected and group is not None:
            return group.key
        return key

    def _gather(self, key: str | None, row: Row, chunk: Chunk[InteractionDraft]) -> None:
        """An interaction whose rows are not together counts, whole, where it begins."""
        rows = self._scattered[key or ""]
        if rows[0].line == row.line:
            group = _Group(key)
            for each in rows:
                group.take(self._layout.check(each))
            self._close(group, chunk)

    def _close(self, group: _Group, chunk: Chunk[InteractionDraft]) -> None:
        if len(group.rows) > MOST_LINES:
            group.bad = dict.fromkeys((row.line for row in group.rows), _MANY)
        draft = None if group.bad else self._draft(group)
        if group.bad:
            first = f"line {min(group.bad)}"
            for row in group.rows:
                chunk.reject(row, group.bad.get(row.line) or Why(_WITH_IT, first))
        elif draft is None:
            chunk.tally.add("outside", len(group.rows))
        else:
            chunk.drafts.append(draft)

    def _draft(self, group: _Group) -> InteractionDraft | None:
        """None when it is outside the window, or bad: then the group says so."""
        at = self._earliest(group)
        if at is None or group.bad or self._is_outside(at):
            return None
        lines = self._lines(group) if self._has_lines else ()
        same = self._common(group)
        if group.bad:
            return None
        try:
            values = self._values(group.cells[0], lines)
        except InvalidValueError as exc:
            group.bad[group.rows[0].line] = why(exc)
            return None
        return InteractionDraft(group.rows, same["customer"], group.cells[0], {**values, "at": at})

    def _is_outside(self, at: datetime) -> bool:
        since, until = self._layout.mapping.since, self._layout.mapping.until
        return (since is not None and at < since) or (until is not None and at >= until)

    def _earliest(self, group: _Group) -> datetime | None:
        found = [at for at in self._read_each(group, self._at) if at is not None]
        return min(found, default=None)

    def _at(self, cells: list[str]) -> datetime:
        return self._layout.dates.read(self._layout.text(cells, "at"))

    def _lines(self, group: _Group) -> tuple[Line, ...]:
        return tuple(line for line in self._read_each(group, self._line) if line is not None)

    def _read_each(self, group: _Group, read: Callable[[list[str]], T]) -> Iterator[T | None]:
        """What *read* gives for each row; None, with the row marked bad, where it does not fit."""
        for row, cells in zip(group.rows, group.cells, strict=True):
            try:
                yield read(cells)
            except InvalidValueError as exc:
                group.bad.setdefault(row.line, why(exc))
                yield None

    def _line(self, cells: list[str]) -> Line:
        text = self._layout.text
        quantity = text(cells, "line.quantity")
        amount, pieces = self._line_amount(
            quantity,
            text(cells, "line.price"),
            text(cells, "line.amount"),
            text(cells, "currency"),
        )
        return Line(
            sku=text(cells, "line.sku"),
            name=text(cells, "line.name"),
            quantity=pieces,
            amount=amount,
        )

    def _read_line_amount(
        self, quantity: str, price: str, amount: str, currency: str
    ) -> tuple[Money, float]:
        mapping = self._layout.mapping
        has_quantity = "line.quantity" in mapping.fields
        pieces = read_number(quantity, mapping.decimal, "line.quantity") if has_quantity else 1
        if "line.amount" in mapping.fields:
            total, rounding = read_number(amount, mapping.decimal, "line.amount"), ""
        else:
            each = read_number(price, mapping.decimal, "line.price")
            if each < 0:
                accepted = "a price of 0 or more; what goes back has a negative quantity"
                raise InvalidValueError("line.price", price, accepted)
            total, rounding = EXACT.multiply(each, Decimal(pieces)), mapping.rounding
        whole = int(pieces) == pieces
        money = Money(minor_units(total, _digits(currency), "line", rounding), currency)
        return money, int(pieces) if whole else float(pieces)

    def _common(self, group: _Group) -> dict[str, str]:
        """What must be the same in all rows of the group; rows that differ are marked bad."""
        text = self._layout.text
        first: dict[str, str] = {field: text(group.cells[0], field) for field in self._same}
        for row, cells in zip(group.rows, group.cells, strict=True):
            if not text(cells, "customer"):
                group.bad.setdefault(row.line, _NOBODY)
        for row, cells in zip(group.rows[1:], group.cells[1:], strict=True):
            for field, value in first.items():
                other = text(cells, field)
                if other != value:
                    told = f"{other!r}, but {value!r} in line {group.rows[0].line}"
                    reason = Why(f"{field}: rows of one interaction disagree", told)
                    group.bad.setdefault(row.line, reason)
        return first

    def _values(self, cells: list[str], lines: tuple[Line, ...]) -> dict[str, Any]:
        text, mapping = self._layout.text, self._layout.mapping
        kind, amount, lines = self._signed(cells, lines)
        values: dict[str, Any] = {
            "kind": kind,
            "amount": amount,
            "lines": lines,
            "source": mapping.source,
            "source_key": text(cells, "source_key"),
        }
        for field in ("channel", "direction", "text", "thread"):
            if stated := text(cells, field):
                values[field] = stated
        if self._payload:
            payload = {f.partition(".")[2]: text(cells, f) for f in self._payload}
            values["payload"] = {name: stated for name, stated in payload.items() if stated}
        if not values["source_key"]:
            raise InvalidValueError("source_key", "", "the source's own number of the interaction")
        return values

    def _signed(
        self, cells: list[str], lines: tuple[Line, ...]
    ) -> tuple[str, Money | None, tuple[Line, ...]]:
        """The kind, and the amount with the sign that goes with it: what goes back is negative."""
        amount = self._amount(cells, lines)
        stated = self._layout.kind(cells) or ("kind" in self._layout.places and self._kind(cells))
        kind = stated or self._kind(cells)
        minor = 0 if amount is None else amount.amount_minor
        if kind == ORDER and minor < 0:
            if stated or not lines:
                accepted = "0 or more for purchase.order; [[kind_when]] says what is a return"
                raise InvalidValueError("amount", str(amount), accepted)
            kind = RETURN
        if kind == RETURN and minor > 0 and amount is not None:
            if self._layout.mapping.returns == "negative":
                accepted = 'a negative amount for purchase.return; or state returns = "positive"'
                raise InvalidValueError("amount", str(amount), accepted)
            amount = -amount
            lines = tuple(
                attrs.evolve(line, quantity=-line.quantity, amount=-line.amount) for line in lines
            )
        return kind, amount, lines

    def _kind(self, cells: list[str]) -> str:
        default = ORDER if self._has_lines or "amount" in self._layout.places else ""
        return self._layout.text(cells, "kind") or default

    def _amount(self, cells: list[str], lines: tuple[Line, ...]) -> Money | None:
        text, mapping = self._layout.text, self._layout.mapping
        if lines:
            total = sum(line.amount.amount_minor for line in lines)
            return Money(total, lines[0].amount.currency)
        stated = text(cells, "amount")
        if not stated:
            return None
        currency = text(cells, "currency")
        number = read_number(stated, mapping.decimal, "amount")
        return Money(minor_units(number, _digits(currency), "amount", ""), currency)


@lru_cache(maxsize=256)
def _digits(currency: str) -> int:
    exponent = Money(0, currency).amount.as_tuple().exponent
    assert isinstance(exponent, int)
    return -exponent


def scattered_rows(layout: Layout, rows: Callable[[], Iterator[Row]]) -> dict[str, list[Row]]:
    """
    The rows of those interactions whose rows are not together in the file, by key.

    Raises:
        FileRefusedError: If they are too many to be held in memory.
    """
    again: set[str] = set()
    last: str | None = None
    with Seen() as seen:
        for row in rows():
            checked = layout.check(row)
            key = None if checked.skipped else layout.key(checked)
            if key is None or key == last:
                continue
            last = key
            if seen.get(key) is None:
                seen.put(key, "")
            else:
                again.add(key)
    if not again:
        return {}
    found: dict[str, list[Row]] = {}
    for count, (key, row) in enumerate(_keyed(layout, rows, again)):
        if count >= MOST_SCATTERED:
            name = layout.mapping.group_by
            raise FileRefusedError(
                f"{layout.sheet.path}: rows with the same {name} are not together, {row.line:,} "
                f"lines into the file {MOST_SCATTERED:,} such rows; sort the file by {name}"
            )
        found.setdefault(key, []).append(row)
    return found


def _keyed(
    layout: Layout, rows: Callable[[], Iterator[Row]], wanted: set[str]
) -> Iterator[tuple[str, Row]]:
    for row in rows():
        checked = layout.check(row)
        key = None if checked.skipped else layout.key(checked)
        if key is not None and key in wanted:
            yield key, row
