"""What the counter adds to a CRM."""

from __future__ import annotations

from collections.abc import Iterable

from crmkit import InteractionKind, hookimpl

from .actions import DECIDED
from .model import Asked
from .queries import ASKED


@hookimpl
def crmkit_interaction_kinds() -> Iterable[InteractionKind]:
    told = "They were asked something in the shop, and answered or not."
    yield InteractionKind(name=ASKED, summary=told, payload=Asked)
    yield InteractionKind(name=DECIDED, summary="They took an offer in the shop, or did not.")
