"""What propensity refuses."""

from typing import ClassVar

from crmkit import CrmkitError
from crmkit.plugins.foundation.scoring import TooThinError


class InvalidColumnsError(CrmkitError, ValueError):
    """Columns that cannot be learnt from; nothing was computed."""

    exit_code: ClassVar[int] = 2

    def __init__(self, column: str, found: str) -> None:
        super().__init__(f"{column}: {found}; give finite numbers or words, and labels 0 and 1")
        self.column = column


class OneClassError(TooThinError):
    """It happened to all or to nobody, so there is nothing to tell apart."""

    def __init__(self, happened: bool) -> None:
        who = "everybody" if happened else "nobody"
        super().__init__(f"it happened to {who}; to learn from takes both")


class LeakError(TooThinError):
    """A column that is known only after the event."""

    def __init__(self, column: str, why: str) -> None:
        super().__init__(
            f"column {column!r} {why}: it would foretell what has happened already; leave it out, "
            "or name it in `trusted` if it really is known before"
        )
        self.column = column
