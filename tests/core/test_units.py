"""Units of work: what commits together, who did it, and when."""

import threading
from datetime import UTC, datetime, timedelta

import attrs
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crmkit import (
    CRM,
    ConfigError,
    Customer,
    DatabaseReadOnlyError,
    HookFailedError,
    Interaction,
    MigrationsPendingError,
    Offer,
    Plugin,
    PluginError,
    RecordNotFoundError,
    hookimpl,
)


def names(crm):
    with crm.unit(write=False) as unit:
        return [each.name for each in unit.customers.page()]


def test_a_unit_commits_all_or_nothing(make_crm):
    crm = make_crm()
    with crm.unit() as unit:
        unit.customers.add(Customer(name="kept"))
    with pytest.raises(KeyboardInterrupt), crm.unit() as unit:  # noqa: PT012
        unit.customers.add(Customer(name="lost"))
        raise KeyboardInterrupt
    assert names(crm) == ["kept"]


def test_a_reading_unit_refuses_to_write(ana):
    with pytest.raises(DatabaseReadOnlyError, match="read-only; nothing was written"):
        with ana.unit(write=False) as unit:
            unit.customers.add(Customer(name="no"))
    with pytest.raises(DatabaseReadOnlyError), ana.unit(write=False) as unit:
        unit.connection.execute(sa.text("DELETE FROM crm_identity"))
    with ana.unit() as unit:
        unit.customers.add(Customer(name="yes"))
    assert names(ana) == ["Ana Kowalska", "yes"]


def test_the_actor_and_the_instant_are_written_with_the_change(ana, clock):
    clock.move(hours=1)
    with ana.unit(actor="bo@example.com") as unit:
        clock.move(hours=1)
        assert unit.now == datetime(2026, 1, 5, 10, tzinfo=UTC)
        assert unit.actor == "bo@example.com"
        unit.customers.save(unit.customers.get(1))
    with ana.unit() as unit:
        assert unit.actor == "test"
        row = unit.connection.execute(
            sa.text("SELECT changed_by, changed_at FROM crm_customer")
        ).one()
        assert row[0] == "bo@example.com"
        assert unit.read_instant(row[1]) == datetime(2026, 1, 5, 10, tzinfo=UTC)
    assert ana.run(lambda unit: unit.actor, actor="cron") == "cron"


def test_work_before_the_upgrade_is_refused(database):
    crm = CRM.open(database)
    with pytest.raises(MigrationsPendingError, match=r"behind for core; run `crmkit db upgrade`"):
        with crm.unit():
            pass
    crm.upgrade()
    with crm.unit() as unit:
        assert unit.customers.page() == []
    crm.close()


def test_two_crms_in_one_process_share_nothing(tmp_path):
    told = []

    class Telling:
        @hookimpl
        def crmkit_committed(self, crm, changes):
            told.append(crm.actor)

    one = CRM.open(
        f"sqlite:///{tmp_path}/one.db", [Plugin(name="t", summary="", hooks=Telling())], actor="1"
    )
    two = CRM.open(f"sqlite:///{tmp_path}/two.db", actor="2")
    for crm in (one, two):
        crm.upgrade()
        with crm.unit() as unit:
            unit.customers.add(Customer(name=crm.actor))
    assert (names(one), names(two), told) == (["1"], ["2"], ["1"])
    assert two.plugins == ()
    one.close()
    two.close()


def test_a_crm_lives_in_memory_too():
    crm = CRM.open("sqlite:///:memory:")
    crm.upgrade()
    with crm.unit() as unit:
        unit.customers.add(Customer(name="here"))
    assert names(crm) == ["here"]
    crm.close()


class Copying:
    """Writes an interaction for every customer, and an offer for every interaction."""

    @hookimpl
    def crmkit_saved(self, unit, changes):
        if changes.noun == "customer":
            unit.interactions.add_many(
                Interaction(customer_id=each, kind="note.heard", at=unit.now)
                for each in changes.ids
            )
        if changes.noun == "interaction":
            unit.offers.add_many(
                Offer(customer_id=each.customer_id, what="tea") for each in changes.after
            )


def test_a_hook_may_write_what_makes_other_hooks_write(make_crm):
    crm = make_crm(Plugin(name="copying", summary="", hooks=Copying()))
    with crm.unit() as unit:
        unit.customers.add_many([Customer(name="A"), Customer(name="B")])
        assert [each.noun for each in unit.changes] == ["customer", "interaction", "offer"]
        assert len(unit.offers.of(2)) == 1


def test_a_hook_that_makes_itself_write_forever_is_stopped_and_named(make_crm):
    class Endless:
        @hookimpl
        def crmkit_saved(self, unit, changes):
            unit.customers.add(Customer(name="again"))

    crm = make_crm(Plugin(name="endless", summary="", hooks=Endless()))
    with pytest.raises(PluginError, match="plugin endless: writes that cause writes, 5 deep"):
        with crm.unit() as unit:
            unit.customers.add(Customer(name="first"))
    assert names(crm) == []


@pytest.fixture
def host(make_crm):
    """A CRM on the host's own engine, beside a table of the host's."""
    engine = sa.create_engine(make_crm().engine.url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE host_order (id INTEGER)")
    crm = CRM.open(engine)
    yield crm
    crm.close()


def orders(crm):
    with crm.engine.connect() as connection:
        return connection.execute(sa.text("SELECT id FROM host_order")).scalars().all()


def test_a_joined_unit_commits_with_the_host(host):
    with host.engine.connect() as connection:
        connection.execute(sa.text("INSERT INTO host_order VALUES (1)"))
        with host.unit(connection=connection) as unit:
            unit.customers.add(Customer(name="A"))
        connection.rollback()
    assert (names(host), orders(host)) == ([], [])
    with host.engine.connect() as connection:
        with host.unit(connection=connection) as unit:
            unit.customers.add(Customer(name="B"))
        connection.execute(sa.text("INSERT INTO host_order VALUES (2)"))
        connection.commit()
    assert (names(host), orders(host)) == (["B"], [2])


def test_the_hosts_rollback_takes_a_unit_that_came_first(host):
    """On SQLite the driver would commit when an outermost savepoint is released."""
    with host.engine.connect() as connection:
        with host.unit(connection=connection) as unit:
            unit.customers.add(Customer(name="A"))
        connection.rollback()
    assert names(host) == []


def test_a_joined_unit_that_fails_leaves_the_hosts_work(host):
    with host.engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO host_order VALUES (1)"))
        with pytest.raises(ZeroDivisionError), host.unit(connection=connection) as unit:  # noqa: PT012
            unit.customers.add(Customer(name="A"))
            1 / 0  # noqa: B018
        connection.execute(sa.text("INSERT INTO host_order VALUES (2)"))
    assert (names(host), orders(host)) == ([], [1, 2])


def test_a_joined_session_tells_of_a_commit_only_when_the_host_commits(host):
    told = []

    class Telling:
        @hookimpl
        def crmkit_committed(self, crm, changes):
            told.append([each.after[0].name for each in changes])

    crm = CRM.open(host.engine, [Plugin(name="t", summary="", hooks=Telling())])
    with Session(host.engine) as session:
        with crm.unit(session=session) as unit:
            unit.customers.add(Customer(name="rolled back"))
        session.rollback()
        session.execute(sa.text("INSERT INTO host_order VALUES (1)"))
        session.commit()
        assert told == []
        with crm.unit(session=session) as unit:
            unit.customers.add(Customer(name="A"))
        assert told == []
        session.commit()
        session.commit()
    assert told == [["A"]]
    assert names(crm) == ["A"]


def test_a_savepoint_of_the_host_is_no_commit(host):
    told = []

    class Telling:
        @hookimpl
        def crmkit_committed(self, crm, changes):
            told.append(names(crm))

    crm = CRM.open(host.engine, [Plugin(name="t", summary="", hooks=Telling())])
    with Session(host.engine) as session:
        with crm.unit(session=session) as unit:
            unit.customers.add(Customer(name="A"))
        with session.begin_nested():
            session.execute(sa.text("INSERT INTO host_order VALUES (1)"))
        assert told == []
        session.commit()
    assert told == [["A"]]


def test_an_unknown_customer_is_refused_also_where_the_host_checks_no_foreign_keys(host, bought):
    with host.engine.begin() as connection:
        with host.unit(connection=connection) as unit:
            unit.customers.add(Customer(name="A"))
            with pytest.raises(RecordNotFoundError, match="no customer 7"):
                unit.interactions.add(bought("a", customer_id=7))
            with pytest.raises(RecordNotFoundError, match="no offer 7"):
                unit.interactions.add(bought("a", offer_id=7))
            with pytest.raises(RecordNotFoundError, match="no customer 7"):
                unit.offers.add(Offer(customer_id=7, what="x"))
            assert unit.interactions.add(bought("a")).id > 0
    with host.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM crm_interaction")).scalar() == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_hosts_settings_are_as_before_after_a_unit(host):
    with host.unit(write=False):
        pass
    with host.unit() as unit:
        assert unit.enforces_foreign_keys
    with host.engine.connect() as connection:
        for name in ("foreign_keys", "query_only"):
            assert connection.exec_driver_sql(f"PRAGMA {name}").scalar() == 0


def test_an_engine_of_another_driver_is_refused():
    engine = sa.create_engine("postgresql+psycopg://")
    engine.dialect.driver = "psycopg2"
    with pytest.raises(ConfigError, match=r"'postgresql\+psycopg2': crmkit works through sqlite"):
        CRM.open(engine)


class Counter:
    """Adds one to the number in customer 1's name, as an application would."""

    def __init__(self, crm):
        self.crm, self.tries, self.failures = crm, 0, []

    def once(self, unit):
        self.tries += 1
        known = unit.customers.get(1)
        unit.customers.save(attrs.evolve(known, name=str(int(known.name) + 1)))

    def many(self, times):
        try:
            for _ in range(times):
                self.crm.run(self.once)
        except Exception as exc:
            self.failures.append(exc)


def test_run_loses_no_update_between_threads(make_crm):
    crm = make_crm()
    with crm.unit() as unit:
        unit.customers.add(Customer(name="0"))
    counter = Counter(crm)
    threads = [threading.Thread(target=counter.many, args=(15,)) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert counter.failures == []
    assert names(crm) == ["45"]
    assert crm.run(lambda unit: unit.customers.get(1).version) == 46


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_run_tries_again_when_postgresql_gives_the_transaction_up(make_crm):
    """Two units read before either writes; the second to commit is refused once and run again."""
    in_hook = []

    class Reading:
        @hookimpl
        def crmkit_saving(self, unit, changes):
            if changes.noun == "customer" and changes.before and in_hook:
                unit.connection.execute(sa.text("UPDATE crm_customer SET locale = 'pl'"))

    crm = make_crm(Plugin(name="reading", summary="", hooks=Reading()))
    with crm.unit() as unit:
        unit.customers.add(Customer(name="0"))
    for each in (False, True):
        in_hook[:] = [each] * each
        both_read, counter = threading.Barrier(2), Counter(crm)

        def work(unit, both_read=both_read, counter=counter):
            unit.customers.get(1)
            if counter.tries < 2:
                counter.tries += 1
                both_read.wait(5)
            return counter.once(unit)

        threads = [threading.Thread(target=lambda w=work: crm.run(w)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert counter.tries == 2 + 3
    assert names(crm) == ["4"]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_run_gives_up_after_six_attempts_and_never_retries_a_mistake(make_crm):
    crm = make_crm()
    tries = []

    def clash(unit):
        tries.append(1)
        unit.connection.execute(sa.text("DO $$ BEGIN RAISE serialization_failure; END $$"))

    with pytest.raises(sa.exc.OperationalError):
        crm.run(clash)
    assert len(tries) == 6
    with pytest.raises(ZeroDivisionError):
        crm.run(lambda unit: tries.append(1) or 1 / 0)
    assert len(tries) == 7


def test_a_database_failure_inside_a_hook_is_said_in_plain_words(make_crm):
    class Writing:
        @hookimpl
        def crmkit_propose_offers(self, unit, customers):
            unit.connection.execute(sa.text("INSERT INTO crm_text_queue VALUES (1)"))

    from crmkit import ask

    crm = make_crm(Plugin(name="writing", summary="", hooks=Writing()))
    with pytest.raises(DatabaseReadOnlyError), crm.unit(write=False) as unit:
        ask.propose_offers(unit, [])
    with pytest.raises(HookFailedError, match=r"plugin wrong: .*no_such_table"):  # noqa: PT012
        crm = make_crm(Plugin(name="wrong", summary="", hooks=Wrong()))
        with crm.unit(write=False) as unit:
            ask.propose_offers(unit, [])


class Wrong:
    @hookimpl
    def crmkit_propose_offers(self, unit, customers):
        unit.connection.execute(sa.text("DELETE FROM no_such_table"))


def test_other_errors_that_sound_alike_are_left_alone(ana):
    with pytest.raises(OSError, match="connection failed"), ana.unit():
        raise OSError("connection failed: the database is locked on the other side")


def test_ids_for_rows_of_plugins_are_never_given_twice(ana):
    from crmkit.database.schema import sequence

    with ana.unit() as unit:
        first = list(unit.new_ids(sequence, 3))
        second = list(unit.new_ids(sequence, 2))
        assert len({*first, *second}) == 5
        assert list(unit.new_ids(sequence, 0)) == []


def test_the_clock_is_injected_and_aware(make_crm, clock):
    crm = make_crm()
    with crm.unit() as unit:
        assert unit.now == clock.now
        assert unit.now.utcoffset() == timedelta(0)
