"""Erasure: the bodies go, what was not sent never will be, the ids stay."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from crmkit import Unit
from crmkit.sql import id_list, one_of

from ..tables import delivery, event


def erase(unit: Unit, customer_ids: Sequence[int]) -> int:
    wanted = {"ids": id_list(unit.connection, customer_ids)}
    waiting = sa.update(delivery).where(
        one_of(delivery.c.customer_id), delivery.c.state.in_(("queued", "sending"))
    )
    stopped = {"state": "suppressed", "finished_at": unit.now, "token": delivery.c.token + 1}
    unit.connection.execute(waiting.values(**stopped), wanted)
    bodies = sa.update(event).where(one_of(event.c.customer_id)).values(body="")
    return unit.connection.execute(bodies, wanted).rowcount
