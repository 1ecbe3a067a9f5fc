"""A Flask app that owns its tables and its session."""

import pytest
from flask import Flask, g, request

from crmkit import InvalidValueError


@pytest.fixture
def client(shop):
    app = Flask("shop")

    @app.before_request
    def begin():
        g.session = shop.sessions()

    @app.teardown_request
    def end(error):
        g.session.close()

    @app.post("/orders/<number>")
    def order(number):
        g.session.add(shop.Order(number=number, total_cents=1290))
        with shop.crm.unit(session=g.session) as unit:
            shop.remember(unit, number, 1290)
        if "declined" in request.args:
            g.session.rollback()
            return "card declined", 402
        assert shop.told == []
        g.session.commit()
        return "thank you", 201

    @app.post("/strange-orders/<number>")
    def strange(number):
        g.session.add(shop.Order(number=number, total_cents=1290))
        try:
            with shop.crm.unit(session=g.session) as unit:
                shop.remember(unit, number, 1290)
                shop.remember(unit, f"{number}b", 1290, currency="XXX")
        except InvalidValueError:
            pass
        g.session.commit()
        return "thank you", 201

    return app.test_client()


def test_an_order_and_what_crmkit_knows_of_it_commit_together(client, shop):
    assert client.post("/orders/1001").status_code == 201
    assert shop.counts() == (1, 1, 1)


def test_a_declined_order_leaves_nothing_on_either_side(client, shop):
    assert client.post("/orders/1001?declined").status_code == 402
    assert shop.counts() == (0, 0, 0)


def test_a_failure_of_crmkit_undoes_only_its_own_part(client, shop):
    assert client.post("/strange-orders/1001").status_code == 201
    assert shop.counts() == (1, 0, 0)


def test_plugins_are_told_after_the_hosts_commit_and_only_then(client, shop):
    client.post("/orders/1001?declined")
    assert shop.told == []

    client.post("/orders/1002")
    assert shop.told == [["customer", "interaction"]]


def test_the_same_order_twice_is_one_interaction(client, shop):
    client.post("/orders/1001")
    with shop.sessions.begin() as session, shop.crm.unit(session=session) as unit:
        shop.remember(unit, "1001", 1290)

    assert shop.counts() == (1, 1, 1)
