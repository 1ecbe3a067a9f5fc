"""Writes: campaigns and their launches, responses and codes, journeys, erasure."""

from .campaigns import save_campaign, stop_campaign
from .erasing import forget
from .launching import fill, launch
from .responding import link_token, note, redeem, respond
from .travelling import save_journey, step_on, stop_journey

__all__ = [
    "fill",
    "forget",
    "launch",
    "link_token",
    "note",
    "redeem",
    "respond",
    "save_campaign",
    "save_journey",
    "step_on",
    "stop_campaign",
    "stop_journey",
]
