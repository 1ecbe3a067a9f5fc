"""Runs in a process of its own: imports one plugin and writes down what that did. Not imported."""

from __future__ import annotations

import importlib
import importlib.util
import json
import locale
import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

WATCHED = [
    "os.chdir",
    "os.chmod",
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.link",
    "os.mkdir",
    "os.posix_spawn",
    "os.putenv",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.spawn",
    "os.symlink",
    "os.system",
    "os.truncate",
    "os.unsetenv",
    "shutil.copyfile",
    "shutil.move",
    "shutil.rmtree",
    "smtplib.connect",
    "socket.bind",
    "socket.connect",
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "sqlite3.connect",
    "subprocess.Popen",
    "tempfile.mkdtemp",
    "tempfile.mkstemp",
    "urllib.Request",
]
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def main(module: str, path: str | None, needs: list[str], answer: str) -> None:
    sys.path.pop(0)  # this script's own folder
    _import_what_is_there_anyway(needs)
    effects: list[str] = []
    watching = [True]

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if not watching[0]:
            return
        if event == "open" and arguments[2] & WRITING:
            effects.append(f"opens {arguments[0]} for writing")
        elif event in WATCHED:
            effects.append(f"calls {event}{arguments!r:.120}")

    before, modules = _state(), set(sys.modules)
    sys.addaudithook(watch)
    started = time.process_time()
    _import(module, path)
    cpu_ms = (time.process_time() - started) * 1000
    watching[0] = False
    effects += [f"changes {name}" for name, value in _state().items() if value != before[name]]
    new = {name.partition(".")[0] for name in set(sys.modules) - modules}
    told = {
        "cpu_ms": cpu_ms,
        "effects": effects,
        "libraries": sorted(new - sys.stdlib_module_names - {"crmkit", module.partition(".")[0]}),
    }
    Path(answer).write_text(json.dumps(told), encoding="utf-8")


def _import_what_is_there_anyway(needs: list[str]) -> None:
    import crmkit
    import crmkit.ask
    import crmkit.sql

    for name in crmkit.__all__:
        getattr(crmkit, name)
    for name in needs:
        importlib.import_module(name)


def _import(module: str, path: str | None) -> None:
    if path is None or importlib.util.find_spec(module.partition(".")[0]) is not None:
        importlib.import_module(module)
        return
    spec = importlib.util.spec_from_file_location(module, path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[module] = made
    spec.loader.exec_module(made)


def _state() -> dict[str, object]:
    handled = [each for each in signal.valid_signals() if each in _CATCHABLE]
    return {
        "the environment": dict(os.environ),
        "the folder": str(Path.cwd()),
        "the import path": list(sys.path),
        "the locale": locale.setlocale(locale.LC_ALL),
        "the recursion limit": sys.getrecursionlimit(),
        "the root logger": (logging.root.level, list(logging.root.handlers), logging.root.disabled),
        "the signal handlers": [signal.getsignal(each) for each in handled],
        "the threads": threading.active_count(),
    }


_CATCHABLE = {signal.SIGINT, signal.SIGTERM, *filter(None, [getattr(signal, "SIGHUP", None)])}

if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
