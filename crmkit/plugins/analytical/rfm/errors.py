"""What RFM refuses."""

from crmkit.plugins.foundation.scoring import TooThinError


class MixedCurrenciesError(TooThinError):
    """Purchases in several currencies have no common order."""

    def __init__(self, currencies: str) -> None:
        super().__init__(
            f"purchases are in {currencies}; RFM compares amounts in one currency only"
        )
