"""
The process that renders, from this side: started, asked, and ended when it takes too long.

What people write into templates runs there and not here. Its share of the processor is watched by
the kernel, which ends it however busy it is; a process that only sits there is ended from here.
"""

from __future__ import annotations

import json
import os
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from multiprocessing import spawn
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from crmkit import MissingExtraError

from .config import Settings
from .errors import NotStartedError

CHUNK: Final = 100
LONGEST_ANSWER: Final = 64_000_000
PATIENCE: Final = 20
"""So many times its share of the processor may pass by the clock: others want it too."""
MOST_ENDED: Final = 3
"""After so many messages in a row that had to be stopped, a template is given up."""
MOST_LOADED: Final = 32
"""More templates than that are loaded into a new process, so that memory stays bounded."""
_KEPT: Final = ("LD_LIBRARY_PATH", "PATH", "SYSTEMROOT")
_BOOT: Final = """
import importlib.util, json, sys
folder, path, cpu, memory = json.loads(sys.argv[1])
sys.path[:] = path
spec = importlib.util.spec_from_file_location(
    "crmkit_sandbox", folder + "/__init__.py", submodule_search_locations=[folder])
sys.modules["crmkit_sandbox"] = module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
from crmkit_sandbox.serving import main
main(cpu, memory)
"""
Answer = Mapping[str, Any]


class _EndedError(Exception):
    """The process ended before it answered."""


class Worker:
    """
    A process for one batch; a context manager, so that it does not outlive it.

    Raises:
        MissingExtraError: Without the extra ``templates``.
        NotStartedError: If no process can be started.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._ready: set[str] = set()
        self._unread = b""
        if not (find_spec("jinja2") and find_spec("babel")):
            raise MissingExtraError("Rendering templates", "templates")

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._end()

    def ask(self, request: Mapping[str, object]) -> Answer:
        """The answer; what ended the process is told in its ``error``."""
        try:
            self._write(request)
            return self._read()
        except _EndedError as exc:
            return _error(str(exc))

    def load(self, key: str, template: Mapping[str, object]) -> Answer:
        """Get a template ready under *key*; an ``error`` says why it cannot be."""
        if key in self._ready and self._process is not None:
            return {}
        if len(self._ready) >= MOST_LOADED:
            self._end()
        answer = self.ask({**template, "do": "load", "key": key})
        if not answer.get("error"):
            self._ready.add(key)
        return answer

    def render(
        self, key: str, template: Mapping[str, object], contexts: Sequence[Mapping[str, object]]
    ) -> Iterator[Answer]:
        """One answer for each; one that ends the process is an error of its own."""
        at = ended = 0
        while at < len(contexts):
            problem = self.load(key, template)
            if ended == MOST_ENDED:
                problem = _error(f"given up: {MOST_ENDED} messages in a row were stopped")
            if problem.get("error"):
                yield from [problem] * (len(contexts) - at)
                return
            part = contexts[at : at + CHUNK]
            try:
                most = self._settings.longest
                self._write({"do": "render", "key": key, "contexts": part, "most": most})
                for _ in part:
                    yield self._read()
                    at, ended = at + 1, 0
            except _EndedError as exc:
                yield _error(str(exc))
                at, ended = at + 1, ended + 1

    def _write(self, request: Mapping[str, object]) -> None:
        process = self._process or self._start()
        body = json.dumps(request, ensure_ascii=False).encode("utf-8", "surrogatepass")
        assert process.stdin is not None
        try:
            process.stdin.write(struct.pack(">I", len(body)) + body)
            process.stdin.flush()
        except OSError:
            raise self._ended() from None

    def _read(self) -> Answer:
        until = time.monotonic() + self._settings.cpu_seconds * PATIENCE
        (size,) = struct.unpack(">I", self._take(4, until))
        if size > LONGEST_ANSWER:
            self._end()
            raise _EndedError("too much comes out")
        answer: Answer = json.loads(self._take(size, until))
        return answer

    def _take(self, size: int, until: float) -> bytes:
        process = self._process
        assert process is not None
        assert process.stdout is not None
        pipe = process.stdout.fileno()
        pieces, held = [self._unread], len(self._unread)
        while held < size:
            ready, _, _ = select.select([pipe], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                self._end()
                raise _EndedError("takes too long")
            piece = os.read(pipe, 1 << 16)
            if not piece:
                raise self._ended()
            pieces.append(piece)
            held += len(piece)
        whole = b"".join(pieces)
        self._unread = whole[size:]
        return whole[:size]

    def _start(self) -> subprocess.Popen[bytes]:
        settings = self._settings
        folder = str(Path(__file__).parent / "sandbox")
        path = [str(Path(each).resolve()) for each in sys.path if each]
        told = [folder, path, settings.cpu_seconds, settings.memory_mb << 20]
        python = os.fsdecode(spawn.get_executable() or sys.executable)
        try:
            self._process = subprocess.Popen(
                [python, "-I", "-X", "utf8", "-c", _BOOT, json.dumps(told)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={name: os.environ[name] for name in _KEPT if name in os.environ},
                cwd=folder,
            )
        except OSError as exc:
            raise NotStartedError(f"{python} cannot be started: {exc}") from exc
        self._unread = b""
        return self._process

    def _ended(self) -> _EndedError:
        """Why the process ended by itself."""
        assert self._process is not None
        code = self._process.wait()
        assert self._process.stderr is not None
        last = self._process.stderr.read(1 << 16).decode(errors="replace").strip().split("\n")[-1]
        self._end()
        if code == -signal.SIGPROF:
            seconds = self._settings.cpu_seconds
            return _EndedError(f"takes more than {seconds:g} s of the processor")
        return _EndedError(f"the process that renders ended ({last or code})"[:300])

    def _end(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
        self._process.wait()
        self._process = None
        self._unread = b""
        self._ready.clear()


def _error(told: str) -> Answer:
    return {"error": told, "part": "", "line": 0, "missing": False}
