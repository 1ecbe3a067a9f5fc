"""
Sales: leads, deals through pipelines, quotes, forecasts, and what is heard while selling.

    with crm.unit() as unit:
        (deal,) = sales.open_deals(unit, [DealDraft(customer_id=ana.id, name="A kitchen")])
        sales.hear(unit, deal.id, "colour", "no white")
        sales.move(unit, [deal.id], "proposal")
        sales.forecast(unit)
"""

from pathlib import Path

from crmkit import Plugin

from . import hooks, hookspecs, tables
from .actions import (
    accept_quote,
    assign,
    change,
    convert,
    decline_quote,
    draw_up_quote,
    give_up,
    hear,
    move,
    open_deals,
    qualify,
    send_quote,
    set_next,
    take_in,
    take_up,
)
from .config import CRITERIA, Pipeline, Seller, Settings, Stage, Team
from .errors import (
    LeadClosedError,
    MixedCurrenciesError,
    NoPriceError,
    NoSuchMoveError,
    QuoteClosedError,
    ReasonNeededError,
    UnknownNameError,
)
from .foretelling import chances, forecast, stages, teams, velocity
from .model import (
    Alike,
    Chance,
    Deal,
    DealDraft,
    Forecast,
    Heard,
    Lead,
    LeadDraft,
    Preference,
    Quote,
    QuoteItem,
    QuoteLine,
    StageChange,
    StageFigures,
    TeamFigures,
    Velocity,
)
from .queries import (
    alike,
    deal,
    deals,
    find_deals,
    find_leads,
    lead,
    moves,
    overdue,
    preferences,
    quote,
    quotes_of,
)

plugin = Plugin(
    name="sales",
    summary="Leads, deals through pipelines, quotes, forecasts, what is heard while selling.",
    hooks=hooks,
    hookspecs=hookspecs,
    extends=("billing",),
    metadata=tables.metadata,
    migrations=Path(__file__).parent / "migrations",
    settings=Settings,
)

__all__ = [
    "CRITERIA",
    "Alike",
    "Chance",
    "Deal",
    "DealDraft",
    "Forecast",
    "Heard",
    "Lead",
    "LeadClosedError",
    "LeadDraft",
    "MixedCurrenciesError",
    "NoPriceError",
    "NoSuchMoveError",
    "Pipeline",
    "Preference",
    "Quote",
    "QuoteClosedError",
    "QuoteItem",
    "QuoteLine",
    "ReasonNeededError",
    "Seller",
    "Settings",
    "Stage",
    "StageChange",
    "StageFigures",
    "Team",
    "TeamFigures",
    "UnknownNameError",
    "Velocity",
    "accept_quote",
    "alike",
    "assign",
    "chances",
    "change",
    "convert",
    "deal",
    "deals",
    "decline_quote",
    "draw_up_quote",
    "find_deals",
    "find_leads",
    "forecast",
    "give_up",
    "hear",
    "lead",
    "move",
    "moves",
    "open_deals",
    "overdue",
    "plugin",
    "preferences",
    "qualify",
    "quote",
    "quotes_of",
    "send_quote",
    "set_next",
    "stages",
    "take_in",
    "take_up",
    "teams",
    "velocity",
]
