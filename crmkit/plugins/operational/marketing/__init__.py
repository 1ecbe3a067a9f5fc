"""
Marketing: campaigns beside a holdout, journeys, and what they really changed.

    with crm.unit() as unit:
        marketing.save_campaign(unit, Campaign(name="spring", purpose="care", channel="email", ...))
        marketing.launch(unit, "spring")
    marketing.fill_all(crm, "spring")
    with crm.unit(write=False) as unit:
        marketing.results(unit, "spring")

Messages go through delivery's ledger: the gate (consent, policy, quiet hours, pressure) decides.
"""

from pathlib import Path

from crmkit import Plugin

from . import hooks, tables
from .actions import (
    fill,
    launch,
    link_token,
    redeem,
    respond,
    save_campaign,
    save_journey,
    step_on,
    stop_campaign,
    stop_journey,
)
from .config import Settings
from .errors import (
    EmptyAudienceError,
    FrozenError,
    InvalidCodeError,
    InvalidTokenError,
    NotRunningError,
    OverBudgetError,
    StepGoneError,
)
from .measuring import leads, results
from .model import (
    EXCLUDED,
    GLOBAL,
    HOLDOUT,
    Arm,
    Campaign,
    Filled,
    Journey,
    Lead,
    Member,
    Response,
    Result,
    Standing,
    Step,
    Stepped,
    Variant,
)
from .queries import campaign, campaigns, journey, journeys, members_of, progress, standing
from .turning import fill_all, walk_all

plugin = Plugin(
    name="marketing",
    summary="Campaigns beside a holdout, journeys, codes, and what they really changed.",
    hooks=hooks,
    requires=("policy", "consent", "delivery", "scoring"),
    metadata=tables.metadata,
    migrations=Path(__file__).parent / "migrations",
    settings=Settings,
)

__all__ = [
    "EXCLUDED",
    "GLOBAL",
    "HOLDOUT",
    "Arm",
    "Campaign",
    "EmptyAudienceError",
    "Filled",
    "FrozenError",
    "InvalidCodeError",
    "InvalidTokenError",
    "Journey",
    "Lead",
    "Member",
    "NotRunningError",
    "OverBudgetError",
    "Response",
    "Result",
    "Settings",
    "Standing",
    "Step",
    "StepGoneError",
    "Stepped",
    "Variant",
    "campaign",
    "campaigns",
    "fill",
    "fill_all",
    "journey",
    "journeys",
    "launch",
    "leads",
    "link_token",
    "members_of",
    "plugin",
    "progress",
    "redeem",
    "respond",
    "results",
    "save_campaign",
    "save_journey",
    "standing",
    "step_on",
    "stop_campaign",
    "stop_journey",
    "walk_all",
]
