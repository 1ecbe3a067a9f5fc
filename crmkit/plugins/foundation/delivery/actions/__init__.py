"""Writing the ledger: what is decided, what a worker does, what people do."""

from .intending import intend_many
from .steering import cancel, cancel_run, erase, pause, resolve, resume, retry
from .working import claim, expire, mark_sending, record, recover, release

__all__ = [
    "cancel",
    "cancel_run",
    "claim",
    "erase",
    "expire",
    "intend_many",
    "mark_sending",
    "pause",
    "record",
    "recover",
    "release",
    "resolve",
    "resume",
    "retry",
]
