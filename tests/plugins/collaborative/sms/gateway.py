"""An HTTP gateway on loopback that says, or does not say, whatever the test wants."""

from __future__ import annotations

import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

HANG = "hang"
CUT = "cut"
DRIP = "drip"
LINE = b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\n"


def answer(status, body=b"{}", *headers):
    head = LINE % status + b"".join(each + b"\r\n" for each in headers)
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


class Gateway:
    """Answers each request with the next of *script*, the last one for ever."""

    def __init__(self, script: Sequence[bytes | str], context: ssl.SSLContext | None) -> None:
        self._context = context
        self._script = list(script)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.connections = 0
        self.over = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self.over.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                peer, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=[peer], daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        with suppress(OSError):
            if self._context is not None:
                peer = self._context.wrap_socket(peer, server_side=True)
            self._talk(peer)

    def _talk(self, peer: socket.socket) -> None:
        with peer, peer.makefile("rb") as lines, suppress(OSError):
            while first := lines.readline():
                headers = {}
                while line := lines.readline().strip():
                    name, _, value = line.decode().partition(": ")
                    headers[name] = value
                content = lines.read(int(headers.get("Content-Length", 0)))
                self.requests.append((first.decode().strip(), headers, content))
                script = self._script
                told = script.pop(0) if len(script) > 1 else script[0]
                if not self._say(peer, told):
                    return

    def _say(self, peer: socket.socket, told: bytes | str) -> bool:
        if told == HANG:
            self.over.wait()
            return False
        if told == CUT:
            return False
        if told == DRIP:
            for byte in answer(201, b'{"id": "x"}'):
                if self.over.is_set():
                    return False
                peer.sendall(bytes([byte]))
                time.sleep(0.03)
            return True
        assert isinstance(told, bytes)
        peer.sendall(told)
        return not re.search(rb"(?i)connection: close", told)


@contextmanager
def gateway(*script: bytes | str, context: ssl.SSLContext | None = None) -> Iterator[Gateway]:
    server = Gateway(script, context)
    try:
        yield server
    finally:
        server.close()
