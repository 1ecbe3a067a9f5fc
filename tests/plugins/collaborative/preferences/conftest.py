import io
from types import SimpleNamespace
from urllib.parse import urlsplit
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest

from crmkit import ContactPoint, Customer
from crmkit.plugins.collaborative import preferences
from crmkit.plugins.foundation import policy

POLICY = """
name = "shop"
currency = "EUR"
holdout_share = 0.1
offer_window_days = 30
promises = ["Nothing unasked."]

[purposes.news]
summary = "What is <new>."
kind = "marketing"
lawful_bases = ["consent"]
channels = ["email"]

[purposes.tips]
summary = "How to use it."
kind = "marketing"
lawful_bases = ["consent", "legitimate_interest"]
channels = ["email", "pigeon"]

[purposes.orders]
summary = "Your orders."
kind = "service"
lawful_bases = ["contract"]
channels = ["email"]

[purposes.confirmation]
summary = "Was it you?"
kind = "service"
lawful_bases = ["contract"]
channels = ["email"]
"""
SETTINGS = {
    "preferences": {"url": "https://shop.example/choose", "secret": "s" * 32},
    "email": {"target": "maildir:outbox", "from_address": "shop@shop.example"},
}


@pytest.fixture
def shop(make_crm):
    crm = make_crm("consent", "delivery", "email", "policy", "preferences", settings=SETTINGS)
    with crm.unit() as unit:
        policy.adopt(unit, POLICY)
        point = ContactPoint("email", "ana@example.com")
        ana = unit.customers.add(Customer(name="Ana", contact_points=(point,))).id
    return SimpleNamespace(crm=crm, unit=crm.unit, ana=ana)


@pytest.fixture
def wish(shop):
    """``wish(purposes)``: Ana signs up."""

    def ask(*purposes, customer_id=None, **given):
        words = {"wording": "Yes, write to me.", "source": "checkout"} | given
        with shop.unit() as unit:
            return preferences.ask(unit, customer_id or shop.ana, purposes or ("news",), **words)

    return ask


@pytest.fixture
def browse(shop):
    """``browse(method, link, form)`` -> (status, headers, body), checked against PEP 3333."""

    def call(method, link, form=b"", **environ):
        environ = {
            "REQUEST_METHOD": method,
            "QUERY_STRING": urlsplit(link).query,
            "CONTENT_LENGTH": str(len(form)),
            "wsgi.input": io.BytesIO(form),
            "REMOTE_ADDR": "203.0.113.7",
        } | environ
        setup_testing_defaults(environ)
        told = {}

        def start(status, headers, exc_info=None):
            told.update(status=status, headers=dict(headers))

        answer = validator(preferences.preferences_app(shop.crm))(environ, start)
        try:
            body = b"".join(answer).decode()
        finally:
            answer.close()
        return told["status"][:3], told["headers"], body

    return call
