"""A message in the inbox."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal, get_args

import attrs

State = Literal["open", "done", "spam"]
STATES: Final[tuple[State, ...]] = get_args(State)


@attrs.frozen(kw_only=True)
class Entry:
    """
    Attributes:
        id: Its number in the inbox; *interaction_id*, of the interaction it is.
        customer: Their name; *is_unresolved* while it is not sure who they are: somebody nobody
            knew, or one of several who share the address.
        how: How it is known whose it is, as the channel says; empty where it does not.
        case_id: The case that was opened for it, or whose thread it bears.
        offer: What it answers, and what became of that; empty for none.
        is_machine: A machine wrote it; it waits for nobody.
        note: What was said when it was settled.
    """

    id: int
    interaction_id: int
    at: datetime
    channel: str
    customer_id: int
    customer: str
    is_unresolved: bool
    how: str
    text: str
    thread: str
    case_id: int | None
    offer_id: int | None
    offer: str
    is_machine: bool
    state: State
    note: str
