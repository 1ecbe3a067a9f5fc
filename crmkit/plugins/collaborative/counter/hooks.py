"""What the counter adds to a CRM."""

from __future__ import annotations

from collections.abc import Iterable

from crmkit import InteractionKind, hookimpl

from .model import ASKED, OFFERED, TASTE, Asked, Offered, Taste

SUMMARY = "One screen of what a good shopkeeper would remember; what is heard while selling."


@hookimpl
def crmkit_interaction_kinds() -> Iterable[InteractionKind]:
    yield InteractionKind(name=TASTE, summary="They like an article, or do not.", payload=Taste)
    yield InteractionKind(name=ASKED, summary="They were asked a question.", payload=Asked)
    told = "An offer was raised at the counter, or kept back."
    yield InteractionKind(name=OFFERED, summary=told, payload=Offered)
