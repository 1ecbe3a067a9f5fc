"""Writes: campaigns and launches, responses and codes, journeys, referrals, erasure."""

from .adopting import take_over
from .campaigns import save_campaign, stop_campaign
from .erasing import forget
from .launching import fill, launch
from .referring import refer_by_code, referral_code, save_programme
from .responding import link_token, note, redeem, respond
from .rewarding import settle_referrals
from .travelling import save_journey, step_on, stop_journey

__all__ = [
    "fill",
    "forget",
    "launch",
    "link_token",
    "note",
    "redeem",
    "refer_by_code",
    "referral_code",
    "respond",
    "save_campaign",
    "save_journey",
    "save_programme",
    "settle_referrals",
    "step_on",
    "stop_campaign",
    "stop_journey",
    "take_over",
]
