"""The mapping laid over a file: which cell is which field, which rows are left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

import attrs

from crmkit import InvalidValueError

from .errors import MappingError, UnstatedError
from .fields import nearest
from .mapping import Condition, ImportMapping
from .model import Row, Why
from .sheet import DELIMITERS, Sheet
from .values import Dates, read_number, whole_number

Test = Callable[[list[str]], bool]
EMPTY_ROW: Final = Why("the row is empty")
_SHOWN: Final = 20


class Checked(NamedTuple):
    """
    A row as the mapping sees it.

    Attributes:
        cells: Without blanks around them.
        skipped, rejected: Why it is; both None when it is to be imported.
    """

    row: Row
    cells: list[str]
    skipped: Why | None = None
    rejected: Why | None = None


@attrs.frozen(kw_only=True)
class Layout:
    """
    Attributes:
        places: Positions of the cells of a field, by field.
        column: Position by column.
    """

    mapping: ImportMapping
    sheet: Sheet
    places: Mapping[str, tuple[int, ...]]
    column: Mapping[str, int]
    dates: Dates
    _skip: tuple[tuple[Test, Why], ...]
    _kinds: tuple[tuple[Test, str], ...]
    _whole: tuple[tuple[int, str], ...]

    def check(self, row: Row) -> Checked:
        """Whether the row is one, and whether the mapping skips it."""
        cells = [cell.strip() for cell in row.cells]
        width = len(self.sheet.columns)
        if row.problem:
            return Checked(row, cells, rejected=Why(row.problem))
        if len(cells) != width:
            if not any(cells):
                return Checked(row, cells, skipped=EMPTY_ROW)
            if len(cells) > width or self.mapping.short_rows == "reject":
                told = f"{len(cells)} of {width}"
                return Checked(row, cells, rejected=Why(_WRONG_WIDTH[len(cells) > width], told))
            cells += [""] * (width - len(cells))
        elif not cells[0] and not any(cells):
            return Checked(row, cells, skipped=EMPTY_ROW)
        try:
            for place, name in self._whole:
                cells[place] = whole_number(cells[place], name)
        except InvalidValueError as exc:
            return Checked(row, cells, rejected=why(exc))
        for test, reason in self._skip:
            if test(cells):
                return Checked(row, cells, skipped=reason)
        return Checked(row, cells)

    def text(self, cells: Sequence[str], field: str) -> str:
        """The cell, the joined cells, or the constant of *field*; empty when there is none."""
        places = self.places.get(field)
        if places is None:
            return self.mapping.constants.get(field, "")
        if len(places) == 1:
            return cells[places[0]] or self.mapping.constants.get(field, "")
        return " ".join(filter(None, [cells[place] for place in places]))

    def key(self, checked: Checked) -> str | None:
        """What says which rows belong together; None when it cannot be read."""
        place = self.column[self.mapping.group_by]
        cells = checked.cells
        if len(cells) == 1 and checked.rejected:
            cells = checked.row.cells[0].split(self.sheet.delimiter)
        return cells[place].strip(' "') or None if len(cells) > place else None

    def kind(self, cells: list[str]) -> str:
        """The kind of the first rule that holds; empty when none does."""
        return next((kind for test, kind in self._kinds if test(cells)), "")


_WRONG_WIDTH: Final = {
    True: "the row has more cells than there are headers",
    False: 'the row has fewer cells than there are headers; short_rows = "empty" takes it',
}


def why(exc: InvalidValueError) -> Why:
    """The error, so that it counts as one with others of its sort."""
    return Why(f"{exc.field}: expected {exc.accepted}", repr(exc.value)[:80])


def lay_out(mapping: ImportMapping, sheet: Sheet) -> Layout:
    """
    Raises:
        MappingError: If the file lacks a column that the mapping names, or its first rows show
            dates that can be read in two ways.
    """
    _refuse_missing(mapping, sheet)
    column = {name: place for place, name in enumerate(sheet.columns) if name}
    layout = Layout(
        mapping=mapping,
        sheet=sheet,
        places={f: tuple(column[c] for c in names) for f, names in mapping.fields.items()},
        column=column,
        dates=Dates(mapping.dates, mapping.time_zone),
        skip=tuple((_test(e, column, mapping.decimal), Why(e.outcome)) for e in mapping.skip),
        kinds=tuple((_test(e, column, mapping.decimal), e.outcome) for e in mapping.kind_when),
        whole=tuple((column[name], name) for name in mapping.whole_numbers),
    )
    if "at" in mapping.fields:
        _refuse_unstated(layout)
    return layout


def _refuse_missing(mapping: ImportMapping, sheet: Sheet) -> None:
    missing = [name for name in mapping.columns if name not in sheet.columns]
    if not missing:
        return
    if sheet.format == "csv" and len(sheet.columns) == 1 and len(mapping.columns) > 1:
        raise MappingError(
            f"{sheet.path}: read as {DELIMITERS.get(sheet.delimiter, repr(sheet.delimiter))}-"
            f"separated it has one column, {sheet.columns[0][:80]!r}, but the mapping names "
            f"{len(mapping.columns)}; state --delimiter"
        )
    known = [name for name in sheet.columns if name]
    told = ", ".join(f"{name} ({_sample(sheet, name)})" for name in known[:_SHOWN])
    raise MappingError(
        f"{sheet.path}: no column {missing[0]!r}{nearest(missing[0], known)}; it has {told}"
    )


def _sample(sheet: Sheet, name: str) -> str:
    place = sheet.columns.index(name)
    cells = (row.cells[place] for row in sheet.sample if len(row.cells) > place)
    return repr(next(filter(None, cells), ""))[:40]


def _refuse_unstated(layout: Layout) -> None:
    for row in layout.sheet.sample:
        checked = layout.check(row)
        if checked.skipped or checked.rejected:
            continue
        try:
            layout.dates.read(layout.text(checked.cells, "at"))
        except UnstatedError as exc:
            raise MappingError(f"{layout.sheet.path}: line {row.line}: {exc}") from exc
        except InvalidValueError:
            continue


def _test(condition: Condition, column: Mapping[str, int], decimal: str) -> Test:
    place, values = column[condition.column], condition.values
    if condition.test == "empty":
        return lambda cells: not cells[place]
    if condition.test == "equals":
        return lambda cells: cells[place] in values
    if condition.test == "starts_with":
        return lambda cells: cells[place].startswith(values)
    most = read_number(values[0], ".")

    def at_most(cells: list[str]) -> bool:
        try:
            return read_number(cells[place], decimal) <= most
        except InvalidValueError:
            return False

    return at_most
