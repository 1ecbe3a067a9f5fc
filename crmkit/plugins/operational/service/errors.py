"""What service refuses."""

from __future__ import annotations

from collections.abc import Iterable

from crmkit import RefusedError, nearest


class NoSuchMoveError(RefusedError):
    """The status machine has no way from one status to the other."""

    def __init__(self, case_id: int, before: str, after: str, ways: Iterable[str]) -> None:
        told = ", ".join(ways) or "nowhere: it is final"
        super().__init__(f"case {case_id} cannot go from {before} to {after}; from there: {told}")


class UnknownNameError(RefusedError):
    """A queue, a priority, a status or a macro that the settings do not have."""

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        told = ", ".join(names) or "none"
        super().__init__(f"there is no {what} {name!r}{nearest(name, names)}; there are: {told}")


class MergedCaseError(RefusedError):
    """A case that went into another one."""

    def __init__(self, case_id: int, into: int) -> None:
        super().__init__(f"case {case_id} was merged into case {into}; work on that one")


class CannotMergeError(RefusedError):
    """Two cases that are not one."""

    def __init__(self, case_id: int, into: int, why: str) -> None:
        super().__init__(f"case {case_id} cannot be merged into case {into}: {why}")


class NoComplaintError(RefusedError):
    """Amends are made for complaints."""

    def __init__(self, case_id: int, kind: str) -> None:
        super().__init__(f"case {case_id} is a {kind}, no complaint; amends are made for those")
