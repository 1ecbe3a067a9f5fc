"""``crmkit.toml``: where the database is, which plugins run, and their settings."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar, get_args

import attrs

from ..database.engine import Durability
from ..errors import ConfigError, nearest
from .attributes import Attribute
from .documents import Written, structured

S = TypeVar("S")
FILE_NAME: Final = "crmkit.toml"
DATABASE: Final = "sqlite:///crm.db"
_KNOWN: Final = ("database", "plugins", "essential", "strict", "durability", "actor")


@attrs.frozen(kw_only=True)
class Config:
    """
    One ``crmkit.toml``.

    Attributes:
        path: The file, None when there is none.
        plugins: Enabled plugins, in order: names of installed ones, or paths of Python files.
        essential: Plugins whose failure stops everything.
        strict: Refuse to run with any plugin quarantined.
        settings: The other tables, by plugin name.
    """

    path: Path | None = None
    database: str = DATABASE
    plugins: tuple[str, ...] = ()
    essential: tuple[str, ...] = ()
    strict: bool = False
    durability: Durability = "full"
    actor: str = ""
    attributes: tuple[Attribute, ...] = ()
    settings: Mapping[str, Mapping[str, object]] = attrs.field(factory=dict)


def find_config(start: Path) -> Path | None:
    """The nearest ``crmkit.toml`` in *start* or a folder above it."""
    for folder in (start, *start.parents):
        if (path := folder / FILE_NAME).is_file():
            return path
    return None


def read_config(path: Path) -> Config:
    """
    Raises:
        ConfigError: If the file is missing, is not TOML, or holds an unknown key or a wrong type.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; run `crmkit init`") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as exc:
        raise ConfigError(f"{path}: {exc}") from exc
    return _from_document(path, document)


def _from_document(path: Path, document: dict[str, Any]) -> Config:
    for key, value in document.items():
        if not isinstance(value, dict):
            raise ConfigError(f"{path}: {key!r} stands outside a table; put it under [crmkit]")
    main = document.pop("crmkit", {})
    attributes = document.pop("attributes", {})
    for key in main:
        if key not in _KNOWN:
            raise ConfigError(f"{path}: [crmkit] has no {key!r}{nearest(key, _KNOWN)}")
    _check_types(path, main)
    try:
        defined = tuple(Attribute(name=name, **fields) for name, fields in attributes.items())
    except (TypeError, ValueError) as exc:
        raise ConfigError(f"{path}: [attributes]: {exc}") from exc
    return Config(
        path=path,
        **main
        | {
            "database": _beside(path, main.get("database", DATABASE)),
            "plugins": tuple(_beside(path, each) for each in main.get("plugins", ())),
            "essential": tuple(main.get("essential", ())),
        },
        attributes=defined,
        settings=document,
    )


def _beside(config: Path, given: str) -> str:
    """A relative SQLite file, or plugin file, is meant from the folder of the configuration."""
    if given.startswith("sqlite:///") and not given.startswith(("sqlite:////", "sqlite:///:")):
        return f"sqlite:///{config.parent / given.removeprefix('sqlite:///')}"
    return str(config.parent / given) if given.endswith(".py") else given


def _check_types(path: Path, main: Mapping[str, object]) -> None:
    for key in ("plugins", "essential"):
        value = main.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise ConfigError(f'{path}: {key} must be a list of names, such as {key} = ["rfm"]')
    for key in ("database", "actor"):
        if not isinstance(main.get(key, ""), str):
            raise ConfigError(f"{path}: {key} must be text")
    if not isinstance(main.get("strict", False), bool):
        raise ConfigError(f"{path}: strict must be true or false")
    if main.get("durability", "full") not in get_args(Durability):
        raise ConfigError(f"{path}: durability must be one of {', '.join(get_args(Durability))}")


def structure_settings(plugin: str, cls: type[S], given: Mapping[str, object]) -> S:
    """
    *given* as the plugin's settings class; ``{env = "X"}`` and ``{file = "..."}`` are looked up.

    Raises:
        ConfigError: With every problem at once.
    """
    resolved = {key: _resolved(plugin, key, value) for key, value in given.items()}
    try:
        return structured(resolved, cls)
    except ValueError as exc:
        known = ", ".join(field.name for field in attrs.fields(cls))  # type: ignore[arg-type]
        raise ConfigError(f"[{plugin}]: {exc} (settings: {known})") from exc


def _resolved(plugin: str, key: str, value: object) -> object:
    if not isinstance(value, dict) or set(value) not in ({"env"}, {"file"}):
        return value
    if "env" in value:
        found = os.environ.get(str(value["env"]))
        if found is None:
            raise ConfigError(f"[{plugin}] {key}: environment variable {value['env']} is not set")
        return Written(found)
    try:
        return Written(Path(str(value["file"])).read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"[{plugin}] {key}: {exc}") from exc
