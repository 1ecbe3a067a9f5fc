"""The conformance suite a plugin author inherits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, ClassVar

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from crmkit import CRM, Customer, Plugin, Unit

    from .fixtures import MakeCRM
    from .subject import Subject


class PluginSuite:
    """
    Everything crmkit asks of a plugin, as tests::

        class TestLoyalty(PluginSuite):
            plugin = "loyalty"  # installed; or a path of a .py file, or a Plugin

            def populate(self, unit, customer):
                loyalty.note(unit, customer.id, customer.name)

    Attributes:
        plugin: What is tested.
        also: Plugins to enable beside it and those it requires, such as one it requires that is not
            installed.
        settings: As in ``crmkit.toml``: settings by plugin name.
        not_applicable: Names of tests to skip, each with the reason, which is shown.
        import_budget_ms: Processor time a first import may take beyond crmkit's own.
    """

    plugin: ClassVar[str | Path | Plugin]
    also: ClassVar[tuple[str | Path | Plugin, ...]] = ()
    settings: ClassVar[Mapping[str, Mapping[str, object]]] = {}
    not_applicable: ClassVar[Mapping[str, str]] = {}
    import_budget_ms: ClassVar[float] = 150

    def populate(self, unit: Unit, customer: Customer) -> None:
        """
        Write what the plugin would hold about *customer*, at least one row in every table.

        Put ``customer.name`` into every free text. The suite calls this for two customers and looks
        for their names in what is exported, and in what erasure leaves behind.
        """

    @pytest.fixture(autouse=True)
    def _opt_out(self, request: pytest.FixtureRequest) -> None:
        tests = [name for name in dir(self) if name.startswith("test_")]
        for name, reason in self.not_applicable.items():
            if name not in tests:
                close = get_close_matches(name, tests, n=1)
                hint = f", did you mean {close[0]!r}?" if close else ""
                pytest.fail(f"not_applicable: the suite has no {name!r}{hint}", pytrace=False)
            if not reason.strip():
                pytest.fail(f"not_applicable: give a reason for {name!r}", pytrace=False)
        asked = request.function.__name__
        if asked in self.not_applicable:
            pytest.skip(f"not applicable: {self.not_applicable[asked]}")

    @pytest.fixture
    def subject(self) -> Subject:
        """The plugin, loaded; fails with the cause when it cannot be."""
        from crmkit import PluginError

        from .subject import subject_of

        try:
            return subject_of(self.plugin, self.also)
        except PluginError as exc:
            pytest.fail(str(exc), pytrace=False)

    @pytest.fixture
    def crm(self, subject: Subject, make_crm: MakeCRM) -> CRM:
        """An upgraded CRM with the plugin and what it requires."""
        return self._open(subject, make_crm)

    def _open(self, subject: Subject, make_crm: MakeCRM, *, enabled: bool = True) -> CRM:
        plugins = (*subject.needs, subject.plugin) if enabled else subject.needs
        names = {each.name for each in plugins}
        settings = {name: each for name, each in self.settings.items() if name in names}
        return make_crm(*plugins, settings=settings)

    def _two_customers(self, crm: CRM) -> tuple[Customer, Customer]:
        from .canary import MARK, OTHER_MARK, marked

        with crm.unit() as unit:
            one, other = unit.customers.add_many([marked(MARK), marked(OTHER_MARK)])
            self.populate(unit, one)
            self.populate(unit, other)
            return unit.customers.get(one.id), unit.customers.get(other.id)

    def test_opens_with_what_it_requires(self, subject: Subject, crm: CRM) -> None:
        assert subject.plugin in crm.plugins
        with crm.unit(write=False):
            pass

    def test_says_what_it_is_for(self, subject: Subject) -> None:
        if not subject.plugin.summary.strip():
            _refuse([f"Plugin(name={subject.plugin.name!r}) has no summary; write one line"])

    def test_hooks_match_their_specs(self, subject: Subject) -> None:
        from .signatures import hook_findings

        _refuse(hook_findings(subject))

    def test_imports_only_what_is_public(self, subject: Subject) -> None:
        from .borders import private_imports

        _refuse(private_imports(subject))

    def test_importing_it_does_nothing_else(
        self, subject: Subject, record_property: object
    ) -> None:
        from .borders import first_import, import_effects

        if subject.root is None:
            pytest.skip("the manifest is made inside a test; give its path or its installed name")
        found = first_import(subject)
        print(f"first import of {subject.plugin.name}: {found.cpu_ms:.0f} ms of processor time")
        assert callable(record_property)
        record_property("first_import_cpu_ms", round(found.cpu_ms))
        _refuse(import_effects(found, self.import_budget_ms))

    def test_tables_carry_its_name(self, subject: Subject) -> None:
        from .tables import unprefixed

        _refuse(unprefixed(subject))

    def test_columns_mean_the_same_on_every_database(self, subject: Subject) -> None:
        from .tables import unportable

        _refuse(unportable(subject))

    def test_customer_columns_are_foreign_keys(self, subject: Subject) -> None:
        from .tables import untied

        _refuse(untied(subject))

    def test_customer_data_has_export_and_erase(self, subject: Subject) -> None:
        from .tables import unanswerable

        _refuse(unanswerable(subject))

    def test_revisions_form_a_line(self, subject: Subject) -> None:
        from .revisions import line_findings

        _refuse(line_findings(subject))

    def test_revisions_import_no_live_code(self, subject: Subject) -> None:
        from .revisions import live_imports

        _refuse(live_imports(subject))

    def test_migrations_make_the_declared_tables(self, subject: Subject, crm: CRM) -> None:
        from .revisions import schema_findings

        _refuse(schema_findings(subject, crm))

    def test_upgrading_twice_changes_nothing(self, crm: CRM) -> None:
        from .revisions import schema_of

        before = schema_of(crm)
        assert crm.upgrade() == []
        assert schema_of(crm) == before

    def test_upgrades_from_every_older_revision(self, subject: Subject, database: str) -> None:
        from crmkit import CRM

        from .revisions import owner_of, schema_findings, upgrade_one_by_one

        owner = owner_of(subject)
        if owner is None or len(owner.revisions) < 2:
            pytest.skip("has no older revision")
        crm = CRM.open(database, (*subject.needs, subject.plugin), settings=self.settings)
        try:
            upgrade_one_by_one(owner, crm)
            _refuse(schema_findings(subject, crm))
        finally:
            crm.close()

    def test_data_outlives_being_disabled(self, subject: Subject, make_crm: MakeCRM) -> None:
        from crmkit import Customer

        from .canary import rows_of

        crm = self._open(subject, make_crm)
        self._two_customers(crm)
        with crm.unit(write=False) as unit:
            before = rows_of(unit, subject)
        without = self._open(subject, make_crm, enabled=False)
        with without.unit() as unit:
            unit.customers.add(Customer(name="Meanwhile"))
        again = self._open(subject, make_crm)
        with again.unit(write=False) as unit:
            assert rows_of(unit, subject) == before

    def test_populate_reaches_every_customer_table(self, subject: Subject, crm: CRM) -> None:
        from .canary import rows_of, unplanted

        one, _ = self._two_customers(crm)
        with crm.unit(write=False) as unit:
            _refuse(unplanted(subject, rows_of(unit, subject), one))

    def test_export_tells_what_is_held(self, subject: Subject, crm: CRM) -> None:
        from .canary import export_findings, rows_of

        one, _ = self._two_customers(crm)
        with crm.unit(write=False) as unit:
            _refuse(export_findings(unit, subject, rows_of(unit, subject), one))

    def test_erasure_leaves_nothing(self, subject: Subject, crm: CRM) -> None:
        from .canary import MARK, erase_findings, rows_about, rows_of

        one, other = self._two_customers(crm)
        with crm.unit(write=False) as unit:
            before = rows_of(unit, subject)
        with crm.unit() as unit:
            touched = unit.customers.erase([one.id])
        with crm.unit(write=False) as unit:
            after = rows_of(unit, subject)
        _refuse(erase_findings(before, after, one, other))
        if rows_about(before, one, MARK) and not touched.get(subject.plugin.name):
            _refuse(["crmkit_erase returns no count; return how many rows it touched"])

    def test_contributed_queries_run(self, subject: Subject, crm: CRM) -> None:
        from .contributions import query_findings

        self._two_customers(crm)
        with crm.unit(write=False) as unit:
            _refuse(query_findings(unit, subject))

    def test_contributed_queries_mean_the_same_on_duckdb(self, subject: Subject, crm: CRM) -> None:
        pytest.importorskip("duckdb", reason="pip install duckdb")
        from .contributions import engine_findings

        self._two_customers(crm)
        with crm.unit(write=False) as unit:
            _refuse(engine_findings(unit, subject))


def _refuse(findings: Iterable[str]) -> None:
    found = list(findings)
    if found:
        pytest.fail("\n".join(found), pytrace=False)
