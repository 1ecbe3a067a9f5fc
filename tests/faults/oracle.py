"""One oracle for every fault: what must be true of the ledger whatever happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import sqlalchemy as sa

from crmkit import CRM
from crmkit.plugins.foundation.delivery import Message, deliver_due, messages
from crmkit.plugins.foundation.delivery.model import TERMINAL
from crmkit.plugins.foundation.delivery.tables import attempt
from crmkit.sql import interaction

ALL = 1_000_000


def ledger(crm: CRM) -> list[Message]:
    with crm.unit(write=False) as unit:
        return messages(unit, size=ALL)


def ledger_check(crm: CRM, accepted: Sequence[str]) -> None:
    """
    Hold the ledger of *crm* against the keys the other side accepted, in its own log.

    Call it when no worker runs and every lease is over; it makes one more pass.
    """
    deliver_due(crm)
    rows = ledger(crm)
    by_state: dict[str, set[str]] = {}
    for each in rows:
        by_state.setdefault(each.state, set()).add(each.key)
    sent, unknown = by_state.get("sent", set()), by_state.get("unknown", set())
    assert by_state.keys() <= TERMINAL | {"queued"}, "an intent is in no final state"
    twice = [key for key, times in Counter(accepted).items() if times > 1]
    assert not twice, f"accepted twice: {twice}"
    assert set(accepted) <= sent | unknown, "accepted, but not sent or unknown"
    assert sent <= set(accepted), "sent, but never accepted: lost"
    _check_interactions(crm, sent)
    before = _everything(crm)
    assert not deliver_due(crm), "a rerun did something"
    assert _everything(crm) == before, "a rerun changed something"


def _check_interactions(crm: CRM, sent: set[str]) -> None:
    query = sa.select(interaction.c.source_key).where(interaction.c.kind == "message.sent")
    with crm.unit(write=False) as unit:
        told = list(unit.connection.scalars(query))
        offers = [each.offer_id for each in messages(unit, size=ALL) if each.key in sent]
        carried = unit.offers.get_many(each for each in offers if each is not None)
    assert Counter(told) == Counter(sent), "interactions and sent intents differ"
    assert all(each.status == "carried" and each.carried_by for each in carried)


def _everything(crm: CRM) -> object:
    with crm.unit(write=False) as unit:
        return ledger(crm), unit.connection.execute(sa.select(attempt).order_by("id")).all()
