"""What sales refuses."""

from __future__ import annotations

from collections.abc import Iterable

from crmkit import RefusedError, nearest


class UnknownNameError(RefusedError):
    """A pipeline, a stage, a reason or a seller that the settings do not have."""

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        names = list(known)
        told = ", ".join(names) or "none"
        super().__init__(f"there is no {what} {name!r}{nearest(name, names)}; there are: {told}")


class NoSuchMoveError(RefusedError):
    """The pipeline has no way from one stage to the other."""

    def __init__(self, deal_id: int, before: str, after: str, ways: Iterable[str]) -> None:
        told = ", ".join(ways) or "nowhere: it is final"
        super().__init__(f"deal {deal_id} cannot go from {before} to {after}; from there: {told}")


class ReasonNeededError(RefusedError):
    """A deal is not lost, or won, without a word why."""

    def __init__(self, stage: str, reasons: Iterable[str]) -> None:
        super().__init__(f"{stage} needs a reason, one of: {', '.join(reasons)}")


class LeadClosedError(RefusedError):
    """A lead that was given up does not become a deal."""

    def __init__(self, lead_id: int, reason: str) -> None:
        why = f" ({reason})" if reason else ""
        super().__init__(f"lead {lead_id} was given up{why}; take it up again first")


class QuoteClosedError(RefusedError):
    """A quote that was answered, replaced or is out of date."""

    def __init__(self, quote_id: int, status: str, wanted: str) -> None:
        super().__init__(f"quote {quote_id} is {status}; {wanted}")


class MixedCurrenciesError(RefusedError):
    """A deal, and a quote, has one currency."""

    def __init__(self, found: str, wanted: str) -> None:
        super().__init__(f"an amount is in {found}, not in {wanted}; a deal has one currency")


class NoPriceError(RefusedError):
    """An item without a price that no catalogue has."""

    def __init__(self, sku: str) -> None:
        super().__init__(
            f"{sku} has no price; give the item one, or enable `billing` and set it there"
        )
