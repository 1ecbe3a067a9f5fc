"""What can go wrong when customers are scored."""

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
