"""What consent refuses."""

from __future__ import annotations

from crmkit import RefusedError


class EvidenceMissingError(RefusedError):
    """A consent was to be recorded without what proves it."""

    def __init__(self, field: str) -> None:
        super().__init__(
            f"{field}: a grant with basis consent needs it; say how and where the person agreed"
        )
        self.field = field
