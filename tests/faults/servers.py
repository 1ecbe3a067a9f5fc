"""Mail servers on loopback: one that keeps its word and proves it, and one that says anything."""

from __future__ import annotations

import os
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar

from aiosmtpd.controller import Controller

CUT = "cut"
SILENCE = "silence"
Script = Mapping[str, bytes | str | Sequence[bytes | str]]


class Sink:
    """
    Accepts everything, and writes the key of each mail to a log on disk before it says so.

    Attributes:
        before_answer: Called with the key after the log is written and before the 250.
    """

    def __init__(self, log: Path) -> None:
        self._log = log
        self._log.touch()
        self.before_answer: Callable[[str], None] = lambda key: None
        self.envelopes: list[Any] = []

    @property
    def accepted(self) -> list[str]:
        return self._log.read_text().split()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.envelopes.append(envelope)
        (key,) = re.findall(rb"(?m)^X-CRMKit-Key: (\S+)\r$", envelope.content)
        with self._log.open("a") as file:
            file.write(key.decode() + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.before_answer(key.decode())
        return "250 2.0.0 queued"


@contextmanager
def sink_at(log: Path, **options: Any) -> Iterator[tuple[Sink, int]]:
    """A sink and its port."""
    sink = Sink(log)
    controller = Controller(sink, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield sink, controller.port
    finally:
        controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Liar:
    """
    A server that answers by a script.

    The script says what is answered to ``GREETING``, ``EHLO``, ``MAIL``, ``RCPT``, ``DATA``,
    ``END`` (the final dot), ``RSET``: bytes, CUT (reset the connection), SILENCE, or a list with
    one of these for each time. What it leaves out is answered as it should be.
    """

    POLITE: ClassVar[Script] = {
        "GREETING": b"220 liar\r\n",
        "EHLO": b"250 liar\r\n",
        "DATA": b"354 go ahead\r\n",
        "QUIT": b"221 bye\r\n",
    }

    def __init__(self, script: Script) -> None:
        self._script = {**self.POLITE, **script}
        self._said: dict[str, int] = {}
        self.commands: list[str] = []
        self.mails: list[bytes] = []
        self.connections = 0
        self._connection: socket.socket | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Gone, with the connection there may be."""
        for each in (self._listener, self._connection):
            with suppress(OSError):
                if each is not None:
                    each.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._connection = connection
            with connection:
                connection.settimeout(5)
                try:
                    self._talk(connection)
                except OSError:
                    continue

    def _talk(self, connection: socket.socket) -> None:
        file = connection.makefile("rb")
        if not self._answer(connection, "GREETING"):
            return
        while line := file.readline():
            self.commands.append(line.decode("utf-8", "replace").strip())
            verb = line[:4].decode("ascii", "replace").upper().strip()
            if not self._answer(connection, verb):
                return
            if verb == "DATA" and self._last.startswith(b"354"):
                lines = []
                while (line := file.readline()) not in (b".\r\n", b""):
                    lines.append(line)
                if line:
                    self.mails.append(b"".join(lines))
                    if not self._answer(connection, "END"):
                        return
            if verb == "QUIT":
                return

    def _answer(self, connection: socket.socket, verb: str) -> bool:
        """False when the connection is over."""
        given = self._script.get(verb, b"250 ok\r\n")
        if not isinstance(given, bytes | str):
            times = self._said[verb] = self._said.get(verb, 0) + 1
            given = given[min(times, len(given)) - 1]
        if given == CUT:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        self._last = given if isinstance(given, bytes) else b""
        if self._last:
            connection.sendall(self._last)
        return True


@contextmanager
def liar(script: Script) -> Iterator[Liar]:
    server = Liar(script)
    try:
        yield server
    finally:
        server.close()
