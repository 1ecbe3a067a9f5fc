"""Settings: ``[counter]`` in ``crmkit.toml``: what we would like to know, and how often we ask."""

from __future__ import annotations

import re
from typing import Any

import attrs

from crmkit import InvalidValueError

_NAME = re.compile(r"[a-z][a-z0-9_]{0,60}")
_positive: Any = attrs.validators.gt(0)


def _name(_: object, field: attrs.Attribute[str], value: str) -> None:
    if not _NAME.fullmatch(value):
        raise InvalidValueError(field.name, value, "lower-case letters, digits and _")


def _text(_: object, field: attrs.Attribute[str], value: str) -> None:
    if not value.strip() or len(value) > 200:
        raise InvalidValueError(field.name, value, "a question of at most 200 characters")


@attrs.frozen(kw_only=True)
class Question:
    """
    Something that would help to know.

    Attributes:
        unless_attribute: A custom attribute; who has a value there is not asked.
        from_orders: Nobody is asked before so many orders: first serve, then ask.
    """

    name: str = attrs.field(validator=_name)
    text: str = attrs.field(validator=_text)
    unless_attribute: str = ""
    from_orders: int = 1


QUESTIONS = (
    Question(name="heard_of_us", text="How did you hear of us?", from_orders=0),
    Question(name="for_whom", text="Is it for you, or a present?"),
    Question(name="likes", text="What do you like best here?", from_orders=2),
    Question(name="spare", text="Is there anything we should spare you?", from_orders=2),
    Question(name="missing", text="What do you miss in our shop?", from_orders=3),
)


@attrs.frozen(kw_only=True)
class Settings:
    """
    Attributes:
        questions: In the order of what helps most; the first that fits is asked.
        ask_again_days: Nobody is asked anything sooner after the last question.
        refused_days: How long a question rests that somebody did not want to answer.
        favourites, heard: How many of them stand on the screen.
    """

    questions: tuple[Question, ...] = QUESTIONS
    ask_again_days: int = attrs.field(default=14, validator=_positive)
    refused_days: int = attrs.field(default=365, validator=_positive)
    favourites: int = attrs.field(default=3, validator=_positive)
    heard: int = attrs.field(default=3, validator=_positive)

    def __attrs_post_init__(self) -> None:
        names = [each.name for each in self.questions]
        if len(set(names)) != len(names):
            raise InvalidValueError("questions", ", ".join(names), "each name once")

    @property
    def names(self) -> list[str]:
        return [each.name for each in self.questions]
