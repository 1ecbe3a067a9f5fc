"""What profit refuses."""

from typing import ClassVar

from crmkit import CrmkitError, RefusedError


class BooksDifferError(CrmkitError):
    """The statements do not add up to the books they are drawn from."""


class MixedCurrenciesError(RefusedError):
    """Amounts in several currencies have no sum."""

    def __init__(self, currencies: str) -> None:
        super().__init__(
            f"amounts are in {currencies}; a profit and loss has one currency: bring them into one "
            "when you import them"
        )


class OverlappingSegmentsError(RefusedError):
    """Segments that share a customer do not add up to the whole."""

    def __init__(self, customer_id: int, one: str, other: str) -> None:
        super().__init__(
            f"customer {customer_id} is in {one} and in {other}; name segments that exclude each "
            "other, such as those of one score"
        )


class CostSheetError(CrmkitError):
    """Lines of a file of costs cannot be read."""

    exit_code: ClassVar[int] = 4

    def __init__(self, file: str, lines: int) -> None:
        super().__init__(
            f"{file}: {lines:,} lines cannot be used, as listed; nothing was imported. Mend them "
            "and import the file again"
        )
