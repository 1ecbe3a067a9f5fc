"""What text messages refuse."""

from crmkit import ConfigError, CrmkitError


class NotConfiguredError(ConfigError):
    """A setting without which nothing can be sent is missing, or does not fit the others."""


class UnsendableError(CrmkitError):
    """The message or the number is none that may be sent to."""
