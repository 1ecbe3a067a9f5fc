"""The mapping: which column of a file is which field."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

import attrs

PLACEHOLDER: Final = re.compile(r"\{([^{}]+)\}")


@attrs.frozen(kw_only=True)
class Condition:
    """
    What a row may be.

    Attributes:
        test: ``empty``, ``equals``, ``starts_with`` or ``at_most``.
        values: What the cell is compared with; one number for ``at_most``.
        outcome: The reason to skip the row, or the kind of its interaction.
    """

    column: str
    test: str
    values: tuple[str, ...]
    outcome: str


@attrs.frozen(kw_only=True)
class NewCustomer:
    """
    How a customer is made that an interaction names and nobody knows.

    Attributes:
        name: A text with columns in braces: ``Customer {CustomerID}``.
        attributes: Columns by custom attribute.
    """

    name: str
    kind: str = "person"
    attributes: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class ImportMapping:
    """
    How a file is read; made by :func:`read_mapping`.

    Attributes:
        source: The system the file comes from.
        namespace: Of the customers' identities.
        fields: Columns by field; several are joined by a blank.
        constants: Values by field.
        group_by: Rows with the same value in this column are the lines of one interaction.
        customer: None when every customer must be known already.
        whole_numbers: Columns in which 17850.0 means 17850.
        dates: ``iso``, ``dmy``, ``mdy`` or a pattern such as ``%d.%m.%Y``; empty when unstated.
        decimal: Empty when unstated: then a point, and no separators of thousands.
        rounding: ``half_even`` rounds quantity times price to the minor unit; empty refuses what
            is not exact.
        returns: Whether the file writes returns as negative or as positive numbers.
        multiline: Take a quoted cell that looks like rows of its own.
        since, until: Half-open window on the instant of an interaction.
    """

    kind: Literal["customers", "interactions"]
    source: str
    namespace: str
    fields: Mapping[str, tuple[str, ...]]
    constants: Mapping[str, str] = attrs.field(factory=dict)
    group_by: str = ""
    customer: NewCustomer | None = None
    skip: tuple[Condition, ...] = ()
    kind_when: tuple[Condition, ...] = ()
    whole_numbers: tuple[str, ...] = ()
    dates: str = ""
    time_zone: str = ""
    decimal: Literal["", ".", ","] = ""
    rounding: Literal["", "half_even"] = ""
    returns: Literal["negative", "positive"] = "negative"
    short_rows: Literal["reject", "empty"] = "reject"
    multiline: bool = False
    encoding: str = ""
    delimiter: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column it names, once."""
        named = [column for columns in self.fields.values() for column in columns]
        named += [each.column for each in (*self.skip, *self.kind_when)]
        named += [self.group_by] if self.group_by else []
        if self.customer is not None:
            named += PLACEHOLDER.findall(self.customer.name)
            named += self.customer.attributes.values()
        return tuple(dict.fromkeys((*named, *self.whole_numbers)))

    @property
    def digest(self) -> str:
        """Differs whenever the same file could be read differently."""
        document = json.dumps(attrs.asdict(self), default=str, sort_keys=True)
        return hashlib.sha256(document.encode("utf-8", "surrogatepass")).hexdigest()
