"""What the counter refuses."""

from __future__ import annotations

from collections.abc import Sequence

from crmkit import InvalidValueError, nearest


class UnknownQuestionError(InvalidValueError):
    """A question that the settings do not have."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__("question", name, f"one of {', '.join(known)}{nearest(name, known)}")
