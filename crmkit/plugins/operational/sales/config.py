"""Settings: ``[sales]`` in ``crmkit.toml``: pipelines, reasons, sellers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

import attrs

from crmkit import InvalidValueError, Money, nearest

CRITERIA: Final = ("budget", "authority", "need", "timing")
"""What makes a lead worth a deal, as sellers have asked since IBM's BANT."""


def _share(_: object, field: attrs.Attribute[Any], value: float) -> None:
    if not 0 <= value <= 1:
        raise InvalidValueError(field.name, value, "a share such as 0.3 for 30 %")


def _currency(_: object, field: attrs.Attribute[Any], value: str) -> None:
    Money(0, value)


@attrs.frozen(kw_only=True)
class Stage:
    """
    One stage of a pipeline.

    Attributes:
        probability: That a deal here will be won, as the company believes.
        next: Where a deal may go from here; empty for every other stage, but that of a won or
            lost one is final.
        outcome: ``won`` or ``lost`` for a terminal stage.
        days: After how many days here a deal is stale; 0 for never.
    """

    name: str
    probability: float = attrs.field(default=0.0, validator=_share)
    next: tuple[str, ...] = ()
    outcome: Literal["", "won", "lost"] = attrs.field(
        default="", validator=attrs.validators.in_(["", "won", "lost"])
    )
    days: int = 0


USUAL: Final = (
    Stage(name="new", probability=0.1, days=14),
    Stage(name="qualified", probability=0.3, days=21),
    Stage(name="proposal", probability=0.5, days=21),
    Stage(name="negotiation", probability=0.75, days=14),
    Stage(name="won", probability=1.0, outcome="won"),
    Stage(name="lost", outcome="lost"),
)


@attrs.frozen(kw_only=True)
class Pipeline:
    """
    Stages in their order; a deal begins in the first.

    Attributes:
        won_reasons, lost_reasons: One of them is needed to close a deal; any word, or none, will
            do where there are none.
    """

    name: str = "standard"
    stages: tuple[Stage, ...] = USUAL
    won_reasons: tuple[str, ...] = ()
    lost_reasons: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        names = [each.name for each in self.stages]
        if len(set(names)) != len(names) or not names:
            raise InvalidValueError("stages", names, "one stage or more, each with its own name")
        if self.stages[0].outcome:
            raise InvalidValueError("stages", names, "a first stage that is not terminal")
        for stage in self.stages:
            for name in stage.next:
                if name not in names:
                    accepted = f"one of {', '.join(names)}{nearest(name, names)}"
                    raise InvalidValueError("next", name, accepted)

    def stage(self, name: str) -> Stage | None:
        """None where the settings have no such stage any more."""
        return next((each for each in self.stages if each.name == name), None)

    def ways(self, name: str) -> list[str]:
        """Where a deal may go from a stage; from one that is gone, everywhere."""
        stage = self.stage(name)
        if stage is not None and stage.outcome:
            return list(stage.next)
        if stage is not None and stage.next:
            return list(stage.next)
        return [each.name for each in self.stages if each.name != name]

    def reasons(self, outcome: str) -> tuple[str, ...]:
        return {"won": self.won_reasons, "lost": self.lost_reasons}.get(outcome, ())

    def first(self, outcome: str) -> Stage | None:
        """The first stage with that outcome."""
        return next((each for each in self.stages if each.outcome == outcome), None)


@attrs.frozen(kw_only=True)
class Seller:
    """
    Somebody who sells.

    Attributes:
        team: One of the teams, or empty.
        capacity: How many open deals they can look after; 0 for none by assignment.
        countries: Their territory, ISO 3166 codes; empty for that of their team.
    """

    name: str
    team: str = ""
    capacity: int = 50
    countries: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Team:
    """
    Sellers who work as one.

    Attributes:
        lead: Who answers for it, one of the sellers; empty for nobody.
        countries: The territory of its sellers who have none of their own; empty for everywhere.
        pipelines: Whose deals its sellers are given; empty for all.
    """

    name: str
    lead: str = ""
    countries: tuple[str, ...] = ()
    pipelines: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Settings:
    """
    Attributes:
        currency: Of deals whose amount does not say it.
        country_attribute: Custom attribute that holds a customer's country; where it is empty, the
            region of the locale counts.
        sender: Lines of the letterhead of quotes.
        font: A TrueType file for quotes, beside ``crmkit.toml`` unless absolute; empty for
            Helvetica, which knows western European characters only.
        quote_days: How long a quote is valid.
        wanted_criteria: What must be answered with yes before a lead becomes a deal.
    """

    currency: str = attrs.field(default="EUR", validator=_currency)
    pipelines: tuple[Pipeline, ...] = (Pipeline(),)
    sellers: tuple[Seller, ...] = ()
    teams: tuple[Team, ...] = ()
    country_attribute: str = ""
    quote_days: int = 30
    sender: tuple[str, ...] = ()
    font: str = ""
    wanted_criteria: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        names = [each.name for each in self.pipelines]
        if len(set(names)) != len(names) or not names:
            raise InvalidValueError("pipelines", names, "one or more, each with its own name")
        for name in self.wanted_criteria:
            if name not in CRITERIA:
                raise InvalidValueError("wanted_criteria", name, f"one of {', '.join(CRITERIA)}")
        sellers, teams = [e.name for e in self.sellers], [e.name for e in self.teams]
        for field, given in (("sellers", sellers), ("teams", teams)):
            if len(set(given)) != len(given) or "" in given:
                raise InvalidValueError(field, given, "each with its own name")
        for seller in self.sellers:
            _refuse_unknown("sellers.team", seller.team, teams)
        for team in self.teams:
            _refuse_unknown("teams.lead", team.lead, sellers)
            for name in team.pipelines:
                _refuse_unknown("teams.pipelines", name, names)

    def pipeline(self, name: str) -> Pipeline | None:
        """None where the settings have no such pipeline any more."""
        return next((each for each in self.pipelines if each.name == name), None)

    def team(self, name: str) -> Team | None:
        return next((each for each in self.teams if each.name == name), None)

    def members(self, team: str) -> tuple[Seller, ...]:
        """
        Raises:
            InvalidValueError: If there is no such team.
        """
        if not team or self.team(team) is None:
            names = [each.name for each in self.teams]
            raise InvalidValueError("team", team, _one_of(team, names))
        return tuple(each for each in self.sellers if each.team == team)

    def owners(self, owner: str = "", team: str = "") -> frozenset[str] | None:
        """
        Whose deals are meant: one owner's, a team's, or, as None, everybody's.

        Raises:
            InvalidValueError: If both are given, or there is no such team.
        """
        if owner and team:
            raise InvalidValueError("team", team, "a team or an owner, not both")
        if team:
            return frozenset(each.name for each in self.members(team))
        return frozenset([owner]) if owner else None


def _refuse_unknown(field: str, name: str, known: Sequence[str]) -> None:
    if name and name not in known:
        raise InvalidValueError(field, name, _one_of(name, known))


def _one_of(name: str, known: Sequence[str]) -> str:
    return f"one of {', '.join(known) or 'none, since none is declared'}{nearest(name, known)}"
