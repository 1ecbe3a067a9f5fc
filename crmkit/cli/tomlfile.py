"""Writing ``crmkit.toml``: a commented new one, and edits of the plugin list that keep comments."""

from __future__ import annotations

import json
import os
import re
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from .failure import Failure

_TABLE = re.compile(r"^[ \t]*\[crmkit\][ \t\r]*(#[^\n]*)?$", re.MULTILINE)
_NEXT_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)
_LIST = re.compile(r"^[ \t]*plugins[ \t]*=[ \t]*\[", re.MULTILINE)
_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#[^\n]*|[,\]]|\s+')
PRIVATE: Final = 0o600
WRITABLE: Final = 0o222

TEMPLATE: Final = """\
# The configuration of crmkit; `crmkit config schema` explains every key.

[crmkit]
# Where everything is stored: sqlite:///file.db (beside this file) or postgresql://user@host/name
database = {database}

# The plugins that run, in this order; a plugin that another one needs comes first anyway.
# `crmkit plugins list` shows what is installed.
plugins = [
{plugins}]

# Plugins without which nothing may run. Any other that fails is set aside and told of.
essential = []

# true: refuse to run when any plugin fails.
strict = false

# "full" survives a power cut; "relaxed" is faster and may lose the last commits.
durability = "full"

# Who is recorded as having changed something; `--as` says otherwise. Empty: "cli".
actor = ""

# A plugin's settings stand in a table of its name; `crmkit plugins info NAME` lists them:
# [email]
# target = "smtp+starttls://mail.example.com"
# password = {{ env = "SMTP_PASSWORD" }}

# Fields of your own for every customer:
# [attributes.tier]
# type = "choice"
# choices = ["gold", "silver"]
# indexed = true
"""


def new_document(database: str, plugins: Sequence[str]) -> str:
    """The text of a fresh ``crmkit.toml``."""
    return TEMPLATE.format(
        database=_string(database), plugins="".join(f"    {_string(name)},\n" for name in plugins)
    )


def write_whole(path: Path, text: str, *, mode: int | None = None) -> None:
    """
    Put *text* into *path*: a reader sees the old file or the new one, never half of it.

    Raises:
        Failure: If *path* is there and read-only.
        OSError: Otherwise; it names *path*, not the part written beside it.
    """
    if path.exists() and not (path.stat().st_mode & WRITABLE and os.access(path, os.W_OK)):
        raise Failure(f"cannot write {path}: it is read-only; make it writable and run it again")
    try:
        _replace(path, text, mode)
    except OSError as exc:
        raise OSError(exc.errno, exc.strerror, str(path)) from exc


def _replace(path: Path, text: str, mode: int | None) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(mode if mode is not None else _usual_mode(path))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _usual_mode(path: Path) -> int:
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def with_plugins(text: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> str:
    """
    *text* with names added to or removed from its list of plugins; everything else stays.

    Raises:
        ValueError: If the list cannot be edited line by line; it must then be done by hand.
    """
    before = tomllib.loads(text)
    listed = list(before.get("crmkit", {}).get("plugins", ()))
    wanted = [name for name in listed if name not in remove] + list(add)
    edited = text if "plugins" in before.get("crmkit", {}) else _with_empty_list(text)
    for name in remove:
        edited = _without(edited, name)
    for name in add:
        edited = _with(edited, name)
    after = tomllib.loads(edited)
    before.setdefault("crmkit", {})["plugins"] = wanted
    if after != before:
        raise ValueError(f"set `plugins = {json.dumps(wanted)}` under [crmkit] by hand")
    return edited


def _with_empty_list(text: str) -> str:
    table = _TABLE.search(text)
    if table is None:
        return f"[crmkit]\nplugins = []\n\n{text}"
    return f"{text[: table.end()]}\nplugins = []{text[table.end() :]}"


def _tokens(text: str) -> list[re.Match[str]]:
    """The tokens of the plugin list, its closing bracket last."""
    table = _TABLE.search(text)
    begin = table.end() if table else 0
    following = _NEXT_TABLE.search(text, begin)
    start = _LIST.search(text, begin, following.start() if following else len(text))
    found: list[re.Match[str]] = []
    position = start.end() if start else len(text)
    while (token := _TOKEN.match(text, position)) is not None:
        found.append(token)
        position = token.end()
        if token[0] == "]":
            return found
    raise ValueError("`plugins = [...]` under [crmkit] was not found; edit it by hand")


def _names(tokens: Sequence[re.Match[str]]) -> list[int]:
    return [n for n, token in enumerate(tokens) if token[0][0] in "\"'"]


def _with(text: str, name: str) -> str:
    tokens = _tokens(text)
    names = _names(tokens)
    close = tokens[-1].start()
    needs_comma = bool(names) and not any(t[0] == "," for t in tokens[names[-1] :])
    line_start = text.rfind("\n", 0, close) + 1
    if text[line_start:close].strip():
        gap = ", " if needs_comma else " " if names else ""
        return text[:close].rstrip(" ") + gap + _string(name) + text[close:]
    if needs_comma:
        end = tokens[names[-1]].end()
        text = f"{text[:end]},{text[end:]}"
        line_start += 1
    return f"{text[:line_start]}{_indent(text, tokens, names)}{_string(name)},\n{text[line_start:]}"


def _indent(text: str, tokens: Sequence[re.Match[str]], names: Sequence[int]) -> str:
    if not names:
        return "    "
    start = tokens[names[-1]].start()
    line = text[text.rfind("\n", 0, start) + 1 : start]
    return line if not line.strip() else "    "


def _without(text: str, name: str) -> str:
    tokens = _tokens(text)
    for n in _names(tokens):
        if tomllib.loads(f"x = {tokens[n][0]}")["x"] == name:
            return _cut(text, tokens[n].start(), _end_of_item(tokens, n))
    return text


def _end_of_item(tokens: Sequence[re.Match[str]], n: int) -> int:
    for token in tokens[n + 1 :]:
        if token[0] == ",":
            return token.end()
        if not token[0].isspace():
            break
    return tokens[n].end()


def _cut(text: str, start: int, end: int) -> str:
    """*text* without the span; without the line and its comment when nothing else is on it."""
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", end)
    rest = text[end : line_end if line_end >= 0 else len(text)].strip()
    if not text[line_start:start].strip() and (not rest or rest.startswith("#")):
        return text[:line_start] + text[line_end + 1 :]
    left, right = text[:start], text[end:].lstrip(" ")
    return left.rstrip(" ").removesuffix(",") + right if right.startswith("]") else left + right


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
