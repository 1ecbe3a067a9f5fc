"""Settings: ``[profit]`` in ``crmkit.toml``: what things cost us."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import attrs

from crmkit import InvalidValueError

DRIVERS: Final = ("contacts", "minutes", "revenue")
BY: Final = ("anybody", "people", "machines")
DIRECTIONS: Final = ("", "inbound", "outbound", "internal")


def _one_of(*accepted: str) -> Any:
    def check(_: object, field: attrs.Attribute[Any], value: str) -> None:
        if value not in accepted:
            told = ", ".join(each or "nothing" for each in accepted)
            raise InvalidValueError(field.name, value, f"one of {told}")

    return check


def _at_least(least: float, accepted: str) -> Any:
    def check(_: object, field: attrs.Attribute[Any], value: float) -> None:
        if not least <= value < 1e15:
            raise InvalidValueError(field.name, value, accepted)

    return check


def _share(_: object, field: attrs.Attribute[Any], value: float) -> None:
    if not 0 < value <= 1:
        raise InvalidValueError(field.name, value, "a share such as 0.4 for 40 %")


def _day(_: object, field: attrs.Attribute[Any], value: str) -> None:
    if value:
        day(field.name, value)


def day(field: str, value: str) -> datetime:
    """
    Midnight UTC of a day written as 2026-01-31.

    Raises:
        InvalidValueError: If it is not written so.
    """
    try:
        return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise InvalidValueError(field, value, "a day such as 2026-01-31") from None


@attrs.frozen(kw_only=True)
class Activity:
    """
    Something we do for customers again and again, and what one time costs us.

    Attributes:
        kind: Of the interactions that are this activity.
        channel, direction: Only of these; empty for any.
        by: Only what ``people`` or ``machines`` did, or ``anybody``.
        cost_minor: Of one time, in minor units of the book's currency.
        minutes: Of somebody of ours, one time.
        since, until: First day on which it costs that, and the first on which it no longer does.
    """

    name: str
    kind: str
    channel: str = ""
    direction: str = attrs.field(default="", validator=_one_of(*DIRECTIONS))
    by: str = attrs.field(default="anybody", validator=_one_of(*BY))
    cost_minor: int = attrs.field(default=0, validator=_at_least(0, "minor units, 0 or more"))
    minutes: float = attrs.field(default=0.0, validator=_at_least(0, "minutes, 0 or more"))
    since: str = attrs.field(default="", validator=_day)
    until: str = attrs.field(default="", validator=_day)


@attrs.frozen(kw_only=True)
class Pool:
    """
    A cost that no single customer causes, shared out by what they do cause.

    Attributes:
        amount_minor: Of a day, in minor units of the book's currency.
        driver: By ``contacts``, ``minutes`` or ``revenue`` of the period; a refund counts as none.
    """

    name: str
    amount_minor: int = attrs.field(validator=_at_least(0, "minor units a day, 0 or more"))
    driver: str = attrs.field(default="contacts", validator=_one_of(*DRIVERS))


@attrs.frozen(kw_only=True)
class Settings:
    """
    Attributes:
        margin_share: What is left of a sale when the goods are paid.
        window_days: How far back the score ``profit`` looks.
        top_share: Share of the scored customers that are labelled ``top``.
        activities: What serving customers costs, by what is done; an interaction may be several.
        pools: Overheads of a day, shared out in statements; the score leaves them out.
    """

    margin_share: float = attrs.field(default=1.0, validator=_share)
    window_days: int = attrs.field(default=365, validator=_at_least(1, "a number of days from 1"))
    top_share: float = attrs.field(default=0.2, validator=_share)
    activities: tuple[Activity, ...] = ()
    pools: tuple[Pool, ...] = ()
