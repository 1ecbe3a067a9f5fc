"""What a customer's events amount to. Unknown is not consent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import attrs

from .model import BEYOND_OBJECTION, Event, Standing, StandingState


def refusal(
    events: Sequence[Event],
    purpose: str,
    channel: str,
    at: datetime,
    accepted: Collection[str] | None = None,
) -> str:
    """
    Why these events of one customer do not allow a contact; empty when they do.

    Args:
        events: Ordered by when they happened.
        at: When the contact would be.
        accepted: The lawful bases the purpose may rest on; None accepts any.
    """
    grant = _last(events, purpose, channel)
    if grant is None:
        return f"no lawful basis for {purpose} by {channel} is on record"
    if grant.state == "withdrawn":
        return f"withdrawn on {grant.at:%Y-%m-%d}"
    if grant.expires_at is not None and grant.expires_at <= at:
        return f"the {grant.basis} expired on {grant.expires_at:%Y-%m-%d}"
    objection = _objection(events)
    if objection is not None and not _survives(grant, objection):
        return f"objected to marketing on {objection.at:%Y-%m-%d}"
    if accepted is not None and grant.basis not in accepted:
        return f"{purpose} may not rest on {grant.basis}, only on {_or(accepted)}"
    return ""


def standings(events: Sequence[Event], now: datetime) -> list[Standing]:
    """One line per purpose and channel that an event names, and one for an objection."""
    objection = _objection(events)
    found = [] if objection is None else [_line(objection, "objected")]
    for purpose, channel in sorted({(e.purpose, e.channel) for e in events if not _objects(e)}):
        last = _last(events, purpose, channel)
        assert last is not None
        line = _line(last, _state(last, objection, now))
        found.append(attrs.evolve(line, purpose=purpose, channel=channel))
    return found


def _state(last: Event, objection: Event | None, now: datetime) -> StandingState:
    if last.state == "withdrawn":
        return "withdrawn"
    if last.expires_at is not None and last.expires_at <= now:
        return "expired"
    if objection is not None and not _survives(last, objection):
        return "objected"
    return "granted"


def _last(events: Sequence[Event], purpose: str, channel: str) -> Event | None:
    return next((each for each in reversed(events) if each.covers(purpose, channel)), None)


def _objects(event: Event) -> bool:
    return event.state == "objected"


def _objection(events: Sequence[Event]) -> Event | None:
    return next((each for each in reversed(events) if _objects(each)), None)


def _survives(grant: Event, objection: Event) -> bool:
    """Whether *grant* stands in spite of *objection*."""
    if grant.basis in BEYOND_OBJECTION:
        return True
    later = (grant.at, grant.id) > (objection.at, objection.id)
    return grant.after_objection and later


def _line(event: Event, state: StandingState) -> Standing:
    return Standing(
        purpose=event.purpose,
        channel=event.channel,
        state=state,
        basis=event.basis,
        source=event.source,
        at=event.at,
        expires_at=event.expires_at,
    )


def _or(bases: Collection[str]) -> str:
    return " or ".join(sorted(bases)) or "nothing: no policy names it"


def summary(found: Iterable[Standing]) -> str:
    """Standings in one line: what was said yes to, what no."""
    told: dict[str, list[str]] = {}
    for each in found:
        told.setdefault(each.state, []).append(f"{each.purpose} by {each.channel}")
    if not told:
        return "nothing is known, so nothing may be sent"
    return "; ".join(f"{state}: {', '.join(what)}" for state, what in told.items())
