"""What e-mail refuses."""

from crmkit import ConfigError, CrmkitError


class NotConfiguredError(ConfigError):
    """A setting without which nothing can be sent is missing, or does not fit the others."""


class NotConnectedError(CrmkitError):
    """The mail server or the maildir cannot be reached; nothing was sent."""

    exit_code = 75


class InvalidTokenError(CrmkitError):
    """A link was not made here, or was cut or changed on its way."""

    exit_code = 2

    def __init__(self, token: str) -> None:
        super().__init__(f"token {token!r:.40}: not made here, or cut or changed on its way")


class UnsendableError(CrmkitError):
    """The message cannot become a safe mail to exactly one recipient."""
