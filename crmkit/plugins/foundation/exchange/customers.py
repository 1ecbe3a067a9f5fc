"""Rows to customers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from crmkit import Attribute, ContactPoint, Customer, Identity, InvalidValueError

from .chunks import Chunk, Cutter
from .fields import CONTACTS
from .layout import Layout, why
from .model import Row, Why
from .seen import Seen
from .values import read_number

_SINGLE: Final = ("name", "kind", "standing", "locale", "time_zone")
_DISAGREES: Final = "it disagrees with an earlier row of this file about the same customer"


class CustomerDraft(NamedTuple):
    row: Row
    customer: Customer


class CustomerRows:
    """
    Drafts of customers, one for each row.

    Of two rows that say different things about the same customer, the first counts and the other
    one is rejected: then the order in which rows are stored, or imported again, changes nothing.
    """

    def __init__(self, layout: Layout, defined: Mapping[str, Attribute]) -> None:
        self._layout = layout
        self._namespace = layout.mapping.namespace
        fields = (*layout.mapping.fields, *layout.mapping.constants)
        self._single = [field for field in fields if field in _SINGLE]
        self._points = [(f, *f.partition(".")[::2]) for f in fields if f.split(".")[0] in CONTACTS]
        self._names = [(f, f.partition(".")[2]) for f in fields if f.startswith("identity.")]
        self._attributes = [
            (field, *reader_of(field.partition(".")[2], defined))
            for field in fields
            if field.startswith("attributes.")
        ]

    def chunks(
        self, rows: Iterator[Row], *, size: int, done: int
    ) -> Iterator[Chunk[CustomerDraft]]:
        """All of the file; what ends at or before row *done* is stored already."""
        chunk: Chunk[CustomerDraft] = Chunk()
        cutter = Cutter(size, done)
        count = 0
        with Seen() as seen:
            for row in rows:
                if cutter.is_due(count):
                    yield cutter.cut(chunk, count)
                    chunk = Chunk()
                self._take(row, chunk, seen)
                count += 1
        yield cutter.cut(chunk, count)

    def _take(self, row: Row, chunk: Chunk[CustomerDraft], seen: Seen) -> None:
        checked = self._layout.check(row)
        if checked.skipped:
            chunk.skip(checked)
        elif checked.rejected:
            chunk.reject(row, checked.rejected)
        else:
            try:
                stated = self._stated(checked.cells)
                customer = self._customer(checked.cells, stated)
            except InvalidValueError as exc:
                chunk.reject(row, why(exc))
                return
            told = _contradiction(seen, customer.identities[0].external_id, stated, row.line)
            if told:
                chunk.reject(row, Why(_DISAGREES, told))
            else:
                chunk.drafts.append(CustomerDraft(row, customer))

    def _stated(self, cells: Sequence[str]) -> dict[str, Any]:
        """What the row says that a customer has one of."""
        found: dict[str, Any] = {}
        for field in self._single:
            if text := self._layout.text(cells, field):
                found[field] = text
        for field, _, read in self._attributes:
            if text := self._layout.text(cells, field):
                found[field] = read(text)
        return found

    def _customer(self, cells: Sequence[str], stated: Mapping[str, Any]) -> Customer:
        text = self._layout.text
        points = [
            ContactPoint(kind, value, label=label)  # type: ignore[arg-type]
            for field, kind, label in self._points
            if (value := text(cells, field))
        ]
        identities = [Identity(self._namespace, text(cells, "external_id"))]
        identities += [Identity(name, each) for f, name in self._names if (each := text(cells, f))]
        if "name" in self._single and "name" not in stated and not points:
            raise InvalidValueError("name", "", "a name, or a way to reach the customer")
        single = {field: stated[field] for field in self._single if field in stated}
        return Customer(
            **{"name": "", **single},
            contact_points=tuple(points),
            identities=tuple(identities),
            attributes={n: stated[f] for f, n, _ in self._attributes if f in stated},
        )


def _contradiction(seen: Seen, key: str, stated: Mapping[str, Any], line: int) -> str:
    """What an earlier row says otherwise; remembers what this one adds."""
    fact = seen.get(key)
    known: dict[str, Any] = {} if fact is None else json.loads(fact)
    for field, value in stated.items():
        if field in known and known[field][0] != str(value):
            return f"{field}: {value!r}, but {known[field][0]!r} in line {known[field][1]}"
    added = {f: (str(value), line) for f, value in stated.items() if f not in known}
    if added or fact is None:
        seen.put(key, json.dumps(known | added, ensure_ascii=False))
    return ""


def reader_of(name: str, defined: Mapping[str, Attribute]) -> tuple[str, Callable[[str], object]]:
    """
    The attribute's name, and what turns a cell into its value.

    Raises:
        InvalidValueError: If no such attribute is defined.
    """
    attribute = defined.get(name)
    if attribute is None:
        told = ", ".join(sorted(defined)) or "none is"
        accepted = f"one that is defined ({told}); define it in crmkit.toml: [attributes.{name}]"
        raise InvalidValueError("attributes", name, accepted)
    convert = _CELLS.get(attribute.type, _as_it_is)

    def read(text: str) -> object:
        return attribute.check(convert(text))

    return name, read


def _as_it_is(text: str) -> object:
    return text


def _integer(text: str) -> object:
    number = read_number(text, "")
    return int(number) if number == number.to_integral_value() else text


def _boolean(text: str) -> object:
    return _TRUTHS.get(text.casefold(), text)


_TRUTHS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_CELLS: Final[Mapping[str, Callable[[str], object]]] = {
    "integer": _integer,
    "boolean": _boolean,
}
