"""
What the lifetime-value models refuse.

    InvalidHistoryError    an argument holds a value outside its range
    NotDefinedError        the model has no answer to this question
"""

from typing import ClassVar

from crmkit import CrmkitError


class InvalidHistoryError(CrmkitError, ValueError):
    """An argument that cannot describe a customer; nothing was computed."""

    exit_code: ClassVar[int] = 2

    def __init__(self, argument: str, found: str, accepted: str) -> None:
        super().__init__(f"{argument} is {found}; accepted: {accepted}")
        self.argument = argument
        self.found = found
        self.accepted = accepted


class NotDefinedError(CrmkitError, ValueError):
    """A quantity that does not exist for this model and these arguments."""

    exit_code: ClassVar[int] = 2
