"""Campaigns and their arms, journeys and their steps, what came of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, Literal

import attrs

from crmkit import InvalidValueError, Money, Offer

from .saying import fields, refuse_wordless

HOLDOUT: Final = "holdout"
GLOBAL: Final = "global holdout"
EXCLUDED: Final = "excluded"
NO_ARM: Final = ""
NOT_VARIANTS: Final = (HOLDOUT, GLOBAL, EXCLUDED, NO_ARM)
StepKind = Literal["wait", "message", "condition", "split", "goal", "end"]


def words(longest: int, *, empty: bool = False) -> Any:
    def check(_: object, field: attrs.Attribute[Any], value: str) -> None:
        fits = isinstance(value, str) and len(value) <= longest and (empty or value.strip())
        if not fits or "\0" in value:
            least = "" if empty else "non-empty "
            raise InvalidValueError(field.name, value, f"{least}text of at most {longest} letters")

    return check


def identifier(_: object, field: attrs.Attribute[Any], value: str) -> None:
    if not value or len(value) > 100 or not value.replace("-", "").replace("_", "").isalnum():
        raise InvalidValueError(field.name, value, "letters, digits, - and _, at most 100")


@attrs.frozen(kw_only=True)
class Variant:
    """
    One way to say it.

    Attributes:
        share: Of those who are not held out, in proportion to the others.
        subject, text: ``{name}``, ``{code}`` and ``{campaign}`` are filled in.
        template: Name of one of the plugin ``templates``, instead of them.
        incentive: What is offered with it; None for no offer. Its customer is filled in.
    """

    name: str = attrs.field(default="a", validator=identifier)
    share: int = 1
    subject: str = attrs.field(default="", validator=[words(300, empty=True), fields])
    text: str = attrs.field(default="", validator=[words(100_000, empty=True), fields])
    template: str = ""
    incentive: str = attrs.field(default="", validator=words(500, empty=True))
    cost_minor: int = 0

    def __attrs_post_init__(self) -> None:
        if self.name in NOT_VARIANTS:
            raise InvalidValueError("name", self.name, f"not one of {', '.join(NOT_VARIANTS[:3])}")
        refuse_wordless(self.name, self.subject, self.text, self.template)
        if type(self.share) is not int or not 1 <= self.share <= 1_000:
            raise InvalidValueError("share", self.share, "a whole number from 1 to 1000")
        if type(self.cost_minor) is not int or self.cost_minor < 0:
            raise InvalidValueError("cost_minor", self.cost_minor, "minor units, 0 or more")


def _variants(given: Iterable[Variant]) -> tuple[Variant, ...]:
    return tuple(given)


@attrs.frozen(kw_only=True)
class Campaign:
    """
    One thing said to the people of a segment, beside others of it to whom it is not said.

    Attributes:
        purpose: Of the relationship policy, under which messages are sent.
        segment: Whose members, as they are at the launch, are the audience.
        goal: The kind of interaction that is wanted of them.
        window_days: For how long after the launch what they do counts.
        holdout_share: None for the setting.
        budget, fixed_cost: In the currency of the settings; *message_cost_minor* is of each one.
        unique_codes: Whether each member gets a code of their own.
        launched_at: When the audience was frozen, as *audience* says.
        version: Goes up by one with every change.
        id: 0 until stored.
    """

    name: str = attrs.field(validator=identifier)
    purpose: str = attrs.field(validator=words(100))
    channel: str = attrs.field(validator=words(100))
    segment: str = attrs.field(validator=words(200))
    variants: tuple[Variant, ...] = attrs.field(converter=_variants)
    goal: str = "purchase.order"
    window_days: int = 30
    holdout_share: float | None = None
    budget: Money | None = None
    fixed_cost: Money | None = None
    message_cost_minor: int = 0
    unique_codes: bool = False
    status: Literal["draft", "launching", "running", "stopped"] = "draft"
    launched_at: datetime | None = None
    audience: Mapping[str, Any] = attrs.field(factory=dict, hash=False)
    version: int = 0
    id: int = 0

    def __attrs_post_init__(self) -> None:
        names = [each.name for each in self.variants]
        if not names or len(set(names)) != len(names):
            raise InvalidValueError("variants", names, "one or more, each with its own name")
        if self.holdout_share is not None and not 0 <= self.holdout_share < 1:
            raise InvalidValueError("holdout_share", self.holdout_share, "0 to below 1, or None")
        if type(self.window_days) is not int or not 1 <= self.window_days <= 3_650:
            raise InvalidValueError("window_days", self.window_days, "1 to 3650 days")
        if type(self.message_cost_minor) is not int or self.message_cost_minor < 0:
            accepted = "minor units, 0 or more"
            raise InvalidValueError("message_cost_minor", self.message_cost_minor, accepted)

    def variant(self, name: str) -> Variant | None:
        return next((each for each in self.variants if each.name == name), None)


@attrs.frozen(kw_only=True)
class Member:
    """
    Somebody of a campaign's audience.

    Attributes:
        arm: Name of a variant, ``holdout``, ``global holdout``, ``excluded``, or empty for who
            has none yet.
        stratum: Within which arms are balanced.
        why: Why somebody is excluded, or has no message.
    """

    campaign_id: int
    customer_id: int
    arm: str
    stratum: str
    code: str
    why: str
    message_id: int | None
    offer_id: int | None


@attrs.frozen(kw_only=True)
class Filled:
    """How far a launch is."""

    members: int
    messages: int
    held_out: int
    excluded: int
    left: int

    def __str__(self) -> str:
        return (
            f"{self.messages:,} messages, {self.held_out:,} held out, {self.excluded:,} excluded; "
            f"{self.left:,} of {self.members:,} left"
        )


@attrs.frozen(kw_only=True)
class Arm:
    """
    What the people of one arm did within the window.

    Attributes:
        reached: Whose message was sent.
        opened, clicked: People, not machines.
        reached_goal: Who did what was wanted.
        mean_minor: Margin by head, of purchases less returns.
        error_minor: Its standard error.
    """

    name: str
    people: int
    reached: int
    opened: int
    clicked: int
    reached_goal: int
    mean_minor: float
    error_minor: float


@attrs.frozen(kw_only=True)
class Result:
    """
    What a campaign changed, against those held out; nan where that cannot be told.

    Attributes:
        goal_difference: Of the shares that reached the goal, with a 95 % interval.
        gain_minor: Margin beyond what would have come anyway, less all costs, with a 95 % interval.
        verdict: ``pays``, ``costs more than it brings``, ``open`` where the interval holds zero, or
            ``not enough data``.
        flags: What to know before believing it.
    """

    campaign: str
    arms: tuple[Arm, ...]
    goal_difference: float
    goal_low: float
    goal_high: float
    cost_minor: int
    gain_minor: float
    gain_low: float
    gain_high: float
    verdict: str
    flags: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Lead:
    """
    A variant beside the first one, with bounds that hold whenever one looks.

    Attributes:
        difference: Of the shares that reached the goal.
        low, high: A 95 % confidence sequence.
        verdict: ``better``, ``worse``, or ``go on``.
    """

    variant: str
    against: str
    difference: float
    low: float
    high: float
    verdict: str


@attrs.frozen(kw_only=True)
class Response:
    """The payload of ``campaign.opened`` and ``campaign.clicked``."""

    campaign_id: int
    url: str = ""
    agent: str = ""


@attrs.frozen(kw_only=True)
class Step:
    """
    One step of a journey.

    Attributes:
        next: The step after it; empty for the next one of the list.
        hours: Of a ``wait``.
        subject, text, channel, purpose: Of a ``message``.
        template: Of a ``message``, instead of subject and text.
        segment: Of a ``condition``: who is in it goes to *next*, others to *otherwise*.
        shares: Of a ``split``: step names with whole numbers.
        goal: Of a ``goal``: the kind of interaction; who did it since they came ends there, who
            has not goes on.
    """

    name: str = attrs.field(validator=identifier)
    kind: StepKind
    next: str = ""
    otherwise: str = ""
    hours: float = 0.0
    subject: str = attrs.field(default="", validator=fields)
    text: str = attrs.field(default="", validator=fields)
    template: str = ""
    channel: str = ""
    purpose: str = ""
    segment: str = ""
    shares: Mapping[str, int] = attrs.field(factory=dict, hash=False)
    goal: str = ""

    def __attrs_post_init__(self) -> None:
        needed = {
            "message": ("channel", "purpose"),
            "condition": ("segment", "otherwise"),
            "split": ("shares",),
            "goal": ("goal",),
            "wait": ("hours",),
        }.get(self.kind, ())
        for name in needed:
            if not getattr(self, name):
                raise InvalidValueError(
                    f"{self.name}.{name}", "", f"something: a {self.kind} needs it"
                )
        if self.kind == "message":
            refuse_wordless(self.name, self.subject, self.text, self.template)
        if self.kind not in ("wait", "message", "condition", "split", "goal", "end"):
            accepted = "wait, message, condition, split, goal or end"
            raise InvalidValueError("kind", self.kind, accepted)
        if not 0 <= self.hours <= 24 * 3_650:
            raise InvalidValueError("hours", self.hours, "0 to 87600 hours")


def _steps(given: Iterable[Step]) -> tuple[Step, ...]:
    return tuple(given)


@attrs.frozen(kw_only=True)
class Journey:
    """
    What is done with each customer who comes, step by step.

    Attributes:
        segment: Who is in it, or comes into it, sets out; once each.
        version: Of the definition; people go on in the newest one.
        status: ``stopped`` lets nobody set out or go on.
    """

    name: str = attrs.field(validator=identifier)
    segment: str
    steps: tuple[Step, ...] = attrs.field(converter=_steps)
    status: Literal["running", "stopped"] = "running"
    version: int = 0
    id: int = 0

    def __attrs_post_init__(self) -> None:
        names = [each.name for each in self.steps]
        if not names or len(set(names)) != len(names):
            raise InvalidValueError("steps", names, "one or more, each with its own name")
        for step in self.steps:
            for name in filter(None, (step.next, step.otherwise, *step.shares)):
                if name not in names:
                    raise InvalidValueError(f"{step.name}.next", name, f"one of {', '.join(names)}")
        _refuse_rounds(self)

    def step(self, name: str) -> Step | None:
        return next((each for each in self.steps if each.name == name), None)

    def after(self, step: Step) -> str:
        """The name of the step that follows; empty after the last."""
        if step.kind == "end":
            return ""
        if step.next:
            return step.next
        names = [each.name for each in self.steps]
        place = names.index(step.name) + 1
        return names[place] if place < len(names) else ""


def _refuse_rounds(journey: Journey) -> None:
    """A round without a wait would never end."""
    ways = {
        each.name: [*filter(None, (journey.after(each), each.otherwise)), *each.shares]
        for each in journey.steps
        if each.kind != "wait"
    }
    state: dict[str, int] = {}

    def visit(name: str) -> None:
        if state.get(name) == 1:
            raise InvalidValueError("steps", name, "no way round without a wait in it")
        if name in ways and name not in state:
            state[name] = 1
            for other in ways[name]:
                visit(other)
            state[name] = 2

    for name in ways:
        visit(name)


@attrs.frozen(kw_only=True)
class Standing:
    """How many people are in a step of a journey now, or were when they ended."""

    step: str
    underway: int
    ended: int


@attrs.frozen
class Stepped:
    """What one round of a journey did."""

    set_out: int
    moved: int
    messages: int
    ended: int

    def __str__(self) -> str:
        return (
            f"{self.set_out:,} set out, {self.moved:,} steps, {self.messages:,} messages, "
            f"{self.ended:,} ended"
        )


def incentive_of(variant: Variant, currency: str, **given: Any) -> Offer:
    """The offer a variant makes to one customer."""
    cost = Money(variant.cost_minor, currency) if variant.cost_minor else None
    return Offer(what=variant.incentive, kind="incentive", cost=cost, plugin="marketing", **given)
