import pytest

from crmkit import ContactPoint, Customer

LOST = ["price", "no need"]
SETTINGS = {
    "pipelines": [
        {
            "name": "shops",
            "stages": [
                {"name": "new", "probability": 0.1, "next": ["proposal", "lost"]},
                {"name": "proposal", "probability": 0.5, "days": 10},
                {"name": "won", "probability": 1.0, "outcome": "won"},
                {"name": "lost", "outcome": "lost", "next": ["new"]},
            ],
            "lost_reasons": LOST,
        },
        {"name": "homes"},
    ],
    "sellers": [
        {"name": "pia", "countries": ["PL", "DE"], "capacity": 2},
        {"name": "max", "capacity": 2},
        {"name": "idle", "capacity": 0},
    ],
}


@pytest.fixture
def make_house(make_crm):
    """A CRM that sells, with Ana, Bo and Cy; Cy shares an address with Ana."""

    def make(*also, settings=None, **given):
        settings = {"sales": SETTINGS | given} | (settings or {})
        crm = make_crm(*also, "sales", settings=settings)
        shared = (ContactPoint("email", "home@example.com"),)
        with crm.unit() as unit:
            unit.customers.add_many(
                [
                    Customer(name="Ana", locale="pl-PL", contact_points=shared),
                    Customer(name="Bo", locale="sv"),
                    Customer(name="Cy", contact_points=shared),
                ]
            )
        return crm

    return make


@pytest.fixture
def house(make_house):
    return make_house()
