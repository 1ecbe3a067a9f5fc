"""What the inbox refuses."""

from __future__ import annotations

from crmkit import RefusedError


class NotAStrangerError(RefusedError):
    """A message of somebody who is known, whom nobody else can be said to be."""

    def __init__(self, entry_id: int, name: str) -> None:
        super().__init__(
            f"message {entry_id} is from {name}, who is known to us; if they are one person, merge "
            "the two customers"
        )
