from __future__ import annotations

from collections.abc import Callable

import pytest

from crmkit import CRM, Outgoing


@pytest.fixture
def described() -> Callable[..., dict[str, object]]:
    """The settings of a gateway at a port of loopback."""

    def make(port: int, /, *, settings: dict[str, object] | None = None, **changes: object):
        custom = {
            "url": f"http://127.0.0.1:{port}/send",
            "headers": {"Authorization": "Bearer {secret}", "Idempotency-Key": "{key}"},
            "format": "json",
            "body": {"to": ["{to}"], "from": "{from}", "text": "{text}"},
            "reference": "id",
        }
        given = {"custom": custom | changes, "secret": "s3cr3t", "sender": "Shop", "region": "PL"}
        return given | {"timeout_seconds": 0.4} | (settings or {})

    return make


@pytest.fixture
def sms_crm(tmp_path, clock) -> Callable[..., CRM]:
    """A CRM with text messages alone; the channel needs no database."""

    def make(settings: dict[str, object]) -> CRM:
        return CRM.open(
            tmp_path / "none.db", ["sms"], settings={"sms": settings}, clock=clock, strict=True
        )

    return make


@pytest.fixture
def outgoing() -> Callable[..., Outgoing]:
    def make(**changes: object) -> Outgoing:
        given = {
            "key": "k1",
            "customer_id": 1,
            "address": "+48 601 234 567",
            "subject": "",
            "text": "There is tea.",
            "purpose": "news",
        }
        return Outgoing(**(given | changes))

    return make
