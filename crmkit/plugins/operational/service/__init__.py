"""
Service: what customers want of us, how fast we promised to answer, and what keeps them.

    with crm.unit() as unit:
        (case,) = service.open_cases(unit, [Draft(customer_id=ana.id, subject="The lamp flickers")])
        service.reply(unit, case.id, "We send a new one.", channel="email")
        service.change(unit, [case.id], status="solved")
        service.watch(unit)

Messages from any channel that bear the thread of a case are its conversation.
"""

from pathlib import Path

from crmkit import Plugin

from . import hooks, tables
from .actions import (
    add_participants,
    apply_macro,
    change,
    make_amends,
    merge,
    open_cases,
    rate_article,
    recompute,
    remove_article,
    reply,
    save_article,
    watch,
)
from .calendars import Calendar, Hours
from .config import Macro, Office, Promise, Settings, Status
from .errors import (
    CannotMergeError,
    MergedCaseError,
    NoComplaintError,
    NoSuchMoveError,
    UnknownNameError,
)
from .knowing import article, articles, search
from .measuring import amends, amends_effect, feedback, kept, meter, outlook
from .model import (
    Alarm,
    Amends,
    AmendsEffect,
    Article,
    Case,
    Change,
    Clock,
    Dose,
    Draft,
    Effort,
    Feedback,
    Hit,
    Outlook,
    Participant,
    Satisfaction,
    Share,
    thread_of,
)
from .queries import (
    case,
    cases,
    clocks,
    conversation,
    find,
    history,
    next_due,
    participants,
)

plugin = Plugin(
    name="service",
    summary="Cases, promises by business hours, knowledge, feedback, amends.",
    hooks=hooks,
    metadata=tables.metadata,
    migrations=Path(__file__).parent / "migrations",
    settings=Settings,
)

__all__ = [
    "Alarm",
    "Amends",
    "AmendsEffect",
    "Article",
    "Calendar",
    "CannotMergeError",
    "Case",
    "Change",
    "Clock",
    "Dose",
    "Draft",
    "Effort",
    "Feedback",
    "Hit",
    "Hours",
    "Macro",
    "MergedCaseError",
    "NoComplaintError",
    "NoSuchMoveError",
    "Office",
    "Outlook",
    "Participant",
    "Promise",
    "Satisfaction",
    "Settings",
    "Share",
    "Status",
    "UnknownNameError",
    "add_participants",
    "amends",
    "amends_effect",
    "apply_macro",
    "article",
    "articles",
    "case",
    "cases",
    "change",
    "clocks",
    "conversation",
    "feedback",
    "find",
    "history",
    "kept",
    "make_amends",
    "merge",
    "meter",
    "next_due",
    "open_cases",
    "outlook",
    "participants",
    "plugin",
    "rate_article",
    "recompute",
    "remove_article",
    "reply",
    "save_article",
    "search",
    "thread_of",
    "watch",
]
