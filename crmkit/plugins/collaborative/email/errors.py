"""What e-mail refuses."""

from crmkit import ConfigError, CrmkitError


class NotConfiguredError(ConfigError):
    """A setting without which nothing can be sent is missing, or does not fit the others."""


class NotConnectedError(CrmkitError):
    """The mail server or the maildir cannot be reached; nothing was sent."""

    exit_code = 75


class UnsendableError(CrmkitError):
    """The message cannot become a safe mail to exactly one recipient."""


class PoisonError(CrmkitError):
    """A mail that came in cannot be read; it is kept aside, and the next one is read."""


class UnprovenError(PoisonError):
    """A report about a mail that we may not have sent, or a mail that nobody signs for."""
