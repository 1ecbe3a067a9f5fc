"""Reading the mailboxes: each mail in a unit of its own, so that none holds up the next."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from crmkit import CRM, CrmkitError, DatabaseError, Unit

from . import actions, queries, sources
from .config import Settings
from .errors import NotConnectedError, PoisonError
from .inbound.parsing import MOST_BYTES, parse
from .mailbox import Mailbox
from .model import Heard
from .sources import Found, Source


@attrs.frozen(kw_only=True)
class Fetched:
    """
    What came of one mailbox.

    Attributes:
        problem: Why it could not be read, or not to its end; empty for nothing.
    """

    mailbox: str
    new: int = 0
    known: int = 0
    quarantined: int = 0
    problem: str = ""


def fetch(crm: CRM, *, dry_run: bool = False) -> list[Fetched]:
    """
    Take in what lies in every mailbox of the settings. A mailbox that cannot be reached, and a mail
    that cannot be read, hold up no other. Stopped at any moment, it goes on where it was.
    """
    settings = crm.settings(Settings)
    return [_fetched(crm, box, settings, dry_run) for box in settings.mailboxes]


def _fetched(crm: CRM, box: Mailbox, settings: Settings, dry_run: bool) -> Fetched:
    counted = Fetched(mailbox=box.name)
    with crm.unit(write=False) as unit:
        known = queries.read_until(unit, box.name)
    try:
        with sources.opened(box, crm.folder, known, settings.timeout_seconds) as source:
            for outcome in _each(crm, box, source, dry_run):
                counted = attrs.evolve(counted, **{outcome: getattr(counted, outcome) + 1})
    except NotConnectedError as exc:
        return attrs.evolve(counted, problem=str(exc))
    return counted


def _each(crm: CRM, box: Mailbox, source: Source, dry_run: bool) -> Iterator[str]:
    for found in source.mails:
        if dry_run:
            yield "new"
            continue
        with crm.unit() as unit:
            outcome = _take_in(unit, box.name, found)
            if found.uid:
                actions.read_up_to(unit, box.name, source.validity, found.uid)
        found.taken_in()
        yield outcome


def _take_in(unit: Unit, name: str, found: Found) -> str:
    """What is wrong with the database is no fault of the mail, and is not put aside as one."""
    try:
        if not found.raw:
            raise PoisonError(f"{found.size_bytes:,} bytes, more than {MOST_BYTES:,}")
        heard = actions.receive(unit, parse(found.raw, unit.now), unit.now)
        return "new" if heard.is_new else "known"
    except DatabaseError:
        raise
    except CrmkitError as exc:
        is_new = actions.quarantine(unit, name, found.raw or _mark(found), str(exc))
        return "quarantined" if is_new else "known"


def _mark(found: Found) -> bytes:
    """Stands for a mail that was too large to fetch."""
    return f"uid {found.uid}, {found.size_bytes} bytes".encode()


def retry(unit: Unit, number: int) -> Heard:
    """
    Take a quarantined mail in after all, such as with a newer crmkit.

    Raises:
        RecordNotFoundError: If nothing has that number.
        PoisonError: If it still cannot be read or believed.
    """
    kept, raw = queries.kept_aside(unit, number)
    heard = actions.receive(unit, parse(raw, kept.received_at), kept.received_at)
    actions.drop_quarantined(unit, number)
    return heard
