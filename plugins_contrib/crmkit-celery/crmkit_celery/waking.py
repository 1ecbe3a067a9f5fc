"""Sending and receiving wake-ups."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from crmkit import CRM
from crmkit.plugins.foundation import delivery

from .config import Settings

if TYPE_CHECKING:
    from celery import Celery

log = logging.getLogger("crmkit.celery")
TASK: Final = "crmkit.deliver"


def celery_for(settings: Settings, config: Path | None = None) -> Celery:
    """
    The Celery application; with *config*, a ``crmkit.toml``, also the task that workers run.

    It connects to nothing yet.
    """
    from celery import Celery

    app = Celery("crmkit", broker=settings.broker, set_as_current=False)
    app.conf.update(
        task_default_queue=settings.queue,
        task_ignore_result=True,
        broker_connection_retry_on_startup=True,
        broker_connection_timeout=settings.connect_seconds,
        broker_transport_options=_patience(settings),
        beat_schedule={TASK: {"task": TASK, "schedule": settings.beat_seconds}},
    )
    if config is not None:

        @app.task(name=TASK)  # type: ignore[untyped-decorator]  # Celery has no types
        def deliver() -> str:
            return _deliver(config)

    return app


def _patience(settings: Settings) -> dict[str, Any]:
    if not settings.broker.startswith("redis"):
        return {}
    seconds = settings.connect_seconds
    return {"socket_connect_timeout": seconds, "socket_timeout": 30 * seconds}


def _deliver(config: Path) -> str:
    """Send what is due; another worker may be at it, and nothing is taken twice."""
    crm = CRM.from_config(config)
    try:
        return str(delivery.run_until_empty(crm))
    finally:
        crm.close()


def wake(crm: CRM) -> None:
    """
    Tell some worker that something is due. Best effort: what the broker forgets, the beat finds.

    A wake-up that nobody took until the next beat is worth nothing more, and expires.
    """
    settings = crm.settings(Settings)
    if not settings.broker:
        return
    from kombu.exceptions import OperationalError

    app = celery_for(settings)
    try:
        app.send_task(TASK, expires=settings.beat_seconds, retry=False)
    except (OperationalError, OSError) as exc:
        log.warning("nobody was woken, what is due waits for the next beat: %s", exc)
    finally:
        app.close()
