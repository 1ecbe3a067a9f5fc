"""Rules about the code base that no linter knows. Move a limit by argument, here, not by drift."""

import ast
import re
import tokenize
from functools import cache
from pathlib import Path

import pytest

import crmkit
import crmkit.admin
import crmkit.ask
import crmkit.sql
import crmkit.svg
from crmkit import errors
from crmkit.core import hookspecs

ROOT = Path(crmkit.__file__).parent
TESTS = Path(__file__).parent
FILES = sorted(path for path in ROOT.rglob("*.py"))
HOOKS = sorted(name for name in vars(hookspecs) if name.startswith("crmkit_"))
ERRORS = sorted(
    name
    for name, each in vars(errors).items()
    if isinstance(each, type) and issubclass(each, errors.CrmkitError)
)
HOOKS_PAGE = TESTS.parent / "docs" / "reference" / "hooks.md"
LONGEST_FILE = 400
LONGEST_TEST_FILE = 600
LONGEST_FUNCTION = 50
LARGEST_CORE = 2_670
NO_CODE = {
    tokenize.COMMENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER, tokenize.INDENT,
    tokenize.NEWLINE, tokenize.NL,
}  # fmt: skip
CALLING = {"all", "ask", "each", "settled", "tell", "vetoes"}
CATCH_ALL = {"utils", "util", "helpers", "common", "base", "misc", "manager", "lib", "types"}
CRM_NAMES = {
    "attributes", "clock", "close", "contributed", "engine", "folder", "from_config", "actor",
    "hooks", "is_enabled", "open", "owners", "plugins", "quarantined", "run", "settings", "unit",
    "upgrade",
}  # fmt: skip
WRITES = re.compile(
    r"\b(insert_many|insert_rows|update_rows|delete_where)\(|\bsa\.(insert|update|delete)\("
    r"|\.(insert|update|delete)\(\)|\btables?\.\w+\.(insert|update|delete)\(|\bon_conflict"
)


@cache
def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def shown(path):
    return path.relative_to(ROOT.parent).as_posix()


def lines_of_code(path):
    """How many lines of *path* hold code: no blank line, comment or docstring."""
    told = {
        number
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        for number in range(node.lineno, node.end_lineno + 1)
    }
    with path.open("rb") as file:
        tokens = [each for each in tokenize.tokenize(file.readline) if each.type not in NO_CODE]
    return len({n for each in tokens for n in range(each.start[0], each.end[0] + 1)} - told)


def length(path):
    return path.read_text(encoding="utf-8").count("\n")


def test_no_file_is_long():
    assert {shown(path): length(path) for path in FILES if length(path) > LONGEST_FILE} == {}


def test_no_test_file_is_long():
    tests = [*TESTS.rglob("*.py")]
    assert {path.name: length(path) for path in tests if length(path) > LONGEST_TEST_FILE} == {}


def test_no_function_is_long():
    assert [
        f"{shown(path)} {node.name}"
        for path in FILES
        if "migrations" not in path.parts and "revisions" not in path.parts
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno >= LONGEST_FUNCTION
    ] == []


def test_core_is_small():
    core = [path for path in FILES if path.is_relative_to(ROOT / "core")]
    sizes = {shown(path): lines_of_code(path) for path in core}
    assert sum(sizes.values()) <= LARGEST_CORE, sizes


def test_no_file_is_a_catch_all():
    assert [shown(path) for path in FILES if path.stem.strip("_") in CATCH_ALL] == []


def test_crm_wires_and_owns_no_verbs():
    crm = crmkit.CRM.open("sqlite://")
    assert {name for name in dir(crm) if not name.startswith("_")} == CRM_NAMES
    crm.close()


@pytest.mark.parametrize("module", [crmkit, crmkit.admin], ids=lambda each: each.__name__)
def test_all_equals_what_is_exported(module):
    listed = module.__all__
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree_of(Path(module.__file__)))
        if isinstance(node, ast.ImportFrom) and node.level
        for alias in node.names
    }
    assert len(listed) == len(set(listed))
    assert set(listed) - {"__version__"} == set(module._MODULE) == imported
    for name in listed:
        assert getattr(module, name) is not None
    with pytest.raises(AttributeError):
        module.no_such_name  # noqa: B018


@pytest.mark.parametrize(
    "module", [crmkit.ask, crmkit.sql, crmkit.svg], ids=lambda each: each.__name__
)
def test_all_of_an_eager_module_equals_what_it_imports(module):
    imported = {
        alias.asname or alias.name
        for node in tree_of(Path(module.__file__)).body
        if isinstance(node, ast.ImportFrom) and node.level
        for alias in node.names
    }
    assert sorted(module.__all__) == sorted(imported)


def test_only_actions_write():
    plugins = [path for path in FILES if path.is_relative_to(ROOT / "plugins")]
    writers = [
        f"{shown(path)}: {found.group(0)}"
        for path in plugins
        if path.name != "actions.py" and "actions" not in path.parent.name
        for found in WRITES.finditer(path.read_text(encoding="utf-8"))
    ]
    assert writers == []


def test_hooks_are_called_in_one_place():
    callers = {
        shown(path)
        for path in FILES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in CALLING
        for argument in node.args
        if isinstance(argument, ast.Constant) and argument.value in HOOKS
    }
    assert callers == {"crmkit/core/calls.py"}


def specs_in(path):
    return {node.name: node for node in tree_of(path).body if isinstance(node, ast.FunctionDef)}


def signature_of(hook, path=Path(hookspecs.__file__)):
    node = specs_in(path)[hook]
    arguments = ", ".join(f"{a.arg}: {ast.unparse(a.annotation)}" for a in node.args.args)
    return f"{hook}({arguments}) -> {ast.unparse(node.returns)}"


@cache
def sections():
    """The hooks page: heading to text."""
    parts = re.split(r"^### `(.+)`$", HOOKS_PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_hooks_page_has_a_heading_for_every_hook_and_no_other():
    assert sorted(sections()) == sorted(map(signature_of, HOOKS))


def test_the_hooks_page_has_the_hooks_of_bundled_plugins():
    told = re.findall(r"^#### `(.+)`$", HOOKS_PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    paths = sorted(ROOT.glob("plugins/*/*/hookspecs.py"))
    assert sorted(told) == sorted(signature_of(h, path) for path in paths for h in specs_in(path))


def implementers():
    """Bundled plugins by the hook they implement."""
    found = {}
    for path in ROOT.glob("plugins/*/*/hooks.py"):
        for node in tree_of(path).body:
            if isinstance(node, ast.FunctionDef):
                found.setdefault(node.name, set()).add(path.parent.name)
    return found


@pytest.mark.parametrize("hook", HOOKS)
def test_the_hooks_page_names_a_bundled_plugin_that_uses_it(hook):
    named = re.findall(r"^Used by: (.+)$", sections()[signature_of(hook)], flags=re.MULTILINE)
    plugins = set(re.findall(r"`(\w+)`", " ".join(named)))
    assert plugins
    assert plugins <= implementers().get(hook, set())


@cache
def names_of_tests():
    return {
        node.name
        for path in TESTS.rglob("test_*.py")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


@pytest.mark.parametrize("hook", HOOKS)
def test_the_hooks_page_names_a_test_of_it(hook):
    named = re.findall(r"^Test: `(\w+)`", sections()[signature_of(hook)], flags=re.MULTILINE)
    assert named
    assert all(each.startswith(f"test_{hook}_") for each in named)
    assert set(named) <= names_of_tests()


@pytest.mark.parametrize("error", ERRORS)
def test_every_error_is_raised_in_some_test(error):
    if error in ("CrmkitError", "PluginError"):
        pytest.skip("a base class")
    told = [path for path in TESTS.rglob("*.py") if path != Path(__file__)]
    assert [path.name for path in told if re.search(rf"\b{error}\b", path.read_text("utf-8"))]
