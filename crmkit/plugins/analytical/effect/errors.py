"""What effect measurement refuses."""

from crmkit import InvalidValueError
from crmkit.plugins.foundation.scoring import TooThinError


class NotEnoughDataError(TooThinError):
    """Nothing can be said about the effect from these data; the text says what is missing."""


class InvalidDesignError(InvalidValueError):
    """Arrays, arms or covariates that no causal reading can be built on."""
