"""
The language of segments that people define: what it says, read from text.

    score.clv >= 5000 and count(purchase.order, 90 days) >= 2 and not in(rfm.lost)

Comparisons are joined by ``and``, ``or``, ``not`` and parentheses, ``and`` binding closer than
``or``. What can be compared: ``score.NAME``, ``label.NAME``, ``attribute.NAME`` (indexed ones),
``customer.kind|standing|locale|time_zone``, ``count(KIND)``, ``sum(KIND)`` in minor units, each
also of the last days only as in ``count(KIND, 90 days)``, and ``days_since(KIND)``. ``in(SEGMENT)``
asks who was in another segment at its last refresh.
"""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

import attrs

from crmkit import InvalidValueError

Operator = Literal["=", "!=", "<", "<=", ">", ">="]
FIELDS: Final = ("kind", "standing", "locale", "time_zone")
FUNCTIONS: Final = ("count", "sum", "days_since")
DEEPEST: Final = 20
_TOKEN = re.compile(
    r"""\s*(?:(?P<number>-?\d+(?:\.\d+)?)(?![\w.])|"(?P<text>[^"]*)"|(?P<operator><=|>=|!=|[=<>])"""
    r"""|(?P<mark>[(),])|(?P<word>[A-Za-z_][\w.]*))"""
)
_ACCEPTED: Final = (
    "a rule such as: score.clv >= 5000 and count(purchase.order, 90 days) >= 2 and not in(rfm.lost)"
)


@attrs.frozen
class Score:
    """``score.NAME``, a number; ``label.NAME``, the class it falls into."""

    name: str
    of: Literal["score", "label"] = "score"

    def __str__(self) -> str:
        return f"{self.of}.{self.name}"


@attrs.frozen
class Field:
    """``customer.FIELD``."""

    name: str

    def __str__(self) -> str:
        return f"customer.{self.name}"


@attrs.frozen
class Custom:
    """``attribute.NAME``."""

    name: str

    def __str__(self) -> str:
        return f"attribute.{self.name}"


@attrs.frozen
class Fact:
    """``count``, ``sum`` or ``days_since`` of the interactions of one kind; all days if None."""

    function: str
    kind: str
    days: int | None = None

    def __str__(self) -> str:
        within = "" if self.days is None else f", {self.days} days"
        return f"{self.function}({self.kind}{within})"


Term: TypeAlias = Score | Field | Custom | Fact


@attrs.frozen
class Comparison:
    """A term against a number, a text or a truth. What is not known fits no comparison."""

    term: Term
    operator: Operator
    value: float | str | bool


@attrs.frozen
class Within:
    """``in(SEGMENT)``."""

    segment: str


@attrs.frozen
class Not:
    condition: Condition


@attrs.frozen
class Both:
    """All of them, or with ``how`` "or" any of them."""

    how: Literal["and", "or"]
    conditions: tuple[Condition, ...]


Condition: TypeAlias = Comparison | Within | Not | Both


def parse(text: str) -> Condition:
    """
    Raises:
        InvalidValueError: If *text* is no rule; says where, and what was expected there.
    """
    reader = _Reader(text)
    found = reader.any_of(0)
    if reader.kind != "end":
        raise reader.expected("and, or, or the end")
    return found


def terms_of(condition: Condition) -> list[Term]:
    """Every term that is compared, once, in the order of the text."""
    if isinstance(condition, Comparison):
        return [condition.term]
    if isinstance(condition, Within):
        return []
    inner = [condition.condition] if isinstance(condition, Not) else condition.conditions
    return list(dict.fromkeys(term for each in inner for term in terms_of(each)))


def segments_of(condition: Condition) -> list[str]:
    """The segments that the rule asks about."""
    if isinstance(condition, Within):
        return [condition.segment]
    if isinstance(condition, Comparison):
        return []
    inner = [condition.condition] if isinstance(condition, Not) else condition.conditions
    return list(dict.fromkeys(name for each in inner for name in segments_of(each)))


class _Reader:
    """Reads one token ahead."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._end = 0
        self.start = 0
        self.kind = ""
        self.seen = ""
        self.next()

    def next(self) -> str:
        """Step on; returns the token that was left."""
        left = self.seen
        match = _TOKEN.match(self._text, self._end)
        if match is not None and match.lastgroup is not None:
            self.kind, self.seen = match.lastgroup, match[match.lastgroup]
            self.start, self._end = match.start(match.lastgroup), match.end()
        else:
            rest = self._text[self._end :]
            self.start = self._end + len(rest) - len(rest.lstrip())
            self.kind, self.seen = ("end" if not rest.strip() else "strange"), rest.strip()[:20]
        return left

    def expected(self, what: str) -> InvalidValueError:
        at = f"{self.seen!r} at character {self.start + 1}" if self.seen else "its end"
        return InvalidValueError("rule", self._text, f"{what} instead of {at}; {_ACCEPTED}")

    def take(self, token: str) -> None:
        if self.seen != token or self.kind == "text":
            raise self.expected(repr(token))
        self.next()

    def any_of(self, depth: int) -> Condition:
        return self._joined("or", depth)

    def _joined(self, how: Literal["and", "or"], depth: int) -> Condition:
        def part() -> Condition:
            return self._joined("and", depth) if how == "or" else self._one(depth)

        found = [part()]
        while self.kind == "word" and self.seen == how:
            self.next()
            found.append(part())
        return found[0] if len(found) == 1 else Both(how, tuple(found))

    def _one(self, depth: int) -> Condition:
        if depth > DEEPEST:
            raise self.expected(f"at most {DEEPEST} levels of parentheses and not")
        if self.kind == "word" and self.seen == "not":
            self.next()
            return Not(self._one(depth + 1))
        if self.kind == "mark" and self.seen == "(":
            self.next()
            found = self.any_of(depth + 1)
            self.take(")")
            return found
        if self.kind == "word" and self.seen == "in":
            self.next()
            self.take("(")
            segment = self._word("the name of a segment")
            self.take(")")
            return Within(segment)
        term = self._term()
        return Comparison(term, self._operator(), self._value(term))

    def _word(self, what: str) -> str:
        if self.kind != "word":
            raise self.expected(what)
        return self.next()

    def _term(self) -> Term:
        start, word = self.start, self._word("score.NAME, count(KIND), in(SEGMENT) or the like")
        family, _, name = word.partition(".")
        if word in FUNCTIONS:
            return self._fact(word)
        if family in ("score", "label") and name:
            return Score(name, "score" if family == "score" else "label")
        if family == "attribute" and name:
            return Custom(name)
        if family == "customer" and name in FIELDS:
            return Field(name)
        self.start, self.seen = start, word
        fields = ", ".join(f"customer.{each}" for each in FIELDS)
        raise self.expected(
            f"score.NAME, label.NAME, attribute.NAME, {fields}, count(KIND), sum(KIND), "
            "days_since(KIND) or in(SEGMENT)"
        )

    def _fact(self, function: str) -> Fact:
        self.take("(")
        kind = self._word("the kind of an interaction")
        days = None
        if self.seen == "," and function != "days_since":
            self.next()
            if self.kind != "number" or not self.seen.isdigit() or int(self.seen) < 1:
                raise self.expected("a number of days")
            days = int(self.next())
            self.take("days")
        self.take(")")
        return Fact(function, kind, days)

    def _operator(self) -> Operator:
        if self.kind != "operator":
            raise self.expected("=, !=, <, <=, > or >=")
        found: Operator = self.next()  # type: ignore[assignment]
        return found

    def _value(self, term: Term) -> float | str | bool:
        is_text = isinstance(term, Field) or (isinstance(term, Score) and term.of == "label")
        if self.kind == "text" and not isinstance(term, Fact) and str(term)[:6] != "score.":
            return self.next()
        if self.kind == "number" and not is_text:
            return float(self.next())
        if self.kind == "word" and self.seen in ("true", "false") and isinstance(term, Custom):
            return self.next() == "true"
        wanted = 'a text in "double quotes"' if is_text else "a number"
        raise self.expected(f"{wanted} to compare {term} with")
