"""Cases, their clocks, what happened to them; articles; what was measured."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, Literal

import attrs

from crmkit import InvalidValueError, Money

KINDS: Final = ("question", "problem", "complaint", "request")
ROLES: Final = ("requester", "copied", "concerned")
Metric = Literal["first_response", "next_response", "resolution"]


def _text(longest: int, *, empty: bool = True) -> Any:
    def check(_: object, field: attrs.Attribute[Any], value: str) -> None:
        if not isinstance(value, str) or len(value) > longest or not (empty or value.strip()):
            least = "" if empty else "non-empty "
            raise InvalidValueError(field.name, value, f"{least}text of at most {longest} letters")
        if "\0" in value:
            raise InvalidValueError(field.name, value, "text without NUL")

    return check


def _one_of(choices: tuple[str, ...]) -> Any:
    def check(_: object, field: attrs.Attribute[Any], value: str) -> None:
        if value not in choices:
            raise InvalidValueError(field.name, value, f"one of {', '.join(choices)}")

    return check


@attrs.frozen(kw_only=True)
class Draft:
    """
    A case before it has an id.

    Attributes:
        queue, priority: Empty for the first queue, and the usual priority, of the settings.
        interaction_id: The message it began with.
        source, source_key: The same pair is opened once.
    """

    customer_id: int
    subject: str = attrs.field(validator=_text(500, empty=False))
    kind: str = attrs.field(default="question", validator=_one_of(KINDS))
    queue: str = ""
    priority: str = ""
    assignee: str = attrs.field(default="", validator=_text(100))
    interaction_id: int | None = None
    source: str = ""
    source_key: str | None = None


@attrs.frozen(kw_only=True)
class Case:
    """
    Something a customer wants of us.

    Attributes:
        thread: What interactions of its conversation bear.
        answered_at: When somebody of ours first answered.
        solved_at: When it last was solved; None while it is not.
        merged_into: The case it went into.
        version: Goes up by one with every change; a change with an old one is refused.
    """

    id: int
    customer_id: int
    subject: str
    kind: str
    queue: str
    priority: str
    status: str
    assignee: str
    opened_at: datetime
    changed_at: datetime
    answered_at: datetime | None
    solved_at: datetime | None
    merged_into: int | None
    source: str
    source_key: str | None
    version: int

    @property
    def thread(self) -> str:
        return thread_of(self.id)


def thread_of(case_id: int) -> str:
    """What interactions of the conversation bear."""
    return f"case:{case_id}"


@attrs.frozen(kw_only=True)
class Clock:
    """
    One promise at one case.

    Attributes:
        target: How much open time it has.
        elapsed: How much had passed when it was last started, stopped or paused.
        running_since: None while it stands still.
        due_at: When the time is up, as the calendar now is; None while it stands still.
        stopped_at: When the promise was kept, or no longer mattered.
        warned_at, late_at: When it was noted to be about to be late, and to be late.
    """

    case_id: int
    metric: Metric
    promise: str
    calendar: str
    target: timedelta
    elapsed: timedelta
    started_at: datetime
    running_since: datetime | None
    due_at: datetime | None
    warn_at: datetime | None
    stopped_at: datetime | None
    warned_at: datetime | None
    late_at: datetime | None

    def is_late(self, now: datetime) -> bool:
        if self.stopped_at is not None:
            return self.elapsed > self.target
        return self.due_at is not None and self.due_at <= now


@attrs.frozen(kw_only=True)
class Change:
    """One field of a case that somebody changed."""

    case_id: int
    at: datetime
    actor: str
    field: str
    before: str
    after: str


@attrs.frozen(kw_only=True)
class Participant:
    """Somebody else a case is about."""

    case_id: int
    customer_id: int
    role: str = attrs.field(default="copied", validator=_one_of(ROLES))


@attrs.frozen(kw_only=True)
class Alarm:
    """
    A clock that ran into its warning, or out.

    Attributes:
        escalated_to: Who has the case now because of that; empty for nobody else.
    """

    case_id: int
    metric: str
    level: Literal["warned", "late"]
    due_at: datetime
    escalated_to: str = ""


@attrs.frozen
class Outlook:
    """
    Attributes:
        chance: That an open case will be late, from how long solved ones of its queue and priority
            took that had taken as long already; None where there are too few.
        cases: How many that were.
    """

    case_id: int
    chance: float | None
    cases: int


@attrs.frozen(kw_only=True)
class Article:
    """
    Something worth knowing, for customers or among ourselves.

    Attributes:
        body: Plain text or Markdown.
        public: Whether customers may read it.
        helped, not_helped: How many said so.
        version: Goes up by one with every change; 0 for a new one.
        id: 0 until stored.
    """

    title: str = attrs.field(validator=_text(300, empty=False))
    body: str = attrs.field(validator=_text(200_000, empty=False))
    language: str = "en"
    public: bool = False
    helped: int = 0
    not_helped: int = 0
    version: int = 0
    id: int = 0


@attrs.frozen
class Hit:
    """An article that was found; a higher score fits better (BM25)."""

    article: Article
    score: float


@attrs.frozen(kw_only=True)
class Satisfaction:
    """
    The payload of ``feedback.csat``: how content they were, 1 to 5; and of which case.

    Attributes:
        score: 4 and 5 are content.
    """

    score: int = attrs.field(
        validator=[
            attrs.validators.instance_of(int),
            attrs.validators.ge(1),
            attrs.validators.le(5),
        ]
    )
    case_id: int | None = None


@attrs.frozen(kw_only=True)
class Effort:
    """
    The payload of ``feedback.ces``: "it was easy to get my matter settled", 1 to 7 (CES 2.0).

    Attributes:
        score: 5 to 7 agree.
    """

    score: int = attrs.field(
        validator=[
            attrs.validators.instance_of(int),
            attrs.validators.ge(1),
            attrs.validators.le(7),
        ]
    )
    case_id: int | None = None


@attrs.frozen(kw_only=True)
class Share:
    """A share with its 95 % interval (Wilson); nan without anybody."""

    count: int
    of: int
    value: float
    low: float
    high: float


@attrs.frozen(kw_only=True)
class Feedback:
    """How content customers were, and how easy they found it."""

    content: Share
    easy: Share


@attrs.frozen(kw_only=True)
class Amends:
    """
    Amends that were, or on purpose were not, offered for a complaint.

    Attributes:
        offer_id: None for the holdout.
    """

    case_id: int
    customer_id: int
    at: datetime
    held_out: bool
    offer_id: int | None
    cost: Money | None


@attrs.frozen(kw_only=True)
class AmendsEffect:
    """
    Whether amends kept customers.

    Attributes:
        offered, held_out: Who bought again within the window.
        difference: Of the two shares, with a 95 % interval (Newcombe 1998, method 10); nan without
            both groups.
        waiting: Complaints whose window is not over.
        verdict: ``keeps``, ``drives away``, ``open`` where the interval holds zero, or
            ``not enough data``.
    """

    offered: Share
    held_out: Share
    difference: float
    low: float
    high: float
    waiting: int
    cost_minor: int
    verdict: str


@attrs.frozen(kw_only=True)
class Dose:
    """
    Customers who got the same of us: service acts, discounts, both or neither; and who stayed.

    Attributes:
        service: ``none``, ``one`` or ``more`` service acts in the period.
        discount: Whether they took a discount in it.
        acts: Service acts of all of them; *discounts_minor* what theirs cost.
    """

    service: str
    discount: bool
    stayed: Share
    acts: int
    discounts_minor: int
