"""What a message must have to say something, and what it may name."""

from __future__ import annotations

from string import Formatter
from typing import Any, Final

import attrs

from crmkit import InvalidValueError

FIELDS: Final = frozenset({"name", "code", "campaign"})
"""What texts of messages may name in braces."""


def fields(_: object, field: attrs.Attribute[Any], value: str) -> None:
    try:
        named = {name for _, name, _, _ in Formatter().parse(value) if name is not None}
    except ValueError:
        named = {"?"}
    if named - FIELDS:
        accepted = f"a text with no more than {{{'}, {'.join(sorted(FIELDS))}}} in braces"
        raise InvalidValueError(field.name, value, accepted)


def refuse_wordless(name: str, subject: str, text: str, template: str) -> None:
    """
    Raises:
        InvalidValueError: If it says nothing, or both by itself and by a template.
    """
    given = {"subject": subject, "text": text}
    for field, value in given.items():
        if bool(value.strip()) == bool(template):
            accepted = "a subject and a text, or a template and neither"
            raise InvalidValueError(f"{name}.{field}", value, accepted)
