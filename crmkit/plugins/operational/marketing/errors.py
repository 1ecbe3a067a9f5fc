"""What marketing refuses."""

from __future__ import annotations

from collections.abc import Iterable

from crmkit import RefusedError


class FrozenError(RefusedError):
    """What was launched is not changed any more."""

    def __init__(self, name: str, status: str) -> None:
        super().__init__(
            f"campaign {name!r} is {status}: what people got is not changed afterwards; stop it, "
            "or draft another one"
        )


class NotRunningError(RefusedError):
    """A campaign that is not in the state in which that is done."""

    def __init__(self, name: str, status: str, wanted: str) -> None:
        super().__init__(f"campaign {name!r} is {status}; {wanted}")


class EmptyAudienceError(RefusedError):
    """A segment without anybody."""

    def __init__(self, segment: str) -> None:
        super().__init__(
            f"nobody is in {segment!r}; run `crmkit score run`, or take another segment"
        )


class OverBudgetError(RefusedError):
    """A launch that would cost more than there is."""

    def __init__(self, cost: object, budget: object) -> None:
        super().__init__(
            f"the messages would cost {cost}, the budget is {budget}; take a smaller segment, a "
            "larger holdout, or more budget"
        )


class StepGoneError(RefusedError):
    """People are in a step that the new version of a journey does not have."""

    def __init__(self, steps: Iterable[tuple[str, int]]) -> None:
        told = ", ".join(f"{count:,} in {name!r}" for name, count in steps)
        super().__init__(
            f"people are in steps that the new version does not have: {told}; keep those steps, or "
            "say where they go with `moved`"
        )


class InvalidCodeError(RefusedError):
    """A code that is not this customer's, or is used."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(f"code {code!r}: {why}")


class NotReferableError(RefusedError):
    """A referral that does not count, or that somebody else made."""

    def __init__(self, customer_id: int, why: str) -> None:
        super().__init__(f"customer {customer_id} is not referred: {why}")


class ClosedError(RefusedError):
    """A programme that takes no referrals any more."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the programme {name!r} is closed; open it with `crmkit referral save`, or take "
            "a code of another"
        )
