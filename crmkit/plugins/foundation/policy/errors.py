"""What can be wrong with a relationship policy."""

from __future__ import annotations

from collections.abc import Sequence

from crmkit import CrmkitError, RefusedError


class NoPolicyError(RefusedError):
    """No relationship policy is in force, so nothing may be decided or sent."""

    def __init__(self) -> None:
        super().__init__(
            "no relationship policy is in force; write one and run `crmkit policy adopt FILE`"
        )


class PolicyInvalidError(CrmkitError):
    """A policy text cannot be adopted; :attr:`problems` holds all that is wrong with it."""

    exit_code = 2

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("policy: " + "; ".join(problems))
        self.problems = tuple(problems)
