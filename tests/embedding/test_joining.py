"""Joining a host's connection or session, seen from crmkit's side."""

import pytest
import sqlalchemy as sa

from crmkit import CRM, Customer, Interaction, RecordNotFoundError


def test_what_was_rolled_back_is_not_told_by_a_later_commit(shop):
    session = shop.sessions()
    with shop.crm.unit(session=session) as unit:
        shop.remember(unit, "1001", 1290)
    session.rollback()
    session.add(shop.Order(number="1002", total_cents=1))
    session.commit()
    session.close()

    assert shop.told == []
    assert shop.counts() == (1, 0, 0)


def test_two_units_of_one_session_are_told_after_its_commit(shop):
    with shop.sessions.begin() as session:
        for number in ("1001", "1002"):
            with shop.crm.unit(session=session) as unit:
                shop.remember(unit, number, 1290)
        assert shop.told == []

    assert sorted(shop.told) == [["customer", "interaction"], ["interaction"]]


def test_a_session_used_again_tells_each_commit_once(shop):
    session = shop.sessions()
    for number in ("1001", "1002"):
        with shop.crm.unit(session=session) as unit:
            shop.remember(unit, number, 1290)
        session.commit()
    session.close()

    assert shop.told == [["customer", "interaction"], ["interaction"]]


def test_a_connection_of_the_host_decides(shop):
    for finish in ("rollback", "commit"):
        with shop.engine.connect() as connection:
            with shop.crm.unit(connection=connection) as unit:
                shop.remember(unit, "1001", 1290)
            getattr(connection, finish)()

    assert shop.counts() == (0, 1, 1)


def test_the_host_reads_what_it_has_not_committed_yet(shop):
    with shop.engine.connect() as connection:
        with shop.crm.unit(connection=connection) as unit:
            shop.remember(unit, "1001", 1290)
        count = connection.execute(sa.text("SELECT count(*) FROM crm_interaction")).scalar()
        connection.rollback()

    assert count == 1
    assert shop.counts() == (0, 0, 0)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_engine_that_ignores_foreign_keys_gets_no_lost_rows(shop):
    with shop.engine.connect() as connection:
        assert connection.execute(sa.text("PRAGMA foreign_keys")).scalar() == 0
    for joining in (False, True):
        with (
            shop.engine.connect() as connection,
            shop.crm.unit(connection=connection if joining else None) as unit,
        ):
            lost = Interaction(customer_id=99, kind="purchase.order", at=unit.now)
            with pytest.raises(RecordNotFoundError):
                unit.interactions.add(lost)
    with shop.engine.connect() as connection:
        assert connection.execute(sa.text("PRAGMA foreign_keys")).scalar() == 0
    assert shop.counts() == (0, 0, 0)


def test_a_session_on_another_database_is_the_hosts_to_choose(shop, tmp_path):
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'other.db'}")
    other = CRM.open(engine)
    other.upgrade()
    with shop.sessions.begin() as session, other.unit() as unit:
        session.add(shop.Order(number="1", total_cents=1))
        unit.customers.add(Customer(name="Elsewhere"))
    engine.dispose()

    assert shop.counts() == (1, 0, 0)
