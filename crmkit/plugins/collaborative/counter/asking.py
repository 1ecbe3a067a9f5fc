"""The next best question: the first rule that holds, of those that may be asked now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import attrs

from crmkit import Customer, Interaction, Unit

from .config import Question, Settings
from .model import ASKED, Asking, Prompt


def next_question(
    unit: Unit, customer: Customer, prompt: Prompt, told: Sequence[Interaction]
) -> Asking | None:
    """None when all that would help is known, rests, or was refused."""
    settings = unit.settings(Settings)
    rests_since = unit.now - timedelta(days=settings.again_days)
    asked = [each for each in told if each.kind == ASKED]
    for rule in settings.questions:
        mine = [each for each in asked if each.payload["question"] == rule.name]
        if any(each.payload["response"] == "refused" for each in mine):
            continue
        if any(each.payload["response"] == "unanswered" and each.at > rests_since for each in mine):
            continue
        if not _is_known(rule, prompt, mine) and _is_due(rule, customer, prompt):
            last = prompt.last.name if prompt.last else ""
            return Asking(name=rule.name, text=rule.ask.replace("{last}", last))
    return None


def _is_known(rule: Question, prompt: Prompt, mine: Sequence[Interaction]) -> bool:
    answers = [each for each in mine if each.payload["response"] == "answered"]
    if rule.each_purchase and prompt.last_at is not None:
        return any(each.at >= prompt.last_at for each in answers)
    return bool(answers)


def _is_due(rule: Question, customer: Customer, prompt: Prompt) -> bool:
    if prompt.visits < rule.least_visits or ("{last}" in rule.ask and prompt.last is None):
        return False
    if rule.lacks in ("email", "phone"):
        return customer.contact("email" if rule.lacks == "email" else "phone") is None
    return not rule.lacks or customer.attributes.get(rule.lacks) in (None, "")


def with_question(
    unit: Unit, customer: Customer, prompt: Prompt, told: Sequence[Interaction]
) -> Prompt:
    """*prompt* with its question; who has something on their mind is not questioned."""
    if prompt.silence:
        return prompt
    return attrs.evolve(prompt, question=next_question(unit, customer, prompt, told))
