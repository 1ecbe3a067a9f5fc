"""What can go wrong at the counter."""

from collections.abc import Sequence

from crmkit import CrmkitError


class SeveralError(CrmkitError):
    """Several customers answer to that; say which one by number."""

    exit_code = 2

    def __init__(self, asked: str, choices: Sequence[tuple[int, str]]) -> None:
        named = ", ".join(f"{number} {name}" for number, name in choices)
        super().__init__(f"several customers answer to {asked!r}: {named}; say the number")
        self.asked = asked
        self.choices = tuple(choices)
