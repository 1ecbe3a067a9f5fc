"""
Marketing: campaigns beside a holdout, journeys, referrals, and what they really changed.

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
    refer_by_code,
    referral_code,
    respond,
    save_campaign,
    save_journey,
    save_programme,
    settle_referrals,
    step_on,
    stop_campaign,
    stop_journey,
    take_over,
)
from .config import Settings
from .errors import (
    ClosedError,
    EmptyAudienceError,
    FrozenError,
    InvalidCodeError,
    NotReferableError,
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
    Programme,
    Referral,
    Response,
    Result,
    Reward,
    Settled,
    Standing,
    Step,
    Stepped,
    Variant,
)
from .queries import (
    campaign,
    campaigns,
    journey,
    journeys,
    members_of,
    programme,
    programmes,
    progress,
    referrals_about,
    referrals_of,
    standing,
)
from .turning import fill_all, settle_all, walk_all

plugin = Plugin(
    name="marketing",
    summary="Campaigns beside a holdout, journeys, referrals, and what they changed.",
    hooks=hooks,
    requires=("policy", "consent", "delivery", "scoring"),
    extends=("billing", "lifecycle", "templates"),
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
    "ClosedError",
    "EmptyAudienceError",
    "Filled",
    "FrozenError",
    "InvalidCodeError",
    "Journey",
    "Lead",
    "Member",
    "NotReferableError",
    "NotRunningError",
    "OverBudgetError",
    "Programme",
    "Referral",
    "Response",
    "Result",
    "Reward",
    "Settings",
    "Settled",
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
    "programme",
    "programmes",
    "progress",
    "redeem",
    "refer_by_code",
    "referral_code",
    "referrals_about",
    "referrals_of",
    "respond",
    "results",
    "save_campaign",
    "save_journey",
    "save_programme",
    "settle_all",
    "settle_referrals",
    "standing",
    "step_on",
    "stop_campaign",
    "stop_journey",
    "take_over",
    "walk_all",
]
