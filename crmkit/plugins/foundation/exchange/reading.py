"""From TOML to a mapping, with an answer to every mistake."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from crmkit import CrmkitError, Identity, Money

from .errors import MappingError
from .fields import LINE_FIELDS, check_column, check_field, nearest
from .mapping import PLACEHOLDER, Condition, ImportMapping, NewCustomer
from .values import Dates, read_number

_CHOICES: Final = {
    "decimal": (".", ","),
    "rounding": ("half_even",),
    "returns": ("negative", "positive"),
    "short_rows": ("reject", "empty"),
}
_TEXTS: Final = ("source", "namespace", "group_by", "dates", "time_zone", "encoding", "delimiter")
_TABLES: Final = ("columns", "join", "constants", "customer", "skip", "kind_when")
_KNOWN: Final = ("kind", *_TEXTS, *_CHOICES, "multiline", "whole_numbers", *_TABLES)
_TESTS: Final = ("empty", "equals", "starts_with", "at_most")
_NEEDED: Final = {
    "customers": {"external_id": "what the source calls the customer"},
    "interactions": {
        "customer": "what the source calls the customer",
        "at": "when it happened",
        "source_key": "the source's own number of it; or group_by, when several rows make one",
    },
}
_NO_CONSTANTS: Final = ("external_id", "source_key", "customer", "at")


def read_mapping(given: str | Path) -> ImportMapping:
    """
    The mapping in a TOML file; or in a text, when *given* has several lines.

    Raises:
        MappingError: If there is no such file, or it is no mapping.
    """
    if isinstance(given, str) and "\n" in given:
        return _read(given, "mapping")
    try:
        text = Path(given).read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as exc:
        told = exc.strerror if isinstance(exc, OSError) else str(exc)
        raise MappingError(f"{given}: {told}; expected a mapping in TOML") from exc
    return _read(text, str(given))


def _read(text: str, name: str) -> ImportMapping:
    try:
        return _mapping(tomllib.loads(text))
    except tomllib.TOMLDecodeError as exc:
        raise MappingError(f"{name}: not TOML: {exc}") from exc
    except CrmkitError as exc:
        raise MappingError(f"{name}: {exc}") from exc


def _mapping(document: dict[str, Any]) -> ImportMapping:
    _refuse_unknown("the mapping", document, _KNOWN)
    kind = document.get("kind")
    if kind not in _NEEDED:
        raise MappingError(f'kind = {kind!r}: expected "customers" or "interactions"')
    _check_plain(document)
    plain = {key: document[key] for key in (*_TEXTS, *_CHOICES, "multiline") if key in document}
    mapping = ImportMapping(
        kind=kind,
        fields=_fields(kind, document),
        constants=_constants(kind, document),
        customer=_customer(document.get("customer")),
        skip=_conditions("skip", document, "reason"),
        kind_when=_conditions("kind_when", document, "kind"),
        whole_numbers=tuple(_names("whole_numbers", document.get("whole_numbers", []))),
        **{"source": "", "namespace": plain.get("source", "")} | plain,
    )
    mapping = _completed(mapping)
    _check_whole(mapping)
    return mapping


def _completed(mapping: ImportMapping) -> ImportMapping:
    """With *group_by* as the source's own number, unless another column is."""
    if not mapping.group_by or "source_key" in mapping.fields:
        return mapping
    return attrs.evolve(mapping, fields={**mapping.fields, "source_key": (mapping.group_by,)})


def _check_plain(document: Mapping[str, Any]) -> None:
    for key in _TEXTS:
        if not isinstance(document.get(key, ""), str):
            raise MappingError(f"{key} = {document[key]!r}: expected a text")
    for key, choices in _CHOICES.items():
        if document.get(key, choices[0]) not in choices:
            told = " or ".join(f'"{each}"' for each in choices)
            raise MappingError(f"{key} = {document[key]!r}: expected {told}")
    if not isinstance(document.get("multiline", False), bool):
        raise MappingError(f"multiline = {document['multiline']!r}: expected true or false")
    delimiter = document.get("delimiter", ",")
    if len(delimiter) != 1 or delimiter in '"\r\n' or not delimiter.isascii():
        raise MappingError(f"delimiter = {delimiter!r}: expected one character such as ;")
    Dates(document.get("dates", ""), document.get("time_zone", ""))


def _fields(kind: str, document: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for column, given in _table("columns", document).items():
        for field in [given] if isinstance(given, str) else _names(f"[columns] {column}", given):
            check_column(column, f"[columns] {column!r}")
            check_field(kind, field, f"[columns] {column!r}")
            if field in found:
                both = [*found[field], column]
                joined = ", ".join(f'"{each}"' for each in both)
                raise MappingError(
                    f"columns {' and '.join(map(repr, both))} are both mapped to {field}; take one "
                    f"out, or join them: [join] {field} = [{joined}]"
                )
            found[field] = (column,)
    for field, columns in _table("join", document).items():
        check_field(kind, field, "[join]")
        if field in found:
            raise MappingError(f"{field} is in [columns] and in [join]; take one out")
        found[field] = tuple(_names(f"[join] {field}", columns))
        for column in found[field]:
            check_column(column, f"[join] {field}")
    return found


def _constants(kind: str, document: Mapping[str, Any]) -> dict[str, str]:
    constants = _table("constants", document)
    for field, value in constants.items():
        check_field(kind, field, "[constants]")
        if field in _NO_CONSTANTS:
            raise MappingError(f"[constants] {field}: it differs from row to row; name its column")
        if not isinstance(value, str) or not value:
            raise MappingError(f"[constants] {field} = {value!r}: expected a text")
    return constants


def _customer(section: object) -> NewCustomer | None:
    if section is None:
        return None
    if not isinstance(section, dict):
        raise MappingError("customer: expected a table [customer] with a name")
    _refuse_unknown("[customer]", section, ("name", "kind", "attributes"))
    name = section.get("name")
    if not isinstance(name, str) or not name:
        raise MappingError(f'[customer] name = {name!r}: expected one such as "Customer {{ID}}"')
    for column in PLACEHOLDER.findall(name):
        check_column(column, "[customer] name")
    attributes = section.get("attributes", {})
    if not isinstance(attributes, dict) or not all(isinstance(v, str) for v in attributes.values()):
        raise MappingError('[customer] attributes: expected columns, as in {country = "Country"}')
    for attribute, column in attributes.items():
        check_column(column, f"[customer] attributes.{attribute}")
    return NewCustomer(name=name, kind=section.get("kind", "person"), attributes=attributes)


def _conditions(key: str, document: Mapping[str, Any], outcome: str) -> tuple[Condition, ...]:
    given = document.get(key, [])
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise MappingError(f"{key}: expected tables [[{key}]]")
    return tuple(_condition(f"[[{key}]]", each, outcome) for each in given)


def _condition(place: str, given: Mapping[str, Any], outcome: str) -> Condition:
    _refuse_unknown(place, given, ("column", *_TESTS, outcome))
    tests = [name for name in _TESTS if name in given]
    column, told = given.get("column"), given.get(outcome)
    if not isinstance(column, str) or not isinstance(told, str) or len(tests) != 1:
        raise MappingError(
            f"{place}: expected column, {outcome} and one of {', '.join(_TESTS)}; such as "
            f'column = "CustomerID", empty = true, {outcome} = "..."'
        )
    test, value = tests[0], given[tests[0]]
    values = value if isinstance(value, list) and test in ("equals", "starts_with") else [value]
    if test == "empty" and value is not True:
        raise MappingError(f"{place} {column!r}: empty = true is the only form")
    if test == "at_most":
        read_number(str(value), ".")
    return Condition(column=column, test=test, values=tuple(map(str, values)), outcome=told)


def _check_whole(mapping: ImportMapping) -> None:
    Identity(mapping.namespace, "x")
    if not mapping.source:
        raise MappingError('source: the name of the system the file comes from is missing; "shop"')
    for field, told in _NEEDED[mapping.kind].items():
        if field not in mapping.fields:
            raise MappingError(f"no column is mapped to {field}: {told}")
    if "currency" in mapping.constants:
        Money(0, mapping.constants["currency"])
    lines = [field for field in LINE_FIELDS if field in (*mapping.fields, *mapping.constants)]
    has_amount = "amount" in mapping.fields
    if lines:
        if has_amount:
            raise MappingError(
                f"amount and {lines[0]}: the amount is the sum of the lines; drop one"
            )
        if "line.sku" not in lines or ("line.amount" in lines) == ("line.price" in lines):
            raise MappingError(
                f"{', '.join(lines)}: a line needs line.sku, and either line.amount for the whole "
                "line, or line.price for one piece (with line.quantity)"
            )
    has_currency = "currency" in mapping.fields or "currency" in mapping.constants
    if (lines or has_amount) and not has_currency:
        raise MappingError('amounts need a currency: a column, or [constants] currency = "EUR"')
    if mapping.kind == "customers" and (mapping.group_by or mapping.customer or mapping.kind_when):
        raise MappingError('group_by, [customer] and [[kind_when]] are for kind = "interactions"')


def _refuse_unknown(place: str, given: Collection[str], known: Collection[str]) -> None:
    for key in given:
        if key not in known:
            told = ", ".join(known)
            raise MappingError(f"{place} has no {key!r}{nearest(key, list(known))}; it has {told}")


def _table(key: str, document: Mapping[str, Any]) -> dict[str, Any]:
    given = document.get(key, {})
    if not isinstance(given, dict):
        raise MappingError(f"{key}: expected a table [{key}]")
    return given


def _names(place: str, given: object) -> list[str]:
    if not isinstance(given, list) or not given or not all(isinstance(each, str) for each in given):
        if given == []:
            return []
        raise MappingError(f"{place} = {given!r}: expected names in quotes")
    return given
