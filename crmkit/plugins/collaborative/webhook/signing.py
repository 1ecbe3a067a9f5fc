"""
Signatures as Standard Webhooks has them: ``v1,`` and the HMAC-SHA256 of ``id.timestamp.body``.

Source: Standard Webhooks, specification, "Signature scheme" and "Webhook headers".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

from crmkit import InvalidValueError

from .errors import BadMessageError, BadSignatureError

PREFIX: Final = "whsec_"
LONGEST_ID: Final = 200
LONGEST_SIGNATURES: Final = 4096
ACCEPTED: Final = "whsec_ and base64 of 24 to 64 random bytes"
_TIMESTAMP = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9_:+/=~-]+", re.ASCII)


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def key_of(secret: str) -> bytes:
    """
    The bytes that *secret* stands for.

    Raises:
        InvalidValueError: If it is too short, too long or no base64.
    """
    try:
        if not secret.startswith(PREFIX) or len(secret) > 128:
            raise ValueError
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if not 24 <= len(key) <= 64:
        raise InvalidValueError("secret", f"{secret[:6]}...", ACCEPTED)
    return key


def sign(keys: Iterable[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """The ``webhook-signature`` header: one signature for each key."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return " ".join(f"v1,{_digest(key, signed)}" for key in keys)


def _digest(key: bytes, signed: bytes) -> str:
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def verify(
    keys: Iterable[bytes],
    headers: Mapping[str, str],
    body: bytes,
    *,
    now: datetime,
    tolerance_seconds: int,
) -> str:
    """
    The id of a message that one of *keys* signed; *headers* by name in lower case.

    Raises:
        BadMessageError: If the id is not one that a signature can be about.
        BadSignatureError: If anything else is wrong.
    """
    message_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    given = headers.get("webhook-signature", "")
    if not message_id or not given or not _TIMESTAMP.fullmatch(timestamp):
        raise BadSignatureError("webhook-id, webhook-timestamp or webhook-signature is missing")
    if len(message_id) > LONGEST_ID or not _ID.fullmatch(message_id):
        raise BadMessageError("webhook-id is not letters, digits and _ : + / = ~ - only")
    if abs(now.astimezone(UTC).timestamp() - int(timestamp)) > tolerance_seconds:
        raise BadSignatureError("webhook-timestamp is too far off")
    signed = f"{message_id}.{timestamp}.".encode() + body
    wanted = [_digest(key, signed).encode() for key in keys]
    if not any(_is_one_of(wanted, each) for each in given[:LONGEST_SIGNATURES].split(" ")):
        raise BadSignatureError("no signature is right")
    return message_id


def _is_one_of(wanted: Iterable[bytes], signature: str) -> bool:
    """Whether a ``v1,...`` is right; every key is compared, each in constant time."""
    version, _, digest = signature.partition(",")
    given = digest.encode("utf-8", "replace")
    same = [hmac.compare_digest(each, given) for each in wanted]
    return version == "v1" and any(same)
