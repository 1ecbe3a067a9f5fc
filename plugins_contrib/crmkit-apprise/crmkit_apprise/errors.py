"""What the channel refuses."""

from crmkit import ConfigError, CrmkitError


class NotConfiguredError(ConfigError):
    """There is no service, or Apprise does not know one of them."""


class UnsendableError(CrmkitError):
    """The message cannot be handed to the service it names."""
