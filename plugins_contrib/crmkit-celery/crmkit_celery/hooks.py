"""What Celery adds to a CRM."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from crmkit import CRM, Changes, Finding, Unit, hookimpl
from crmkit.plugins.foundation import delivery

from .config import Settings
from .waking import wake


@hookimpl
def crmkit_committed(crm: CRM, changes: Sequence[Changes]) -> None:
    if delivery.is_delivering(crm):
        return
    with crm.unit(write=False) as unit:
        is_due = delivery.is_any_due(unit)
    if is_due:
        wake(crm)


@hookimpl
def crmkit_diagnose(unit: Unit) -> Iterable[Finding]:
    settings = unit.settings(Settings)
    if settings.broker:
        told = f"workers are woken through the queue {settings.queue}"
        yield Finding(level="ok", subject="celery", text=told)
    else:
        mend = 'set it under [celery] in crmkit.toml, such as broker = "redis://127.0.0.1:6379/0"'
        yield Finding(level="warn", subject="celery", text="broker is not set", mend=mend)
