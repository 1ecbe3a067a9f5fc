import pytest

from crmkit import Customer, Money
from crmkit.plugins.operational.billing import (
    Account,
    Price,
    Product,
    set_account,
    set_prices,
    set_products,
)

TAXES = [
    {"country": "FR", "business": True, "category": "K", "reason": "Intra-Community supply"},
    {"country": "US", "category": "G", "reason": "Export"},
    {"tax_class": "reduced", "category": "S", "rate": "7"},
    {"category": "S", "rate": "16", "until": "2026-01-01"},
    {"category": "S", "rate": "19"},
]
SETTINGS = {
    "taxes": TAXES,
    "seller": {
        "name": "Corner Shop GmbH",
        "street": "Hauptstr. 1",
        "city": "Berlin",
        "postal_code": "10115",
        "country": "DE",
        "vat_id": "DE123456789",
        "registration": "HRB 4711",
        "email": "books@example.com",
        "iban": "DE02 1203 0000 0000 2020 51",
    },
}


def eur(text):
    return Money.of(text, "EUR")


@pytest.fixture
def make_shop(make_crm):
    """A CRM that bills, with Ana and Bo, and a catalogue; the clock stands at 2026-01-05."""

    def make(*also, **settings):
        crm = make_crm(*also, "billing", settings={"billing": SETTINGS | settings})
        with crm.unit() as unit:
            unit.customers.add_many([Customer(name="Ana"), Customer(name="Bo")])
            set_account(unit, Account(customer_id=1, country="DE", city="Köln"))
            set_account(unit, Account(customer_id=2, name="Bo SARL", country="FR", vat_id="FR1"))
            set_products(
                unit,
                [
                    Product(sku="CUP", name="A cup"),
                    Product(sku="TEA", name="Tea", unit="KGM", tax_class="reduced"),
                    Product(sku="HOUR", name="An hour of help", kind="service", unit="HUR"),
                ],
            )
            set_prices(
                unit,
                [
                    Price(sku="CUP", amount=eur("9.90")),
                    Price(sku="CUP", amount=eur("8.90"), from_quantity=10),
                    Price(sku="CUP", amount=eur("4.00"), price_list="cost"),
                    Price(sku="TEA", amount=eur("12.35"), per=1),
                    Price(sku="HOUR", amount=eur("80")),
                ],
            )
        return crm

    return make


@pytest.fixture
def shop(make_shop):
    return make_shop()
