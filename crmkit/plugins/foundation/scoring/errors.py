"""What can go wrong when customers are scored."""

from typing import ClassVar

from crmkit import CrmkitError, PluginError, RefusedError


class TooThinError(CrmkitError):
    """
    Raised by a scorer whose data does not suffice; the text is the reason.

    The run is recorded as refused and other scorers go on.
    """


class ScorerError(PluginError):
    """
    A scorer broke its contract; nothing of the run was written.

    Attributes:
        scorer: Its name.
    """

    def __init__(self, scorer: str, problem: str) -> None:
        super().__init__("scoring", f"scorer {scorer} {problem}")
        self.scorer = scorer


class NoFullRunError(RefusedError):
    """Only the changed customers were to be scored, but nobody knows with which parameters."""

    def __init__(self, scorer: str, version: str) -> None:
        super().__init__(
            f"scorer {scorer} has no full run of version {version} that an incremental one could "
            f"follow; run `crmkit score run {scorer} --full`"
        )


class InvalidColumnsError(CrmkitError, ValueError):
    """Columns that cannot be learnt from; nothing was computed."""

    exit_code: ClassVar[int] = 2

    def __init__(self, column: str, found: str) -> None:
        super().__init__(f"{column}: {found}; give finite numbers or words, and labels 0 and 1")
        self.column = column


class OneClassError(TooThinError):
    """It happened to all or to nobody, so there is nothing to tell apart."""

    def __init__(self, happened: bool) -> None:
        who = "everybody" if happened else "nobody"
        super().__init__(f"it happened to {who}; to learn from takes both")


class LeakError(TooThinError):
    """A column that is known only after the event."""

    def __init__(self, column: str, why: str) -> None:
        super().__init__(
            f"column {column!r} {why}: it would foretell what has happened already; leave it out, "
            "or name it in `trusted` if it really is known before"
        )
        self.column = column
