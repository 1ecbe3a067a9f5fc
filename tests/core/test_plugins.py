"""Plugins: found, ordered, checked before anything runs, quarantined with their cause."""

import subprocess
import sys
from pathlib import Path
from types import FunctionType, ModuleType

import attrs
import pytest
import sqlalchemy as sa

from crmkit import (
    CRM,
    ConfigError,
    HookFailedError,
    InteractionKind,
    Plugin,
    PluginConflictError,
    PluginError,
    PluginNotFoundError,
    Step,
    hookimpl,
    hookspec,
)
from crmkit.core.plugin import PLUGIN_API

MEMORY = "sqlite:///:memory:"


class NoHooks:
    """Implements nothing."""


def plugin(name, hooks=None, **fields):
    return Plugin(name=name, summary=f"the {name} plugin", hooks=hooks or NoHooks(), **fields)


def opened(*plugins, **options):
    return CRM.open(MEMORY, plugins, **options)


def names(crm):
    return [each.name for each in crm.plugins]


def causes(crm):
    return {each.name: str(each) for each in crm.quarantined}


def hooks_with(**functions):
    """A module of hook functions, as a plugin ships one."""
    module = ModuleType("hooks_of_a_test")
    for name, function in functions.items():
        function.__module__ = module.__name__
        setattr(module, name, function)
    return module


class Dists:
    """Distributions with entry points, written to a folder that is on sys.path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, dist: str, source: str, name: str | None = None) -> None:
        module = dist.replace("-", "_")
        (self.folder / f"{module}.py").write_text(source)
        info = self.folder / f"{module}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: 1.2\n")
        line = f"{name or dist} = {module}:plugin"
        (info / "entry_points.txt").write_text(f"[crmkit.plugins]\n{line}\n")


GOOD = """
from types import SimpleNamespace
from crmkit import Plugin
plugin = Plugin(name={name!r}, summary="", hooks=SimpleNamespace())
"""


@pytest.fixture
def dists(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield Dists(tmp_path)
    for each in set(sys.modules) - before:
        if str(getattr(sys.modules[each], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[each]


def test_an_installed_plugin_runs_when_it_is_enabled(dists):
    dists.add("lunch", GOOD.format(name="lunch"))
    crm = opened("lunch")
    assert names(crm) == ["lunch"]
    assert crm.quarantined == ()


AUDIT = """
import sys
opened = set()
sys.addaudithook(lambda event, args: event == "open" and opened.add(str(args[0])))
import crmkit
crm = crmkit.CRM.open("sqlite:///:memory:", ["lunch"])
print([each.name for each in crm.plugins], "lunch" in sys.modules, "supper" in sys.modules)
print([each for each in opened if "supper.py" in each])
print(sorted(each for each in sys.modules if each.startswith("crmkit.plugins.")))
"""


def test_what_is_not_enabled_is_not_even_imported(dists):
    dists.add("lunch", GOOD.format(name="lunch"))
    dists.add("supper", "raise SystemExit('imported')")
    done = subprocess.run(
        [sys.executable, "-c", AUDIT], capture_output=True, text=True, check=True,
        env={"PYTHONPATH": f"{dists.folder}:{Path(__file__).parents[2]}"},
    )  # fmt: skip
    assert done.stdout.splitlines() == ["['lunch'] True False", "[]", "[]"]
    assert done.stderr == ""


def test_an_unknown_plugin_is_quarantined_with_the_nearest_name(dists):
    dists.add("lunch", GOOD.format(name="lunch"))
    crm = opened("lunhc")
    assert "plugin lunhc: not installed, did you mean 'lunch'?" in causes(crm)["lunhc"]
    with pytest.raises(PluginNotFoundError) as told:
        opened("lunhc", strict=True)
    assert told.value.exit_code == 7


def test_two_distributions_of_one_name_are_refused_naming_both(dists):
    dists.add("dist-a", GOOD.format(name="lunch"), name="lunch")
    dists.add("dist-b", GOOD.format(name="lunch"), name="lunch")
    with pytest.raises(PluginConflictError, match=r"dist-a 1\.2 and dist-b 1\.2 both install"):
        opened("lunch")


BROKEN = [
    ("import no_such_library", "cannot be imported: ModuleNotFoundError.*no_such_library"),
    ("raise SystemExit(3)", "cannot be imported: SystemExit: 3"),
    ("1 / 0", "cannot be imported: ZeroDivisionError"),
    ("def broken(:", "cannot be imported: SyntaxError"),
    ("plugin = 5", r"bad:plugin is not Plugin\(name='bad'\)"),
    (GOOD.format(name="other"), r"bad:plugin is not Plugin\(name='bad'\)"),
    (GOOD.format(name="Bad Name"), "cannot be imported: ValueError"),
    ("", "cannot be imported: AttributeError"),
]


@pytest.mark.parametrize(("source", "told"), BROKEN)
def test_a_broken_plugin_is_quarantined_and_the_rest_runs(dists, source, told, caplog):
    dists.add("bad", source)
    crm = opened("bad", plugin("good"), plugin("child", requires=["bad"]))
    assert names(crm) == ["good"]
    assert list(causes(crm)) == ["bad", "child"]
    assert [crm.is_enabled(each) for each in ("good", "bad", "child", "none")] == [
        True,
        *[False] * 3,
    ]
    with pytest.raises(AssertionError, match=told):
        raise AssertionError(causes(crm)["bad"])
    assert causes(crm)["child"] == "plugin child: requires 'bad', which failed"
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]
    with pytest.raises(PluginError, match=told):
        opened("bad", strict=True)
    with pytest.raises(PluginError, match=told):
        opened("bad", plugin("good"), essential=["bad"])
    with pytest.raises(PluginError, match="requires 'bad', which failed"):
        opened("bad", plugin("child", requires=["bad"]), essential=["child"])


def test_ctrl_c_while_a_plugin_is_imported_is_not_a_broken_plugin(dists):
    dists.add("bad", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        opened("bad")


def test_an_essential_plugin_must_be_enabled():
    with pytest.raises(ConfigError, match=r"essential: 'pollicy'.*did you mean 'policy'"):
        opened(plugin("policy"), essential=["pollicy"])


def test_a_plugin_of_a_newer_api_is_quarantined():
    crm = opened(plugin("modern", api=PLUGIN_API + 1))
    told = f"written for plugin API {PLUGIN_API + 1}, this crmkit has {PLUGIN_API}; upgrade crmkit"
    assert told in causes(crm)["modern"]


FILE = """
from crmkit import InteractionKind, Plugin, hookimpl
import sys

@hookimpl
def crmkit_interaction_kinds():
    return [InteractionKind(name="tasting.held", summary="")]

plugin = Plugin(name="tasting", summary="", hooks=sys.modules[__name__])
"""


def test_a_plugin_may_be_one_file(tmp_path):
    path = tmp_path / "tasting.py"
    path.write_text(FILE)
    crm = opened(str(path))
    assert names(crm) == ["tasting"]
    assert "tasting.held" in crm.contributed.interaction_kinds


@pytest.mark.parametrize(
    ("source", "told"),
    [(None, "no file"), ("x = 5", "has no `plugin ="), ("1 / 0", "ZeroDivisionError")],
)
def test_a_file_that_is_no_plugin_is_quarantined(tmp_path, source, told):
    path = tmp_path / "odd.py"
    if source:
        path.write_text(source)
    assert told in causes(opened(str(path)))["odd"]


def test_the_given_order_holds_but_for_what_is_required():
    crm = opened(
        plugin("d", requires=["b", "c"]),
        plugin("a"),
        plugin("c"),
        plugin("b", requires=["a"]),
    )
    assert names(crm) == ["a", "b", "c", "d"]


def test_a_missing_requirement_says_what_to_enable():
    crm = opened(plugin("a", requires=["b"]), plugin("c", requires=["a"]), plugin("d"))
    assert names(crm) == ["d"]
    assert causes(crm) == {
        "a": "plugin a: requires 'b', which is not enabled; add it to `plugins`",
        "c": "plugin c: requires 'a', which failed",
    }


def test_plugins_that_require_each_other_are_quarantined():
    crm = opened(plugin("a", requires=["b"]), plugin("b", requires=["a"]), plugin("c"))
    assert names(crm) == ["c"]
    assert "requires itself through a > b > a" in causes(crm)["b"]
    assert set(causes(crm)) == {"a", "b"}


def test_a_plugin_enabled_twice_is_refused():
    with pytest.raises(PluginConflictError, match="plugin a: enabled twice"):
        opened(plugin("a"), plugin("a"))


@pytest.mark.parametrize("name", ["crm", "crmkit", "core", "crm_schema"])
def test_names_that_are_crmkits_own_are_refused(name):
    with pytest.raises(PluginConflictError, match="belongs to crmkit itself"):
        opened(plugin(name))


@pytest.mark.parametrize("name", ["", "Sales", "my-plugin", "1st", "x" * 32])
def test_a_plugin_name_is_a_short_lower_case_word(name):
    with pytest.raises(ValueError, match="name"):
        plugin(name)


def tables(*names):
    metadata = sa.MetaData()
    for name in names:
        sa.Table(name, metadata, sa.Column("id", sa.Integer))
    return metadata


def test_a_table_without_the_prefix_of_its_plugin_is_refused():
    with pytest.raises(PluginConflictError, match="table 'orders' must be named sales_"):
        opened(plugin("sales", metadata=tables("sales_deal", "orders")))
    with pytest.raises(PluginConflictError, match="table 'crm_customer'"):
        opened(plugin("sales", metadata=tables("crm_customer")))


def test_a_table_that_a_longer_name_owns_is_refused():
    with pytest.raises(
        PluginConflictError, match="'sales_team_x' has the prefix of plugin sales_t"
    ):
        opened(plugin("sales", metadata=tables("sales_team_x")), plugin("sales_team"))
    crm = opened(plugin("sales", metadata=tables("sales_teams")), plugin("sales_team"))
    assert names(crm) == ["sales", "sales_team"]


def plain(unit, changes): ...
def too_much(unit, changes, session): ...
def anything(*args): ...
def defaulted(unit, changes=None): ...
async def waiting(unit, changes): ...
async def streaming(unit, changes):
    yield 1


def lazily(unit, changes):
    yield 1


@pytest.mark.parametrize(
    ("hook", "function", "options", "told"),
    [
        ("crmkit_savng", plain, {}, "there is no hook crmkit_savng, did you mean 'crmkit_saving'"),
        ("crmkit_saving", plain, None, "crmkit_saving lacks @hookimpl"),
        ("crmkit_saving", too_much, {}, "takes 'session', but is given unit, changes"),
        ("crmkit_saving", anything, {}, "takes 'args', but is given unit, changes"),
        ("crmkit_saving", defaulted, {}, "changes must not have a default"),
        ("crmkit_saving", waiting, {}, "plain functions, not async"),
        ("crmkit_saving", streaming, {}, "plain functions, not async"),
        ("crmkit_saved", lazily, {}, "must not be a generator"),
        ("crmkit_saving", lazily, {"wrapper": True}, "wrappers are not allowed"),
        ("crmkit_saving", lazily, {"hookwrapper": True}, "wrappers are not allowed"),
        ("crmkit_saving", plain, {"tryfirst": True}, "the order of `plugins` decides"),
        ("crmkit_saving", plain, {"trylast": True}, "the order of `plugins` decides"),
    ],
)  # fmt: skip
def test_a_hook_that_does_not_match_its_spec_is_refused_at_load(hook, function, options, told):
    fresh = FunctionType(function.__code__, {}, hook, function.__defaults__)
    if options is not None:
        fresh = hookimpl(**options)(fresh)
    crm = opened(plugin("a", hooks_with(**{hook: fresh})), plugin("b"))
    assert names(crm) == ["b"]
    assert told in causes(crm)["a"]


def test_a_hook_may_take_fewer_arguments_and_be_optional():
    @hookimpl
    def crmkit_saved(changes): ...

    @hookimpl(optionalhook=True)
    def other_plugin_hook(): ...

    hooks = hooks_with(crmkit_saved=crmkit_saved, other_plugin_hook=other_plugin_hook)
    assert names(opened(plugin("a", hooks))) == ["a"]


def test_a_plugin_offers_hooks_to_others_under_its_own_name():
    @hookspec
    def lunch_dishes(unit): ...

    @hookspec
    def crmkit_dishes(unit): ...

    @hookimpl
    def lunch_dishes_impl(unit):
        return ["soup"]

    lunch = plugin("lunch", hookspecs=hooks_with(lunch_dishes=lunch_dishes))
    cook = plugin("cook", hooks_with(lunch_dishes=lunch_dishes_impl), requires=["lunch"])
    crm = opened(lunch, cook)
    assert crm.hooks.all("lunch_dishes", unit=None) == [("cook", ["soup"])]
    crm = opened(plugin("lunch", hookspecs=hooks_with(crmkit_dishes=crmkit_dishes)), cook)
    assert "hook crmkit_dishes must be named lunch_" in causes(crm)["lunch"]
    assert names(crm) == []
    assert (
        "there is no hook lunch_dishes" in causes(opened(attrs.evolve(cook, requires=())))["cook"]
    )


def contributing(hook, answer):
    def contribute():
        return answer() if callable(answer) else answer

    return hooks_with(**{hook: hookimpl(contribute)})


def lazy_failure():
    yield InteractionKind(name="a.b", summary="")
    raise OSError("no disk")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (["purchase.order"], "expected InteractionKind records, got ['purchase.order']"),
        (5, "expected InteractionKind records, got 5"),
        ([None], "expected InteractionKind records"),
        (lambda: 1 / 0, "ZeroDivisionError"),
        (lambda: sys.exit(3), "SystemExit: 3"),
        (lazy_failure, "OSError: no disk"),
        (lambda: map(int, "x"), "ValueError"),
        (lambda: [InteractionKind(name="Bad Name", summary="")], "InvalidValueError"),
    ],
)
def test_a_plugin_that_contributes_wrongly_is_quarantined(answer, told):
    crm = opened(plugin("a", contributing("crmkit_interaction_kinds", answer)), plugin("b"))
    assert names(crm) == ["b"]
    assert told in causes(crm)["a"]


def test_what_plugins_contribute_is_found_by_name():
    kind = InteractionKind(name="lunch.eaten", summary="")
    step = Step(phase="act", name="eat", summary="", run=lambda crm, turn: "")

    class Hooks:
        @hookimpl
        def crmkit_interaction_kinds(self):
            yield kind

        @hookimpl
        def crmkit_cycle_steps(self):
            return (step,)

        @hookimpl
        def crmkit_scorers(self):
            return None

    crm = opened(plugin("lunch", Hooks()))
    assert crm.contributed.interaction_kinds["lunch.eaten"] is kind
    assert crm.contributed.cycle_steps == {"eat": step}
    assert crm.contributed.scorers == {}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("lunch.eaten", "a and b both contribute InteractionKind 'lunch.eaten'"),
        ("purchase.order", "crmkit and a both contribute InteractionKind 'purchase.order'"),
    ],
)
def test_two_contributions_of_one_name_are_refused_naming_both(name, told):
    def kinds():
        return [InteractionKind(name=name, summary="")]

    both = [plugin(each, contributing("crmkit_interaction_kinds", kinds)) for each in "ab"]
    with pytest.raises(PluginConflictError, match=told):
        opened(*both)


@attrs.frozen
class Settings:
    host: str = "localhost"
    port: int = 25
    secure: bool = True
    quota: float = 0.5
    tags: tuple[str, ...] = ()


def mail(**given):
    crm = opened(plugin("mail", settings=Settings), settings={"mail": given} if given else None)
    return crm.settings(Settings)


def test_settings_are_filled_from_the_plugins_table(monkeypatch, tmp_path):
    assert mail() == Settings()
    assert mail(port=587, tags=["a", "b"], quota=1) == Settings(
        port=587, tags=("a", "b"), quota=1.0
    )
    monkeypatch.setenv("MAIL_PORT", "2525")
    monkeypatch.setenv("MAIL_SECURE", "false")
    (tmp_path / "host").write_text("mail.example.com\n")
    assert mail(
        port={"env": "MAIL_PORT"},
        secure={"env": "MAIL_SECURE"},
        host={"file": str(tmp_path / "host")},
    ) == Settings(port=2525, secure=False, host="mail.example.com")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"prot": 25}, r"\[mail\]: .*prot.*settings: host, port, secure, quota, tags"),
        ({"port": "abc"}, r"port.*"),
        ({"port": "25"}, r"expected int @ \$\.port"),
        ({"port": 25.0}, r"expected int @ \$\.port"),
        ({"secure": "false"}, r"expected bool @ \$\.secure"),
        ({"secure": 0}, r"expected bool @ \$\.secure"),
        ({"host": 5}, r"expected str @ \$\.host"),
        ({"tags": "abc"}, r"\$\.tags"),
        ({"port": "x", "host": 5}, r"\$\.host.*\$\.port|\$\.port.*\$\.host"),
        ({"host": {"env": "NO_SUCH_VARIABLE"}}, "environment variable NO_SUCH_VARIABLE is not set"),
        ({"host": {"file": "/no/such/file"}}, "No such file"),
        ({"port": {"env": "HOME"}}, r"\$\.port"),
        ({"host": {"env": "HOME", "file": "x"}}, r"expected str @ \$\.host"),
    ],
)
def test_settings_that_do_not_fit_are_refused(given, told):
    with pytest.raises(ConfigError, match=told) as refused:
        mail(**given)
    assert refused.value.exit_code == 2


def test_settings_of_a_plugin_that_is_not_enabled_are_refused_with_the_nearest():
    with pytest.raises(ConfigError, match=r"\[mial\] is no enabled plugin, did you mean 'mail'"):
        opened(plugin("mail"), settings={"mial": {}})
    with pytest.raises(ConfigError, match="no enabled plugin has settings of type Settings"):
        opened(plugin("mail")).settings(Settings)


def test_settings_of_a_quarantined_plugin_are_left_alone(dists):
    dists.add("bad", "1 / 0")
    assert list(causes(opened("bad", settings={"bad": {"any": "thing"}}))) == ["bad"]


def test_a_trace_says_which_plugin_took_how_long(monkeypatch, capsys):
    kinds = contributing("crmkit_interaction_kinds", [])
    opened(plugin("a", kinds))
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("CRMKIT_TRACE", "1")
    opened(plugin("a", kinds))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("trace: crmkit_interaction_kinds a ")
    assert " ms -> []" in captured.err


def test_hooks_are_called_in_the_enabled_order_whatever_the_names():
    called = []

    def kinds_of(name):
        def kinds():
            called.append(name)
            return []

        return contributing("crmkit_interaction_kinds", kinds)

    crm = opened(*(plugin(each, kinds_of(each)) for each in "cabd"))
    called.clear()
    crm.hooks.all("crmkit_interaction_kinds")
    assert called == ["c", "a", "b", "d"]


def test_one_object_as_the_hooks_of_two_plugins_is_refused():
    shared = contributing("crmkit_interaction_kinds", [])
    with pytest.raises(PluginConflictError, match="b: has the hooks of a"):
        opened(plugin("a", shared), plugin("b", shared))


def test_two_hundred_plugins_load_in_their_order():
    class Hooks:
        @hookimpl
        def crmkit_interaction_kinds(self):
            return []

    crm = opened(*(plugin(f"p{n}", Hooks()) for n in range(200)))
    assert [each.name for each in crm.plugins] == [f"p{n}" for n in range(200)]


def test_a_failing_hook_names_the_plugin_and_the_hook():
    class Hooks:
        @hookimpl
        def crmkit_interaction_kinds(self):
            return []

    crm = opened(plugin("a", Hooks()))
    (impl,) = crm.hooks.implementations("crmkit_interaction_kinds")
    failing = attrs.evolve(impl, function=lambda: 1 / 0)
    with pytest.raises(HookFailedError, match=r"^plugin a: x failed: ZeroDivisionError") as told:
        crm.hooks.ask("x", failing)
    assert (told.value.plugin, told.value.hook) == ("a", "x")
    assert isinstance(told.value.__cause__, ZeroDivisionError)
