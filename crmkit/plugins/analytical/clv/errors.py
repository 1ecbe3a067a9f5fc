"""
What the lifetime-value models refuse.

    InvalidHistoryError    an argument holds a value outside its range
    NotDefinedError        the model has no answer to this question
"""


class InvalidHistoryError(ValueError):
    """An argument that cannot describe a customer; nothing was computed."""

    def __init__(self, argument: str, found: str, accepted: str) -> None:
        super().__init__(f"{argument} is {found}; accepted: {accepted}")
        self.argument = argument
        self.found = found
        self.accepted = accepted


class NotDefinedError(ValueError):
    """A quantity that does not exist for this model and these arguments."""
