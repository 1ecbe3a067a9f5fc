"""What lifecycle refuses."""

from typing import ClassVar

from crmkit import CrmkitError, RefusedError


class InvalidAnswerError(CrmkitError, ValueError):
    """An answer to "would you recommend us" that is none."""

    exit_code: ClassVar[int] = 2

    def __init__(self, found: float) -> None:
        super().__init__(f"score {found:g} is no answer; accepted: whole numbers from 0 to 10")


class ReferralCircleError(RefusedError):
    """Customers who would have sent each other."""

    def __init__(self, customers: int) -> None:
        super().__init__(f"{customers} customers would have been sent by each other, in a circle")


class AlreadyReferredError(RefusedError):
    """A customer can have been sent by one other only."""

    def __init__(self, referred_id: int, referrer_id: int) -> None:
        super().__init__(f"customer {referred_id} was sent by customer {referrer_id} already")
