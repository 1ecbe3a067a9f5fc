"""Builders for the records the kernel's tests are about."""

from datetime import UTC, datetime, timedelta

import pytest

from crmkit import Customer, Identity, Interaction, Money

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)


@pytest.fixture
def ana(make_crm):
    """An opened CRM with one customer: Ana, id 1."""
    crm = make_crm()
    with crm.unit() as unit:
        unit.customers.add(Customer(name="Ana Kowalska", identities=(Identity("shop", "42"),)))
    return crm


@pytest.fixture
def bought():
    """``bought("k1", minor=1290, customer_id=1)``: a purchase with a source key."""

    def make(key=None, *, minor=1290, customer_id=1, hours=0, **fields):
        given = {
            "customer_id": customer_id,
            "kind": "purchase.order",
            "at": AT + timedelta(hours=hours),
            "amount": Money(minor, "EUR"),
            "source": "shop",
            "source_key": key,
        }
        return Interaction(**given | fields)

    return make
