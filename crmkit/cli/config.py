"""``crmkit config``: what holds, where it comes from, and what could be set."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, get_type_hints

import click

from .failure import NOT_FOUND, Failure
from .invocation import Invocation, invocation
from .output import emit, emit_one, examples, talk, warn
from .text import cell

if TYPE_CHECKING:
    from crmkit import Plugin
    from crmkit.admin import Config

KEYS: Final[Mapping[str, tuple[str, object, str]]] = {
    "database": ("text", "sqlite:///crm.db", "URL; a relative SQLite file lies beside crmkit.toml"),
    "plugins": ("list of text", [], "plugins that run, by name or as a path of a Python file"),
    "essential": ("list of text", [], "plugins whose failure stops everything"),
    "strict": ("true or false", False, "refuse to run when any plugin fails"),
    "durability": ("full or relaxed", "full", "relaxed may lose the last commits at a power cut"),
    "actor": ("text", "", "who is recorded as having changed something"),
}
OPTIONS: Final = {
    "database": ("db", "--db"),
    "actor": ("actor", "--as"),
    "strict": ("strict", "--strict"),
}
_SECRET = re.compile(r"password|secret|token|api_?key|credential", re.IGNORECASE)
MASK: Final = "***"


@click.group(epilog=examples("crmkit config show --origin", "crmkit config get database"))
def config() -> None:
    """Look at the configuration."""


@config.command(epilog=examples("crmkit config show", "crmkit config show --origin"))
@click.option("--origin", is_flag=True, help="Also say where each value comes from.")
def show(origin: bool) -> None:
    """What holds for this run. Secrets are masked."""
    run = invocation()
    read = run.config()
    rows = [
        {"key": key, "value": value, "origin": _origin(run, read, key)}
        for key, value in _values(read).items()
    ]
    emit(rows, columns=("key", "value", "origin") if origin else ("key", "value"))


@config.command(epilog=examples("crmkit config get database", "crmkit config get plugins"))
@click.argument("key")
def get(key: str) -> None:
    """One value; a plugin's settings are called PLUGIN.SETTING."""
    from crmkit.admin import nearest

    values = _values(invocation().config())
    if key not in values:
        raise Failure(f"no key {key!r}{nearest(key, values)}", NOT_FOUND)
    if talk().format == "table":
        click.echo(cell(values[key]))
    else:
        emit_one({"key": key, "value": values[key]})


@config.command(epilog=examples("crmkit config path"))
def path() -> None:
    """Which configuration file is read."""
    found = invocation().path()
    if found is None or not found.is_file():
        told = found or "no crmkit.toml here or in a folder above"
        raise Failure(f"{told}: no such file; run `crmkit init`", NOT_FOUND)
    click.echo(found.resolve())


@config.command(epilog=examples("crmkit config schema"))
def schema() -> None:
    """Every key that may be set, also those of the enabled plugins."""
    from .upkeep import load_plugins

    rows: list[dict[str, object]] = [
        {"key": key, "type": kind, "default": default, "meaning": meaning}
        for key, (kind, default, meaning) in KEYS.items()
    ]
    run = invocation()
    if run.path() is not None:
        plugins, quarantined, problem = load_plugins(run.config().plugins)
        for told in (*quarantined, *filter(None, [problem])):
            warn(f"{told} (its settings are not listed)")
        rows += [row for plugin in plugins for row in settings_of(plugin)]
    emit(rows)


def settings_of(plugin: Plugin) -> Iterator[dict[str, object]]:
    """The settings a plugin takes: key, type, default, meaning."""
    import attrs

    if plugin.settings is None:
        return
    told = _told_attributes(plugin.settings.__doc__ or "")
    hints = get_type_hints(plugin.settings)
    for field in attrs.fields(plugin.settings):
        yield {
            "key": f"{plugin.name}.{field.name}",
            "type": _type_name(hints.get(field.name, field.type)),
            "default": _default(field),
            "meaning": told.get(field.name, ""),
        }


def _default(field: Any) -> object:
    import attrs

    if field.default is attrs.NOTHING:
        return "(required)"
    if isinstance(field.default, attrs.Factory):  # type: ignore[arg-type]
        return field.default.factory() if not field.default.takes_self else "(computed)"
    return field.default


def _type_name(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) else str(kind).replace("typing.", "")


def _told_attributes(docstring: str) -> dict[str, str]:
    """What the ``Attributes:`` section of a docstring says of each field."""
    _, _, section = docstring.partition("Attributes:")
    found: dict[str, str] = {}
    name = ""
    for line in section.splitlines():
        start = re.match(r"\s*([a-z_][\w, ]*):\s+(.*)", line)
        if start:
            name = start[1]
            found |= dict.fromkeys(name.replace(",", " ").split(), start[2].strip())
        elif name and line.strip():
            found |= {each: f"{found[each]} {line.strip()}" for each in name.split(", ")}
    return found


def _values(read: Config) -> dict[str, object]:
    values: dict[str, object] = {
        "database": _without_password(read.database),
        "plugins": list(read.plugins),
        "essential": list(read.essential),
        "strict": read.strict,
        "durability": read.durability,
        "actor": read.actor,
    }
    for attribute in read.attributes:
        values[f"attributes.{attribute.name}"] = attribute.type
    for plugin, settings in read.settings.items():
        for name, value in settings.items():
            values[f"{plugin}.{name}"] = _masked(name, value)
    return values


def _masked(name: str, value: object) -> object:
    """A reference to a secret may be seen, the secret may not."""
    is_reference = isinstance(value, dict) and set(value) in ({"env"}, {"file"})
    return MASK if _SECRET.search(name) and not is_reference else value


def _without_password(database: str) -> str:
    return re.sub(r"(://[^:/@]*):[^@/]*@", rf"\1:{MASK}@", database)


def _origin(run: Invocation, read: Config, key: str) -> str:
    root = click.get_current_context().find_root()
    parameter, option = OPTIONS.get(key, ("", ""))
    if root.params.get(parameter):
        source = root.get_parameter_source(parameter)
        is_environment = source is click.core.ParameterSource.ENVIRONMENT
        return f"environment CRMKIT_{parameter.upper()}" if is_environment else option
    if run.safe_mode and key in ("plugins", "essential"):
        return "--safe-mode"
    return _file_or_default(read, key)


def _file_or_default(read: Config, key: str) -> str:
    if read.path is None:
        return "default"
    import tomllib

    document = tomllib.loads(read.path.read_text(encoding="utf-8"))
    is_in_file = key not in KEYS or document.get("crmkit", {}).get(key, "") != ""
    return str(read.path) if is_in_file else "default"
