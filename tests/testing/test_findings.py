"""Every finding of PluginSuite, seen on a plugin that deserves it."""

import sys
import textwrap
from types import SimpleNamespace

import attrs
import pytest
import sqlalchemy as sa

from crmkit import CRM, Customer, Plugin, hookimpl
from crmkit.sql import Count, Id, Text, customer_ref, plugin_metadata, table
from crmkit.testing import borders, canary, contributions, revisions, signatures, tables
from crmkit.testing.subject import Subject, subject_of

HEAD = "import sys\nimport crmkit\nfrom crmkit import Plugin, hookimpl\n"
TAIL = "\nplugin = Plugin(name={name!r}, summary='s', hooks=sys.modules[__name__]{more})\n"


@pytest.fixture
def written(tmp_path):
    """Write a single-file plugin and load it as the suite does."""

    def write(name, code="", more=""):
        path = tmp_path / f"{name}.py"
        path.write_text(HEAD + textwrap.dedent(code) + TAIL.format(name=name, more=more))
        return subject_of(path)

    yield write
    for name in [name for name in sys.modules if name.startswith("crmkit_file_")]:
        del sys.modules[name]


@pytest.fixture
def packaged(tmp_path, monkeypatch):
    """Write a package with a table and a migration, and load it by its folder."""

    def write(name, *, tables="", revisions=None, hooks="", **files):
        folder = tmp_path / name
        (folder / "migrations").mkdir(parents=True)
        (folder / "tables.py").write_text(TABLES + textwrap.dedent(tables))
        (folder / "hooks.py").write_text("from crmkit import hookimpl\n" + textwrap.dedent(hooks))
        (folder / "__init__.py").write_text(
            "from pathlib import Path\nfrom crmkit import Plugin\nfrom . import hooks, tables\n"
            f"plugin = Plugin(name={name!r}, summary='s', hooks=hooks, metadata=tables.metadata,"
            " migrations=Path(__file__).parent / 'migrations')\n"
        )
        for revision, text in (revisions or {}).items():
            (folder / "migrations" / f"{revision}.py").write_text(textwrap.dedent(text))
        for other, text in files.items():
            (folder / f"{other}.py").write_text(textwrap.dedent(text))
        monkeypatch.syspath_prepend(tmp_path)
        module = __import__(name)
        return Subject(plugin=module.plugin, needs=(), module=name, root=folder)

    yield write
    for name in [name for name in sys.modules if name.partition(".")[0] in PACKAGES]:
        del sys.modules[name]


PACKAGES = {"punch", "stamps"}
TABLES = """
import sqlalchemy as sa
from crmkit.sql import *
metadata = plugin_metadata()
"""
STAMP_TABLE = """
stamp = table("stamps_stamp", metadata, sa.Column("id", Id, primary_key=True),
    customer_ref(), sa.Column("note", Text, nullable=False))
"""
STAMP_REVISION = """
import sqlalchemy as sa
from alembic import op
from crmkit.sql import *
revision = "0001_initial"
down_revision = None
def upgrade() -> None:
    op.create_table("stamps_stamp", sa.Column("id", Id, primary_key=True),
        sa.Column("customer_id", Id, sa.ForeignKey("crm_customer.id"), nullable=False),
        sa.Column("note", Text, nullable=False), **STRICT)
    op.create_index("ix_stamps_stamp_customer_id", "stamps_stamp", ["customer_id"])
"""


def plugin_of(*hooks, metadata=None):
    named = SimpleNamespace(**{hook.__name__: hook for hook in hooks})
    return Plugin(name="punch", summary="s", hooks=named, metadata=metadata)


def subject(*hooks, metadata=None):
    return Subject(plugin=plugin_of(*hooks, metadata=metadata), needs=())


class TestHooks:
    def test_an_unknown_name_is_told_with_the_nearest(self, written):
        found = written("punch", "@hookimpl\ndef crmkit_savd(unit, changes): ...")

        assert [*signatures.hook_findings(found)] == [
            "there is no hook crmkit_savd, did you mean 'crmkit_saved'?; rename or remove it"
        ]

    def test_a_forgotten_marker_is_told(self, written):
        found = written("punch", "def crmkit_saved(unit, changes): ...")

        assert [*signatures.hook_findings(found)] == [
            "crmkit_saved lacks @hookimpl; put it above the function"
        ]

    def test_wrong_arguments_defaults_and_annotations_are_told(self, written):
        found = written(
            "punch",
            """
            @hookimpl
            def crmkit_saved(unit: crmkit.Unit, change: crmkit.Changes) -> None: ...

            @hookimpl
            def crmkit_erase(unit: "Unit", customer_ids: list[int] = ()) -> int: ...

            @hookimpl
            def crmkit_diagnose(unit) -> list[str]: ...
            """,
        )

        assert [*signatures.hook_findings(found)] == [
            "crmkit_diagnose: annotate unit as Unit, not nothing",
            "crmkit_diagnose: annotate the result as Iterable[Finding], not list[str]",
            "crmkit_erase: customer_ids has a default; remove it, it is always given",
            "crmkit_erase: annotate customer_ids as Sequence[int], not list[int]",
            "crmkit_saved takes 'change', but is given unit, changes; rename or remove it",
        ]

    def test_wrappers_and_coroutines_are_told(self):
        @hookimpl(wrapper=True)
        def crmkit_saved() -> None:
            yield

        @hookimpl
        async def crmkit_erase() -> int: ...

        assert [*signatures.hook_findings(subject(crmkit_saved, crmkit_erase))] == [
            "crmkit_erase is async; make it a plain function",
            "crmkit_saved is a wrapper; make it a plain @hookimpl",
        ]

    def test_narrower_results_are_fine(self, written):
        found = written(
            "punch",
            """
            @hookimpl
            def crmkit_diagnose(unit: crmkit.Unit) -> list[crmkit.Finding]: ...
            @hookimpl
            def crmkit_scorers() -> "tuple[Scorer, ...]": ...
            @hookimpl
            def crmkit_saving(unit: crmkit.Unit, changes: crmkit.Changes) -> None: ...
            """,
        )

        assert [*signatures.hook_findings(found)] == []


class TestImports:
    def test_private_modules_are_told_with_file_and_line(self, packaged):
        found = packaged(
            "punch",
            actions="from crmkit.core.unit import Unit\nfrom crmkit import core\n",
            queries="def f():\n    import click\n",
            scoring="from crmkit.plugins.foundation.consent import grant\n",
            cli="import click\nfrom crmkit.cli import say\nfrom . import hooks\n",
        )

        told = [*borders.private_imports(found)]

        assert told == [
            (
                "actions.py:1 imports crmkit.core.unit.Unit; "
                "use crmkit, crmkit.sql, crmkit.ask, crmkit.svg, crmkit.pdf, crmkit.intervals, "
                "crmkit.tokens or, in cli.py, crmkit.cli"
            ),
            (
                "actions.py:2 imports crmkit.core; "
                "use crmkit, crmkit.sql, crmkit.ask, crmkit.svg, crmkit.pdf, crmkit.intervals, "
                "crmkit.tokens or, in cli.py, crmkit.cli"
            ),
            "queries.py:2 imports click; move what needs it to cli.py",
            (
                "scoring.py:1 imports crmkit.plugins.foundation.consent.grant; "
                "name that plugin in `requires`, then import the root of its package"
            ),
        ]

    def test_what_is_extended_is_imported_inside_functions_only(self, packaged):
        found = packaged(
            "punch",
            queries="from crmkit.plugins.foundation import consent\n",
            actions="def f():\n    from crmkit.plugins.foundation import consent\n",
        )
        plugin = attrs.evolve(found.plugin, extends=("consent",))
        found = attrs.evolve(found, plugin=plugin)
        assert [*borders.private_imports(found)] == [
            (
                "queries.py:1 imports crmkit.plugins.foundation.consent; "
                "import what you extend inside the function that needs it"
            )
        ]

    @pytest.mark.parametrize(
        ("code", "told"),
        [
            ("open('left', 'w').close()", "opens left for writing; do it in a hook or a command"),
            ("import os; os.environ['X'] = '1'", "calls os.putenv"),
            ("import subprocess; subprocess.run(['true'])", "calls subprocess.Popen"),
            (
                (
                    "import socket; s = socket.socket()\n"
                    "try: s.connect(('127.0.0.1', 9))\nexcept OSError: pass"
                ),
                "calls socket.connect",
            ),
            ("print('hello')", "prints 'hello'; print in commands only"),
            ("import logging; logging.basicConfig()", "changes the root logger"),
            ("import threading; threading.Timer(0.05, int).start()", "changes the threads"),
            ("import click", "imports click; let only cli.py import it"),
        ],
    )
    def test_what_importing_does_is_told(self, written, code, told, monkeypatch, tmp_path):
        monkeypatch.chdir(tmp_path)
        name = "punch"
        path = tmp_path / f"{name}.py"
        path.write_text(HEAD + code + TAIL.format(name=name, more=""))
        found = Subject(plugin=plugin_of(), needs=(), module="crmkit_file_punch", root=path)

        effects = [*borders.import_effects(borders.first_import(found), budget_ms=1000)]

        assert any(told in each for each in effects), effects

    def test_a_plugin_that_ends_the_process_is_told(self, tmp_path):
        path = tmp_path / "punch.py"
        path.write_text("import os; os._exit(3)")
        found = Subject(plugin=plugin_of(), needs=(), module="crmkit_file_punch", root=path)

        assert borders.first_import(found).effects == ("ends the process with exit code 3",)

    def test_a_slow_import_is_told_with_what_it_brought(self, written):
        found = written("punch", "x = sum(range(3_000_000))")

        (told,) = borders.import_effects(borders.first_import(found), budget_ms=1)

        assert "ms of processor time, more than 1 ms; import what is heavy inside" in told

    def test_a_quiet_plugin_has_no_effects(self, written):
        seen = borders.first_import(written("punch"))

        assert (seen.effects, seen.printed, seen.libraries) == ((), "", ())


class TestTables:
    def test_unprefixed_tables_are_told(self):
        metadata = plugin_metadata()
        table("ticket", metadata, sa.Column("id", Id, primary_key=True))

        assert [*tables.unprefixed(subject(metadata=metadata))] == [
            "table ticket lacks the prefix of its plugin; name it punch_ticket"
        ]

    def test_types_of_other_libraries_are_told(self):
        metadata = plugin_metadata()
        table(
            "punch_card", metadata, sa.Column("id", Id, primary_key=True), sa.Column("x", sa.Float)
        )

        assert [*tables.unportable(subject(metadata=metadata))] == [
            (
                "punch_card.x is FLOAT and FLOAT; "
                "use one of crmkit.sql: Id or Count, Text, Real, Flag, Instant, Json"
            )
        ]

    def test_customer_columns_without_foreign_key_are_told(self):
        metadata = plugin_metadata()
        table("punch_card", metadata, sa.Column("customer_id", Count, primary_key=True))

        assert [*tables.untied(subject(metadata=metadata))] == [
            "punch_card.customer_id has no foreign key; make it with customer_ref()"
        ]

    def test_missing_export_and_erase_are_told(self):
        metadata = plugin_metadata()
        table("punch_card", metadata, customer_ref(primary_key=True))

        assert [*tables.unanswerable(subject(metadata=metadata))] == [
            "punch_card: these hold customers' data; implement crmkit_export",
            "punch_card: these hold customers' data; implement crmkit_erase",
        ]


class TestRevisions:
    def test_tables_without_migrations_are_told(self):
        metadata = plugin_metadata()
        table("punch_card", metadata, sa.Column("note", Text, primary_key=True))

        assert [*revisions.line_findings(subject(metadata=metadata))] == [
            "the plugin has tables but no migrations; add migrations/0001_initial.py"
        ]

    def test_names_and_order_are_told(self, packaged):
        found = packaged(
            "stamps",
            tables=STAMP_TABLE,
            revisions={
                "0001_initial": STAMP_REVISION,
                "0002_more": "revision = '0002_other'\ndown_revision = '0000_none'\n",
                "initial": "",
            },
        )

        assert [*revisions.line_findings(found)] == [
            "0002_more.py: set revision = '0002_more'",
            "0002_more.py: set down_revision = '0001_initial', the file before it",
            "0002_more.py: define upgrade()",
            "initial.py: name it NNNN_what_changes.py, or crmkit does not see it",
        ]

    def test_live_code_in_a_revision_is_told(self, packaged):
        live = (
            "from stamps.tables import stamp\nfrom crmkit.database import schema\n" + STAMP_REVISION
        )
        found = packaged("stamps", tables=STAMP_TABLE, revisions={"0001_initial": live})

        told = [*revisions.live_imports(found)]

        assert [each.partition(";")[0] for each in told] == [
            "0001_initial.py:1 imports stamps.tables.stamp",
            "0001_initial.py:2 imports crmkit.database.schema",
        ]

    def test_drift_is_told_on_both_databases(self, packaged, make_crm):
        drifted = STAMP_TABLE.replace('"note", Text', '"note", Count') + (
            'stamp.append_column(sa.Column("extra", Text))\n'
        )
        found = packaged("stamps", tables=drifted, revisions={"0001_initial": STAMP_REVISION})

        told = "\n".join(revisions.schema_findings(found, make_crm(found.plugin)))

        assert "migrations and tables.py differ: ('add_column', None, 'stamps_stamp'" in told
        assert "modify_type" in told

    def test_undeclared_tables_are_told(self, packaged, make_crm):
        more = '    op.create_table("leftover", sa.Column("id", Id, primary_key=True), **STRICT)\n'
        found = packaged(
            "stamps", tables=STAMP_TABLE, revisions={"0001_initial": STAMP_REVISION + more}
        )

        assert [*revisions.schema_findings(found, make_crm(found.plugin))] == [
            "a migration makes leftover, which tables.py does not declare"
        ]

    @pytest.mark.parametrize("database", ["sqlite"], indirect=True)
    def test_lax_tables_are_told(self, packaged, make_crm):
        lax = STAMP_REVISION.replace(", **STRICT", "")
        found = packaged("stamps", tables=STAMP_TABLE, revisions={"0001_initial": lax})

        (told,) = revisions.schema_findings(found, make_crm(found.plugin))

        assert told.startswith("stamps_stamp is not STRICT on SQLite; use crmkit.sql.table()")

    def test_a_second_revision_is_reached_from_the_first(self, packaged, database):
        second = """
            import sqlalchemy as sa
            from alembic import op
            from crmkit.sql import Text
            revision = "0002_place"
            down_revision = "0001_initial"
            def upgrade():
                op.add_column("stamps_stamp", sa.Column("place", Text))
        """
        found = packaged(
            "stamps",
            tables=STAMP_TABLE + 'stamp.append_column(sa.Column("place", Text))\n',
            revisions={"0001_initial": STAMP_REVISION, "0002_place": second},
        )
        crm = CRM.open(database, [found.plugin], strict=True)

        revisions.upgrade_one_by_one(revisions.owner_of(found), crm)

        assert [*revisions.schema_findings(found, crm)] == []
        crm.close()


FORGETFUL = """
from collections.abc import Mapping, Sequence
from crmkit import Unit
from . import tables
@hookimpl
def crmkit_export(unit: Unit, customer_ids: Sequence[int]) -> Mapping[int, Mapping[str, object]]:
    return {export}
@hookimpl
def crmkit_erase(unit: Unit, customer_ids: Sequence[int]) -> int:
    return {erase}
"""
EVERYONE = "unit.connection.execute(tables.stamp.delete()).rowcount"


class TestPersonalData:
    @pytest.fixture
    def planted(self, packaged, make_crm):
        """A plugin whose export and erase are the given expressions, with two customers' rows."""

        def plant(export="{}", erase="0"):
            found = packaged(
                "stamps",
                tables=STAMP_TABLE,
                revisions={"0001_initial": STAMP_REVISION},
                hooks=FORGETFUL.replace("{export}", export).replace("{erase}", erase),
            )
            crm = make_crm(found.plugin)
            (stamp,) = found.plugin.metadata.tables.values()
            with crm.unit() as unit:
                people = unit.customers.add_many(map(canary.marked, canary.PHONES))
                for each in people:
                    row = {"id": each.id, "customer_id": each.id, "note": f"met {each.name}"}
                    unit.connection.execute(stamp.insert(), row)
            return found, crm, people

        return plant

    def erased(self, found, crm, people):
        with crm.unit() as unit:
            before = canary.rows_of(unit, found)
            unit.customers.erase([people[0].id])
            after = canary.rows_of(unit, found)
        return [*canary.erase_findings(before, after, *people)]

    def exported(self, found, crm, people):
        with crm.unit(write=False) as unit:
            rows = canary.rows_of(unit, found)
            return [*canary.export_findings(unit, found, rows, people[0])]

    def test_what_erasure_leaves_is_told(self, planted):
        assert self.erased(*planted(erase="1")) == [
            (
                "after erasure stamps_stamp.note still names the customer; "
                "delete or blank it in crmkit_erase"
            )
        ]

    def test_erasing_somebody_else_is_told(self, planted):
        assert self.erased(*planted(erase=EVERYONE)) == [
            "erasure of customer 1 changes rows of another one in stamps_stamp"
        ]

    def test_an_export_of_nothing_is_told(self, planted):
        assert self.exported(*planted(export="{}")) == [
            "crmkit_export returns nothing, yet stamps_stamp hold rows of the customer"
        ]

    def test_an_export_without_the_texts_is_told(self, planted):
        assert self.exported(*planted(export="{i: {'stamps': 1} for i in customer_ids}")) == [
            "crmkit_export leaves out the texts that stamps_stamp holds about the customer"
        ]

    def test_an_export_of_somebody_else_is_told(self, planted):
        export = "{i: {'n': ['Quillby Canary', 'Osprey Canary']} for i in customer_ids}"

        assert self.exported(*planted(export=export)) == [
            "crmkit_export returns another customer's data; filter by customer_ids"
        ]

    def test_an_export_json_cannot_hold_is_told(self, planted):
        (told,) = self.exported(*planted(export="{i: {'at': unit.now} for i in customer_ids}"))

        assert told.startswith("crmkit_export returns what JSON cannot hold (Object of type date")

    def test_a_populate_that_forgets_a_table_is_told(self, planted):
        found, crm, people = planted()
        with crm.unit() as unit:
            unit.connection.execute(next(iter(found.plugin.metadata.tables.values())).delete())
            told = [*canary.unplanted(found, canary.rows_of(unit, found), people[0])]

        assert told == [
            (
                "populate() leaves stamps_stamp without a row about the customer; override it so "
                "that every table with customers' data gets one"
            )
        ]

    def test_a_telephone_number_is_found_however_it_is_written(self):
        assert canary.shows("call 01632-960417 now, +441632960417", "quillby")
        assert not canary.shows(441632960417, "quillby")


class TestContributedQueries:
    def findings(self, written, make_crm, select):
        found = written(
            "punch",
            f"""
            import sqlalchemy as sa
            from crmkit import sql
            c = sql.customer.c

            def members(scope):
                return {select}

            @hookimpl
            def crmkit_segments():
                return [crmkit.Segment(name="punch.all", summary="s", members=members)]
            """,
        )
        crm = make_crm(found.plugin)
        with crm.unit() as unit:
            unit.customers.add_many([Customer(name="A"), Customer(name="B")])
            return [*contributions.query_findings(unit, found)]

    def test_wrong_columns_are_told(self, written, make_crm):
        told = self.findings(written, make_crm, "sa.select(c.id).where(scope.covers(c.id))")

        assert told[0] == (
            "segment punch.all: its first columns are ['id']; make them ['customer_id', 'why']"
        )

    def test_a_scope_that_is_ignored_is_told(self, written, make_crm):
        select = "sa.select(c.id.label('customer_id'), c.name.label('why'))"

        assert self.findings(written, make_crm, select) == [
            "segment punch.all: ignores scope.customers; add scope.covers(...) to its WHERE"
        ]

    def test_a_select_that_fails_is_told(self, written, make_crm):
        told = self.findings(written, make_crm, "sa.select(sa.column('nope'))")

        assert told[0].startswith("segment punch.all: its SELECT fails on ")
