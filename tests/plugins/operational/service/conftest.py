import pytest

from crmkit import Customer

OFFICE = {
    "name": "office",
    "time_zone": "Europe/Berlin",
    "hours": dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-17:00"),
}
PROMISES = [
    {
        "name": "urgent",
        "priority": "urgent",
        "first_response_minutes": 30,
        "resolution_minutes": 240,
    },
    {
        "name": "usual",
        "calendar": "office",
        "first_response_minutes": 120,
        "next_response_minutes": 60,
        "resolution_minutes": 960,
        "escalate_to": "chief",
        "raise_to": "high",
    },
]
SETTINGS = {
    "queues": ["general", "billing"],
    "calendars": [OFFICE],
    "promises": PROMISES,
    "macros": [
        {
            "name": "sorry",
            "text": "Dear {name}, about {subject!r}: we are sorry. Case {case}.",
            "status": "waiting",
            "priority": "high",
        }
    ],
}


@pytest.fixture
def make_desk(make_crm):
    """A CRM with Ana, Bo and Cy; the clock stands at Monday 2026-01-05, 12:00 UTC."""

    def make(*also, **settings):
        crm = make_crm(*also, "service", settings={"service": SETTINGS | settings})
        with crm.unit() as unit:
            unit.customers.add_many(Customer(name=name) for name in ("Ana", "Bo", "Cy"))
        return crm

    return make


@pytest.fixture
def desk(make_desk):
    return make_desk()
