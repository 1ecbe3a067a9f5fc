"""What recommendations refuse."""

from typing import ClassVar

from crmkit import CrmkitError, RefusedError


class InvalidPurchasesError(CrmkitError, ValueError):
    """Arrays that cannot say who bought what."""

    exit_code: ClassVar[int] = 2

    def __init__(self, found: str) -> None:
        super().__init__(f"purchases hold {found}; give finite arrays of one length")


class TooManyItemsError(RefusedError):
    """EASE inverts a matrix of all items."""

    def __init__(self, items: int, most: int) -> None:
        super().__init__(
            f"{items:,} items are too many for ease, which takes {most:,}; set `model` in "
            "[recommend] to sar or cosine, or `max_items` to less"
        )


class TooThinError(RefusedError):
    """Too little is known of who bought what."""


class NotFittedError(RefusedError):
    """Nothing was learnt yet."""

    def __init__(self) -> None:
        super().__init__("nothing is learnt yet; run `crmkit recommend fit`")
