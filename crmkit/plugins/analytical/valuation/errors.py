"""What valuation refuses."""

from crmkit import RefusedError


class NotScoredError(RefusedError):
    """The report is made of scores that are not there."""

    def __init__(self) -> None:
        super().__init__("nobody is valued yet; run `crmkit score run clv valuation`")
