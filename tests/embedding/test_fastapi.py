"""A FastAPI app whose endpoints share one session per request through a dependency."""

import asyncio
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI, HTTPException
from sqlalchemy.orm import Session


class Client:
    """Calls the app as a server would, without one."""

    def __init__(self, app):
        self._app = app

    def request(self, method, path):
        async def ask():
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
                return await client.request(method, path)

        return asyncio.run(ask())

    def get(self, path):
        return self.request("GET", path)

    def post(self, path):
        return self.request("POST", path)


@pytest.fixture
def client(shop):
    app = FastAPI()

    def session():
        with shop.sessions.begin() as opened:
            yield opened

    Opened = Annotated[Session, Depends(session)]

    @app.post("/orders/{number}", status_code=201)
    def order(number: str, session: Opened, declined: bool = False):
        session.add(shop.Order(number=number, total_cents=1290))
        with shop.crm.unit(session=session) as unit:
            shop.remember(unit, number, 1290)
        if declined:
            raise HTTPException(402, "card declined")

    @app.get("/customers/{number}")
    def customer(number: str):
        with shop.crm.unit(write=False) as unit:
            found = unit.customers.find(f"shop:{number}")
            bought = unit.interactions.timeline(found.id)
        return {"name": found.name, "bought": [str(each.amount) for each in bought]}

    return Client(app)


def test_an_order_and_what_crmkit_knows_of_it_commit_together(client, shop):
    assert client.post("/orders/1001").status_code == 201
    assert shop.counts() == (1, 1, 1)


def test_an_error_of_the_endpoint_leaves_nothing_on_either_side(client, shop):
    assert client.post("/orders/1001?declined=true").status_code == 402
    assert shop.counts() == (0, 0, 0)
    assert shop.told == []


def test_another_request_reads_what_was_committed(client, shop):
    client.post("/orders/1001")

    assert client.get("/customers/42").json() == {"name": "Ana", "bought": ["12.90 EUR"]}


def test_plugins_are_told_once_per_request(client, shop):
    client.post("/orders/1001")
    client.post("/orders/1002")

    assert shop.told == [["customer", "interaction"], ["interaction"]]
