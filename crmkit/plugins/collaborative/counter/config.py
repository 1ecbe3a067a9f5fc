"""The settings under ``[counter]``."""

from __future__ import annotations

import re
from typing import Any

import attrs

from crmkit import InvalidValueError

_days: Any = attrs.validators.ge(0)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


def _name(_: object, field: attrs.Attribute[str], value: str) -> None:
    if not _NAME.fullmatch(value):
        raise InvalidValueError(f"question {field.name}", value, "a lower-case word such as family")


def _ask(_: object, __: object, value: str) -> None:
    if not value.strip() or len(value) > 200 or "{" in value.replace("{last}", ""):
        accepted = "a question of at most 200 characters; {last} stands for what was bought last"
        raise InvalidValueError("question ask", value, accepted)


@attrs.frozen(kw_only=True)
class Question:
    """
    One rule of what to ask; the first that holds is asked.

    Attributes:
        ask: In the words of the shop; ``{last}`` is what was bought last, and who bought nothing is
            not asked.
        lacks: Only who has no such thing: ``email``, ``phone``, or a custom attribute.
        least_visits: Only who bought on so many occasions.
        each_purchase: An answer holds until the next purchase; else for good.
    """

    name: str = attrs.field(validator=_name)
    ask: str = attrs.field(validator=_ask)
    lacks: str = ""
    least_visits: int = attrs.field(default=0, validator=_days)
    each_purchase: bool = False


QUESTIONS = (
    Question(name="last_purchase", ask="How did you like the {last}?", each_purchase=True),
    Question(name="family", ask="Whom else do you shop for?", least_visits=2),
    Question(name="missed", ask="What do you miss on our shelves?", least_visits=3),
    Question(name="email", ask="Where may we send the receipt?", lacks="email"),
)


@attrs.frozen(kw_only=True)
class Settings:
    """
    What a shopkeeper is reminded of.

    Attributes:
        cards: Namespaces of identities that are looked in for a bare card number.
        questions: In the order in which they matter; they take the place of the built-in ones.
        again_days: What was asked in vain, or an offer that was declined, rests so long.
        not_goods: Article numbers of what is no favourite of anybody: postage, vouchers.
        complaint_days: So long after a complaint was opened nothing is offered, solved or not.
    """

    cards: tuple[str, ...] = ("loyalty", "card")
    questions: tuple[Question, ...] = QUESTIONS
    again_days: int = attrs.field(default=90, validator=_days)
    not_goods: tuple[str, ...] = ()
    complaint_days: int = attrs.field(default=14, validator=_days)

    def __attrs_post_init__(self) -> None:
        names = [each.name for each in self.questions]
        if twice := sorted({each for each in names if names.count(each) > 1}):
            raise InvalidValueError("question name", twice[0], "a name of one question only")
