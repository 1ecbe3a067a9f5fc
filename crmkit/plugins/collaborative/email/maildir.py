"""A maildir: a mail is a file, there once for each key, however often it is delivered."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crmkit import Receipt

from .errors import NotConnectedError
from .message import Mail


class Folder:
    """
    The maildir at *path*, made if it is not there; :mod:`mailbox` and mail programs can read it.

    Raises:
        NotConnectedError: If it cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            for name in ("tmp", "new", "cur"):
                (path / name).mkdir(parents=True, exist_ok=True)
            self._seen = {name.partition(":")[0] for name in os.listdir(path / "cur")}  # noqa: PTH208
            self._new = os.open(path / "new", os.O_RDONLY)
        except OSError as exc:
            raise NotConnectedError(f"maildir {path}: {exc.strerror or exc}") from exc

    def close(self) -> None:
        os.close(self._new)

    def deliver(self, mail: Mail) -> Receipt:
        """On disk, under its key, before this returns ``sent``."""
        place = self._path / "new" / mail.key
        if mail.key in self._seen or place.exists():
            told = "was there already"
            return Receipt(state="sent", reference=mail.message_id, detail=told)
        draft = self._path / "tmp" / mail.key
        try:
            _write(draft, mail.content)
        except OSError as exc:
            draft.unlink(missing_ok=True)
            return Receipt(state="retry", detail=f"maildir: {exc.strerror or exc}")
        try:
            draft.rename(place)
            os.fsync(self._new)
        except OSError as exc:
            return Receipt(state="unknown", detail=f"maildir: {exc.strerror or exc}")
        return Receipt(state="sent", reference=mail.message_id)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def opened(path: Path) -> Iterator[Folder]:
    folder = Folder(path)
    try:
        yield folder
    finally:
        folder.close()
