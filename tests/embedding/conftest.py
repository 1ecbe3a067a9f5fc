"""A shop that owns its tables, its engine and its sessions, with crmkit beside it."""

from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker

from crmkit import CRM, Customer, Identity, Interaction, Money, Plugin, hookimpl


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "shop_order"

    number: Mapped[str] = mapped_column(primary_key=True)
    total_cents: Mapped[int]


class Recorder:
    """A plugin that remembers what it was told after a commit, and may refuse a save."""

    def __init__(self):
        self.told = []
        self.plugin = Plugin(name="recorder", summary="Remembers commits", hooks=self)

    @hookimpl
    def crmkit_committed(self, crm, changes):
        self.told.append([each.noun for each in changes])


def remember(unit, number, total_cents, currency="EUR"):
    """What the shop tells crmkit about an order."""
    (buyer,) = unit.customers.upsert_many(
        [Customer(name="Ana", identities=(Identity("shop", "42"),))]
    )
    unit.interactions.add(
        Interaction(
            customer_id=buyer.id,
            kind="purchase.order",
            at=unit.now,
            amount=Money(total_cents, currency),
            source="shop",
            source_key=number,
        )
    )


@pytest.fixture
def shop(database):
    """The host's engine, sessions and CRM, and how to count both sides' rows."""
    engine = sa.create_engine(database)
    Base.metadata.create_all(engine)
    recorder = Recorder()
    crm = CRM.open(engine, [recorder.plugin], strict=True)
    crm.upgrade()

    def counts():
        with engine.connect() as connection:
            return tuple(
                connection.execute(sa.text(f"SELECT count(*) FROM {name}")).scalar()
                for name in ("shop_order", "crm_customer", "crm_interaction")
            )

    yield SimpleNamespace(
        engine=engine,
        sessions=sessionmaker(engine),
        crm=crm,
        told=recorder.told,
        counts=counts,
        Order=Order,
        remember=remember,
    )
    engine.dispose()
