"""What is heard at the counter, and what stands on its one screen."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal, get_args

import attrs

from crmkit import InvalidValueError

NOTE: Final = "note.heard"
ORDER: Final = "purchase.order"
TASTE: Final = "counter.taste"
ASKED: Final = "counter.asked"
OFFERED: Final = "counter.offered"
CHANNEL: Final = "counter"

Response = Literal["answered", "refused", "unanswered"]
Reply = Literal["accepted", "declined", "not_raised"]


def _one_of(choices: object) -> Any:
    def check(_: object, field: attrs.Attribute[Any], value: object) -> None:
        if value not in get_args(choices):
            raise InvalidValueError(field.name, value, "one of " + ", ".join(get_args(choices)))

    return check


@attrs.frozen(kw_only=True)
class Taste:
    """The payload of ``counter.taste``: they like an article, or do not."""

    sku: str
    likes: bool


@attrs.frozen(kw_only=True)
class Asked:
    """The payload of ``counter.asked``: a question, and whether it was answered."""

    question: str
    response: Response = attrs.field(validator=_one_of(Response))


@attrs.frozen(kw_only=True)
class Offered:
    """The payload of ``counter.offered``: what became of an offer at the counter."""

    reply: Reply = attrs.field(validator=_one_of(Reply))
    what: str
    sku: str = ""


def _stripped(text: str) -> str:
    return text.strip()


@attrs.frozen(kw_only=True)
class Heard:
    """
    What was heard in one moment of sale.

    Attributes:
        text: The answer where a *question* is named, else on the article, else a note.
        sku, likes: An article, and whether they like it.
        question, response: One of the settings' questions, and what came of asking it.
        offer_id, reply: An open offer, and what came of it.
    """

    text: str = attrs.field(default="", converter=_stripped)
    sku: str = ""
    likes: bool | None = None
    question: str = ""
    response: Response = attrs.field(default="answered", validator=_one_of(Response))
    offer_id: int | None = None
    reply: Reply | None = attrs.field(
        default=None, validator=attrs.validators.optional(_one_of(Reply))
    )

    def __attrs_post_init__(self) -> None:
        if bool(self.sku) != (self.likes is not None):
            raise InvalidValueError(
                "product", self.sku, "an article together with likes or dislikes"
            )
        if (self.offer_id is None) != (self.reply is None):
            raise InvalidValueError("offer", self.offer_id, "an offer together with its reply")
        if self.question and self.response == "answered" and not self.text:
            raise InvalidValueError("text", self.text, "the answer to the question")
        if not (self.text or self.sku or self.question or self.reply):
            raise InvalidValueError("text", self.text, "what was heard")


@attrs.frozen(kw_only=True)
class Favourite:
    """
    An article somebody bought.

    Attributes:
        times: On how many occasions.
    """

    sku: str
    name: str
    times: int
    last_at: datetime


@attrs.frozen(kw_only=True)
class Remembered:
    """Something that was heard; *topic* is a question's name, ``likes``, ``dislikes``, or empty."""

    at: datetime
    text: str
    topic: str = ""


@attrs.frozen(kw_only=True)
class Suggestion:
    """What may be offered now, and why; without *offer_id* it is an idea and no offer yet."""

    what: str
    why: str
    offer_id: int | None = None
    sku: str = ""


@attrs.frozen(kw_only=True)
class Asking:
    """The one question that would help most."""

    name: str
    text: str


@attrs.frozen(kw_only=True)
class Prompt:
    """
    What a good shopkeeper would remember of one customer.

    Attributes:
        since, last_at: Of the first and the last purchase.
        first: What to speak of before anything is sold.
        favourites: What they buy most often, then last, the most often first.
        known: The last answer to each question.
        heard: Notes and tastes, latest first.
        standing: Segments and points, in words.
        silence: Why nothing is sold now; empty while selling is welcome.
        spare: What not to mention or not to serve.
        also: Remarks of other plugins, as they say them.
    """

    customer_id: int
    name: str
    since: datetime | None
    last_at: datetime | None
    visits: int
    first: tuple[str, ...] = ()
    favourites: tuple[Favourite, ...] = ()
    last: Favourite | None = None
    known: tuple[Remembered, ...] = ()
    heard: tuple[Remembered, ...] = ()
    standing: tuple[str, ...] = ()
    suggestion: Suggestion | None = None
    silence: tuple[str, ...] = ()
    spare: tuple[str, ...] = ()
    question: Asking | None = None
    also: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Noted:
    """The interactions that were recorded, or had been before under the same key."""

    customer_id: int
    interaction_ids: tuple[int, ...]
