"""
Communities: overlapping micro-segments of customers who buy and act alike.

``run`` finds them, names them after what sets their members apart, and recognises those of the run
before; ``place`` puts who is new or changed into them. Each is a segment:

    with crm.unit() as unit:
        communities.run(unit)
        communities.communities(unit)
        unit.connection.execute(scoring.members("communities.herb_marker_parsley"))
"""

from pathlib import Path

from crmkit import Plugin

from . import hooks, tables
from .actions import place, rename, run
from .config import Settings
from .errors import (
    CommunityNameError,
    NameTakenError,
    NoStructureError,
    OnlySmallError,
    TooFewCustomersError,
)
from .model import Community, Event, Mark, Membership, Placed, Run
from .queries import (
    communities,
    community,
    last_run,
    members_of,
    memberships_of_many,
    runs,
    sizes,
)

plugin = Plugin(
    name="communities",
    summary="Overlapping micro-segments from what people buy and do, with stable names.",
    hooks=hooks,
    metadata=tables.metadata,
    migrations=Path(__file__).parent / "migrations",
    settings=Settings,
    requires=("scoring",),
)

__all__ = [
    "Community",
    "CommunityNameError",
    "Event",
    "Mark",
    "Membership",
    "NameTakenError",
    "NoStructureError",
    "OnlySmallError",
    "Placed",
    "Run",
    "Settings",
    "TooFewCustomersError",
    "communities",
    "community",
    "last_run",
    "members_of",
    "memberships_of_many",
    "place",
    "plugin",
    "rename",
    "run",
    "runs",
    "sizes",
]
