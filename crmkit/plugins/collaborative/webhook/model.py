"""Endpoints, events, their deliveries, and what came in."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, get_args

import attrs

from crmkit import InvalidValueError

Direction = Literal["out", "in"]
State = Literal["queued", "sending", "sent", "failed", "suppressed"]
STATES: Final[tuple[State, ...]] = get_args(State)
FARTHEST: Final = 3
"""So often an event may make another one across the border before that stops."""
DISABLED: Final = "webhook.disabled"
TEST: Final = "webhook.test"
OWN_KINDS: Final = (
    "customer.created",
    "customer.changed",
    "customer.erased",
    "offer.created",
    "offer.changed",
    DISABLED,
)
NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", re.ASCII)
_VALUE = re.compile(r"[!-~]([ -~]{0,998}[!-~])?", re.ASCII)
_TAKEN: Final = frozenset(
    (
        "accept", "connection", "content-encoding", "content-length", "content-type", "expect",
        "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "user-agent",
    )
)  # fmt: skip


def _name(_: object, field: attrs.Attribute[str], value: str) -> None:
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise InvalidValueError(field.name, value, "a lower-case name such as warehouse")


def _headers(_: object, field: attrs.Attribute[Any], value: Mapping[str, str]) -> None:
    for name, text in value.items():
        taken = name.lower() in _TAKEN or name.lower().startswith(("webhook-", "proxy-"))
        if taken or not _HEADER.fullmatch(name) or not _VALUE.fullmatch(text):
            accepted = "a header that is not ours to set, such as X-Api-Key, on one line of ASCII"
            raise InvalidValueError(field.name, name, accepted)


def _texts(value: Iterable[str]) -> tuple[str, ...]:
    return tuple(value)


@attrs.frozen(kw_only=True)
class Endpoint:
    """
    Somebody we tell, or somebody who tells us.

    Attributes:
        direction: ``out`` to *url*, or ``in`` for a receiver that the host mounts.
        kinds: Of events: ``purchase.order``, all of ``purchase.*``, or ``*``.
        headers: Sent along, such as a key of the other side.
        state: ``active`` or ``disabled``, with the reason in *why*.
        failing_since: When the first of the failures was that no success has followed yet.
        misses: How often in a row it did not answer; left alone until *rest_until*.
    """

    name: str = attrs.field(validator=_name)
    direction: Direction = "out"
    url: str = ""
    kinds: tuple[str, ...] = attrs.field(default=("*",), converter=_texts)
    headers: Mapping[str, str] = attrs.field(factory=dict, validator=_headers, repr=False)
    state: Literal["active", "disabled"] = "active"
    why: str = ""
    failing_since: datetime | None = None
    misses: int = 0
    rest_until: datetime | None = None
    created_at: datetime
    id: int = 0

    def wants(self, kind: str) -> bool:
        return any(_covers(pattern, kind) for pattern in self.kinds)


def _covers(pattern: str, kind: str) -> bool:
    if pattern.endswith("*"):
        return kind.startswith(pattern[:-1])
    return pattern == kind


@attrs.frozen
class Fact:
    """Something that happened, before it is an event: *data* is JSON-ready."""

    kind: str
    subject: str
    at: datetime
    customer_id: int | None
    data: Mapping[str, object]


@attrs.frozen(kw_only=True)
class Delivery:
    """
    One event on its way to one endpoint.

    Attributes:
        key: The event's id, and the ``webhook-id`` of every attempt.
        body: What is sent, to the byte; empty once erased.
        token: Goes up with every change of hands; who holds an old one cannot write.
    """

    id: int
    event_id: int
    endpoint_id: int
    customer_id: int | None
    key: str
    kind: str
    body: str
    state: State
    attempts: int
    not_before: datetime
    token: int
    finished_at: datetime | None
    status: int
    detail: str


@attrs.frozen
class Lane:
    """What one endpoint is sent in one go, and the keys to sign it with."""

    endpoint: Endpoint
    keys: Sequence[bytes]
    deliveries: Sequence[Delivery]


@attrs.frozen(kw_only=True)
class Attempt:
    """One line of a delivery's log."""

    delivery_id: int
    at: datetime
    state: str
    status: int
    detail: str


@attrs.frozen(kw_only=True)
class Sent:
    """What a pass did: deliveries by the state it left them in; *later* are to be tried again."""

    sent: int = 0
    failed: int = 0
    later: int = 0

    @property
    def counts(self) -> Mapping[str, int]:
        return {name: count for name, count in attrs.asdict(self).items() if count}

    def __add__(self, other: Sent) -> Sent:
        return Sent(
            sent=self.sent + other.sent,
            failed=self.failed + other.failed,
            later=self.later + other.later,
        )

    def __str__(self) -> str:
        told = [f"{count:,} {name}" for name, count in self.counts.items()]
        return ", ".join(told) or "nothing was due"


@attrs.frozen(kw_only=True)
class Received:
    """
    One message that came in.

    Attributes:
        state: ``accepted``, or ``ignored`` with the reason in *detail*.
        conflicts: How often its id came again with another body.
    """

    id: int
    receiver_id: int
    message_id: str
    digest: str
    state: Literal["accepted", "ignored"]
    detail: str
    conflicts: int
    at: datetime

    def is_of(self, body: bytes) -> bool:
        return self.digest == hashlib.sha256(body).hexdigest()
