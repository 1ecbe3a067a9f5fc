"""What templates refuse."""

from __future__ import annotations

from crmkit import CrmkitError, RecordNotFoundError


class TemplateRefusedError(CrmkitError, ValueError):
    """A template does what none may, or is not understood; nothing was stored."""

    exit_code = 2

    def __init__(self, name: str, language: str, part: str, line: int, why: str) -> None:
        place = f"{part}, line {line}" if line else part
        super().__init__(f"template {shown(name, language)}, {place}: {why}")
        self.part = part
        self.line = line


class NotRenderedError(CrmkitError):
    """A message could not be made for one customer; nothing of it is used."""

    def __init__(self, customer_id: int, problem: str) -> None:
        super().__init__(f"customer {customer_id}: {problem}")
        self.customer_id = customer_id


class NoVariantError(RecordNotFoundError):
    """A template has neither the language that is asked for nor a default."""

    def __init__(self, name: str, locale: str) -> None:
        super().__init__("template", f"{name} in {locale or 'the default language'}")


class NotStartedError(CrmkitError):
    """The process that renders cannot be started; nothing was rendered."""


def shown(name: str, language: str) -> str:
    return f"{name} ({language})" if language else name
