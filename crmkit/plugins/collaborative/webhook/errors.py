"""What webhooks refuse."""

from crmkit import CrmkitError


class BadSignatureError(CrmkitError):
    """A message is not signed by a secret of this receiver, or its time is too far off."""


class BadMessageError(CrmkitError):
    """A message is signed, but is no message: its id or its body cannot be read."""


class ConflictingMessageError(CrmkitError):
    """An id that was taken in before comes again with another body."""


class RefusedAddressError(CrmkitError):
    """The name of an endpoint leads to an address that must not be spoken to."""
