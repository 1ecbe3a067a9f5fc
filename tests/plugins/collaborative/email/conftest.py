from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from crmkit import CRM, Outgoing
from crmkit.testing import Clock


@pytest.fixture
def email_crm(tmp_path: Path, clock: Clock) -> Callable[..., CRM]:
    """A CRM with e-mail alone; the channel needs no database."""

    def make(**settings: object) -> CRM:
        given = {"from_address": "shop@shop.example"} | settings
        return CRM.open(
            tmp_path / "none.db", ["email"], settings={"email": given}, clock=clock, strict=True
        )

    return make


@pytest.fixture
def outgoing() -> Callable[..., Outgoing]:
    def make(**changes: object) -> Outgoing:
        given = {
            "key": "k1",
            "customer_id": 1,
            "address": "ana@example.com",
            "subject": "Hello",
            "text": "There is tea.",
            "purpose": "news",
        }
        return Outgoing(**(given | changes))

    return make
