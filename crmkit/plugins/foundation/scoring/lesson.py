"""What is to be learnt from what happened, and what it is read from."""

from __future__ import annotations

from typing import Any, ClassVar, Final

import attrs

from crmkit import InvalidValueError

MODELS: Final = ("logistic", "boosting")


def _between(least: float, most: float, accepted: str) -> Any:
    def check(_: object, field: attrs.Attribute[Any], value: float) -> None:
        if not least <= value <= most:
            raise InvalidValueError(field.name, value, accepted)

    return check


def _model(_: object, field: attrs.Attribute[Any], value: str) -> None:
    if value not in MODELS:
        raise InvalidValueError(field.name, value, "one of " + ", ".join(MODELS))


@attrs.frozen(kw_only=True)
class Lesson:
    """
    The chance of an event; a scorer's settings are one.

    Attributes:
        event: Kind of the interaction whose chance is foretold.
        horizon_days: Within how many days.
        history_days: How far back facts count.
        kinds: Kinds of interactions whose number is looked at too.
        attributes: Indexed custom attributes that are looked at too, as they are now: only such as
            do not change with the event.
        trusted: Columns that are not suspected however well they foretell.
        model: ``logistic``, or ``boosting`` for trees that see bends and what columns do together;
            they need the extra ``ml`` to be learned, and give no interval.
        ridge: How much coefficients of the logistic model are held back.
        least_events: How often it must have happened to learn from it, and as often not.
    """

    facts: ClassVar[tuple[str, ...]] = ()
    """The columns that are always looked at."""

    event: str
    horizon_days: int = attrs.field(default=90, validator=_between(1, 3_650, "days from 1"))
    history_days: int = attrs.field(default=365, validator=_between(1, 36_500, "days from 1"))
    kinds: tuple[str, ...] = ("contact.message",)
    attributes: tuple[str, ...] = ()
    trusted: tuple[str, ...] = ()
    model: str = attrs.field(default="logistic", validator=_model)
    ridge: float = attrs.field(default=1.0, validator=_between(0, 1e9, "0 or more"))
    least_events: int = attrs.field(default=20, validator=_between(1, 1e9, "1 or more"))

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is looked at."""
        counted = map(self.column_of, self.kinds)
        return (*self.facts, *counted, *(f"attribute_{each}" for each in self.attributes))

    @staticmethod
    def column_of(kind: str) -> str:
        """The column in which the interactions of *kind* are counted."""
        return f"count_{kind.replace('.', '_')}"
