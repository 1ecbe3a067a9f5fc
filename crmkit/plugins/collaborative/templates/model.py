"""Templates in their versions and languages, and what they become."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

import attrs

from crmkit import InvalidValueError

from .errors import shown
from .languages import refuse_tag

Part = Literal["subject", "text", "html"]
PARTS: Final[tuple[Part, ...]] = ("subject", "text", "html")
LONGEST: Final = 1_000_000
DEEPEST: Final = 5
"""How many templates may be taken in one within the other."""
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")


def _text(_: object, field: attrs.Attribute[str], value: str) -> None:
    if not isinstance(value, str) or len(value) > LONGEST or "\0" in value:
        raise InvalidValueError(field.name, value, f"text of at most {LONGEST:,} letters")


def _asked(given: Mapping[str, Iterable[Iterable[Any]]]) -> dict[str, tuple[Any, ...]]:
    """As it is, whether it comes from JSON or not."""
    return {part: tuple(tuple(each) for each in some) for part, some in given.items()}


def _taken(given: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    return {part: tuple(some) for part, some in given.items()}


@attrs.frozen(kw_only=True)
class Template:
    """
    One version of a template in one language. It never changes; saving makes another.

    Attributes:
        language: BCP 47 tag; empty for who has no other.
        html: With *mjml*, what it became.
        asked: The dotted names each part asks for, with the line of the first.
        taken: The templates each part takes in.
        version: Counted for each name and language.
    """

    name: str
    language: str = ""
    subject: str = attrs.field(default="", validator=_text)
    text: str = attrs.field(default="", validator=_text)
    html: str = attrs.field(default="", validator=_text)
    mjml: str = attrs.field(default="", validator=_text)
    asked: Mapping[str, Sequence[tuple[str, int]]] = attrs.field(
        factory=dict, converter=_asked, hash=False
    )
    taken: Mapping[str, Sequence[str]] = attrs.field(factory=dict, converter=_taken, hash=False)
    version: int = 0
    saved_at: datetime | None = None
    saved_by: str = ""
    id: int = 0

    def __attrs_post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            accepted = "lower-case letters, digits, - and _, at most 100"
            raise InvalidValueError("name", self.name, accepted)
        refuse_tag("language", self.language)
        if not (self.text.strip() or self.html.strip() or self.mjml.strip()):
            raise InvalidValueError("text", "", "a text, HTML or MJML")

    def __str__(self) -> str:
        return shown(self.name, self.language)

    def part(self, part: Part) -> str:
        return {"subject": self.subject, "text": self.text, "html": self.html}[part]

    @property
    def roots(self) -> set[str]:
        """The first words of what it asks for: ``customer``, or the name of a plugin."""
        return {dotted.partition(".")[0] for some in self.asked.values() for dotted, _ in some}


@attrs.frozen(kw_only=True)
class Rendered:
    """
    A message to one customer, or why there is none.

    Attributes:
        subject: One line.
        html: Empty where the template has none.
        language, version: Of the variant that was used.
        problem: Names the template, the line and what is wrong; empty if nothing is.
        is_missing: Whether the problem is that something is not known of this customer.
    """

    customer_id: int
    subject: str = ""
    text: str = ""
    html: str = ""
    language: str = ""
    version: int = 0
    problem: str = ""
    is_missing: bool = False


@attrs.frozen(kw_only=True)
class Problem:
    """
    Something about a template that people should know before it is used.

    Attributes:
        level: An ``error`` must be mended, a ``warning`` should.
        line: 0 where it has none.
    """

    level: Literal["error", "warning"]
    template: str
    language: str
    part: str
    line: int
    text: str


def same(one: Template, other: Template) -> bool:
    """Whether both say the same."""
    fields: tuple[Any, ...] = ("subject", "text", "html", "mjml")
    return all(getattr(one, each) == getattr(other, each) for each in fields)
