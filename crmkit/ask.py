"""Put a question to every enabled plugin; each answers in the unit it is given."""

from .core.calls import (
    check_offers,
    describe,
    diagnose,
    explain,
    export,
    may_contact,
    propose_offers,
    segments,
    tokens,
)

__all__ = [
    "check_offers",
    "describe",
    "diagnose",
    "explain",
    "export",
    "may_contact",
    "propose_offers",
    "segments",
    "tokens",
]
