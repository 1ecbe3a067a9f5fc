"""Where other plugins have a say in consent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crmkit import Unit, hookspec


@hookspec
def consent_accepted_bases(unit: Unit, purposes: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """
    Say on which lawful bases each of *purposes* may rest.

    A basis must be accepted by every plugin that answers for the purpose; a purpose for which
    nobody answers may rest on any. Called inside the transaction, once per batch of contacts. If
    you raise, all of them are refused.
    """
    return {}
