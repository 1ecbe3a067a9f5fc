"""A run, a community, what marks it, and a membership."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import attrs

EventKind = Literal["kept", "born", "split", "merged", "died"]


@attrs.frozen(kw_only=True)
class Mark:
    """
    A product or habit that sets the members of a community apart.

    Attributes:
        key: The sku, or the habit in words.
        name: For people.
        members: How many members have it, of those the communities were found among.
        others: How many of the others have it.
        lift: Its share among the members over its share among all.
        z: Log-odds ratio over its standard error; see :func:`marks.log_odds`.
    """

    key: str
    name: str
    members: int
    others: int
    lift: float
    z: float


@attrs.frozen(kw_only=True)
class Event:
    """
    What became of a community in a run.

    Attributes:
        kind: ``split`` is born out of *other*; ``merged`` ended in *other*.
        name: Of the community.
        other: Name of the other one; empty where there is none.
        overlap: Share of the customers of both that are in both, for ``kept``; else the share of
            *name*'s customers that it has in common with *other*.
    """

    kind: EventKind
    name: str
    other: str = ""
    overlap: float = 0.0


@attrs.frozen(kw_only=True)
class Run:
    """
    One search for communities.

    Attributes:
        state: ``refused`` when there was too little to find any, and *reason* says why.
        parameters: The settings it went by.
        customers: How many bought of late.
        fitted: Among how many of them communities were found; the others were placed.
        edges: Pairs of alike customers.
        modularity: Of the partition, in [-1/2, 1].
        chance: The highest modularity of the same baskets with their products shuffled.
        events: What became of which community.
    """

    id: int
    state: Literal["done", "refused"]
    reason: str = ""
    as_of: datetime
    parameters: Mapping[str, object] = attrs.field(hash=False)
    customers: int = 0
    fitted: int = 0
    edges: int = 0
    modularity: float = 0.0
    chance: float = 0.0
    events: tuple[Event, ...] = ()
    started_at: datetime
    finished_at: datetime
    actor: str


@attrs.frozen(kw_only=True)
class Community:
    """
    Customers who buy alike.

    Attributes:
        name: The segment is ``communities.<name>``.
        renamed: Whether a person chose the name.
        title: Its most distinctive products, as the last run saw them.
        fitted: How many customers it was found from.
        marks, habits: What sets its members apart, most distinctive first.
        born_at, ended_at: Instants of the runs that found it first, and did no more.
    """

    id: int
    name: str
    renamed: bool
    title: str
    fitted: int
    marks: tuple[Mark, ...]
    habits: tuple[Mark, ...]
    born_at: datetime
    ended_at: datetime | None = None

    @property
    def segment(self) -> str:
        return f"communities.{self.name}"


@attrs.frozen(kw_only=True)
class Membership:
    """
    How strongly a customer is drawn to a community.

    Attributes:
        strength: The community's share among the customer's most alike, in [0, 1]; all of a
            customer's add up to at most 1, the rest being alike to who is in no community.
        belongs: Whether that is enough to be a member.
    """

    customer_id: int
    community_id: int
    name: str
    strength: float
    belongs: bool
    why: str


@attrs.frozen(kw_only=True)
class Placed:
    """What an incremental run did."""

    customers: int
    belonging: int
