"""PluginSuite as an author meets it: in a test file of their own, run by pytest."""

import re
import sys
import textwrap
from pathlib import Path

import pytest

from crmkit.testing import ChannelSuite, PluginSuite, ScorerSuite

pytest_plugins = ["pytester"]

REGULARS = '''
"""Segment of those who bought three times in ninety days."""
import sys
from collections.abc import Iterable
from datetime import timedelta
import sqlalchemy as sa
from crmkit import Plugin, Scope, Segment, hookimpl
from crmkit.sql import interaction as i

def members(scope: Scope) -> sa.Select:
    recent = (i.c.at >= scope.as_of - timedelta(days=90)) & (i.c.at < scope.as_of)
    why = sa.literal("three purchases in ninety days").label("why")
    bought = sa.select(i.c.customer_id, why).where(i.c.kind == "purchase.order", recent)
    mine = bought.where(scope.covers(i.c.customer_id)).group_by(i.c.customer_id)
    return mine.having(sa.func.count() >= 3)

@hookimpl
def crmkit_segments() -> Iterable[Segment]:
    yield Segment(name="regulars", summary="Bought thrice in ninety days", members=members)

plugin = Plugin(name="regulars", summary="Customers who come often", hooks=sys.modules[__name__])
'''


@pytest.fixture
def run_suite(pytester):
    """Run one PluginSuite, on SQLite, in a pytest process of its own."""

    def run(name, plugin, body="pass", *options):
        pytester.makefile(".py", **{name: plugin})
        pytester.makeconftest('pytest_plugins = ["crmkit.testing"]')
        pytester.makepyfile(
            f"from crmkit.testing import PluginSuite\nclass TestIt(PluginSuite):\n"
            f"    plugin = {str(pytester.path / name) + '.py'!r}\n"
            + textwrap.indent(textwrap.dedent(body), "    ")
        )
        return pytester.runpytest_subprocess("-W", "error", "-k", "not postgresql", "-rs", *options)

    return run


def test_a_plugin_of_twenty_lines_passes(run_suite):
    assert len([line for line in REGULARS.splitlines() if line.strip()]) <= 20

    result = run_suite("regulars", REGULARS)

    assert result.ret == 0
    outcomes = result.parseoutcomes()
    assert outcomes["passed"] == 19
    assert outcomes["skipped"] == 1
    result.stdout.fnmatch_lines(["*has no older revision*"])


def test_a_broken_plugin_fails_with_the_finding_and_the_mend(run_suite):
    broken = REGULARS.replace("def crmkit_segments", "def crmkit_segment") + "print('hi')\n"

    result = run_suite("regulars", broken)

    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "there is no hook crmkit_segment, did you mean 'crmkit_segments'?; rename or remove it",
            "importing the plugin prints 'hi'; print in commands only",
        ]
    )


def test_a_plugin_that_cannot_be_imported_fails_with_the_cause(run_suite):
    result = run_suite("regulars", "import nowhere_at_all\n")

    assert result.ret == 1
    assert "passed" not in result.parseoutcomes()
    result.stdout.fnmatch_lines(
        [
            "plugin regulars: cannot be imported: ModuleNotFoundError: *'nowhere_at_all'",
        ]
    )


def test_opting_out_needs_a_reason_and_shows_it(run_suite):
    opted = 'not_applicable = {"test_says_what_it_is_for": "it is for tests"}'

    result = run_suite("regulars", REGULARS.replace('"Customers who come often"', '""'), opted)

    assert result.ret == 0
    result.stdout.fnmatch_lines(["SKIPPED*: not applicable: it is for tests"])


def test_opting_out_of_nothing_is_refused(run_suite):
    opted = 'not_applicable = {"test_says_what_it_is": "typing error"}'

    result = run_suite("regulars", REGULARS, opted, "-k", "for")

    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["not_applicable: the suite has no 'test_says_what_it_is', did you mean*"]
    )


def test_importing_the_kit_loads_no_sqlalchemy(pytester):
    heavy = ("sqlalchemy", "alembic", "click", "crmkit.core")
    code = f"import crmkit.testing, sys; print([m for m in {heavy} if m in sys.modules])"

    result = pytester.run(sys.executable, "-c", code)

    assert result.outlines == ["[]"]


@pytest.mark.parametrize("suite", [ChannelSuite, PluginSuite, ScorerSuite])
def test_the_reference_lists_every_test_of_the_suite(suite):
    page = Path(__file__).parents[2] / "docs" / "reference" / "testing.md"
    section = page.read_text(encoding="utf-8").split(f"\n## {suite.__name__}\n")[1]
    rows = re.findall(r"^\| (`test_.+`) \|", section.split("\n## ")[0], flags=re.MULTILINE)
    listed = [name for row in rows for name in re.findall(r"`(test_\w+)`", row)]

    assert sorted(listed) == sorted(name for name in dir(suite) if name.startswith("test_"))
