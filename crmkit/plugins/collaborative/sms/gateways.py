"""
HTTP gateways as data: what they are told, and what their answers mean.

The bundled ones: Twilio's Messages resource, Vonage's SMS API with its table of error codes,
MessageBird's (Bird's) REST API, Sinch's batches.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import attrs

from crmkit import InvalidValueError

Verify = Literal["token", "hmac-sha256", "twilio"]
PLACEHOLDERS: Final = (
    *("to", "to_digits", "from", "text", "encoding", "key", "user", "secret", "basic"),
)
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_PLACE = re.compile(r"\{(\w+)\}")


@attrs.frozen(kw_only=True)
class Gateway:
    """
    One gateway. Texts may hold ``{to}``, ``{to_digits}`` (without the ``+``), ``{from}``,
    ``{text}``, ``{encoding}``, ``{key}`` (the same over retries), ``{user}``, ``{secret}`` and
    ``{basic}`` (both, as HTTP Basic wants them).

    Attributes:
        format: How *body* is written; ``GET`` has none, and all it says stands in *url*.
        encodings: What it calls texts in the alphabet of phones, and all others.
        sent: Statuses by which it says that it has the message.
        reference: Where the message's id stands in the answer, such as ``messages.0.message-id``;
            an answer without it proves nothing.
        code: Where a code stands that decides; empty when the status alone does.
        sent_codes, retry_codes: What it then says for yes and for later; all else is never.
        idempotent: It sends a message with the same ``{key}`` once.
        verify: How its calls prove where they come from: ``token`` in *verify_header* or in the
            query, ``hmac-sha256`` of the body in *verify_header*, or ``twilio``.
        message, report: Where ``id``, ``number``, ``text`` and ``state`` stand in its calls.
    """

    url: str
    method: Literal["GET", "POST", "PUT"] = "POST"
    headers: Mapping[str, str] = attrs.field(factory=dict)
    format: Literal["form", "json"] = "form"
    body: Mapping[str, Any] = attrs.field(factory=dict)
    encodings: tuple[str, str] = ("plain", "unicode")
    sent: tuple[int, ...] = (200, 201, 202)
    reference: str = ""
    code: str = ""
    sent_codes: tuple[str, ...] = ()
    retry_codes: tuple[str, ...] = ()
    idempotent: bool = False
    verify: Verify = "token"
    verify_header: str = "X-Token"
    message: Mapping[str, str] = attrs.field(factory=dict)
    report: Mapping[str, str] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        parts = urlsplit(self.url)
        is_here = parts.scheme == "http" and parts.hostname in LOOPBACK
        if (parts.scheme != "https" and not is_here) or not parts.hostname or "@" in parts.netloc:
            accepted = "https://host/path without user and password in it"
            raise InvalidValueError("url", f"{parts.scheme}://{parts.hostname}", accepted)
        if "{" in parts.netloc:
            raise InvalidValueError("url", parts.hostname, "a host without placeholders")
        for told in (self.url, *self.headers.values(), *_texts(self.body)):
            for name in _PLACE.findall(told):
                if name not in PLACEHOLDERS:
                    accepted = "one of " + ", ".join(PLACEHOLDERS)
                    raise InvalidValueError("placeholder", name, accepted)
        if not set(self.sent) <= set(range(200, 300)):
            raise InvalidValueError("sent", self.sent, "statuses from 200 to 299")
        if (self.method == "GET") == bool(self.body):
            accepted = "something to say; or none with GET, where the url says it"
            raise InvalidValueError("body", dict(self.body), accepted)
        if self.code and not self.sent_codes:
            raise InvalidValueError("sent_codes", self.sent_codes, "the codes that mean yes")


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)


def filled(value: Any, values: Mapping[str, str]) -> Any:
    """*value* with its placeholders filled in, however deep they are; each only once."""
    if isinstance(value, str):
        return _PLACE.sub(lambda found: values[found[1]], value)
    if isinstance(value, Mapping):
        return {key: filled(each, values) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [filled(each, values) for each in value]
    return value


def at_path(document: object, path: str) -> str:
    """What stands at ``a.0.b`` of *document*, as text; empty if nothing does."""
    found: Any = document
    for step in path.split("."):
        if isinstance(found, Mapping):
            found = found.get(step)
        elif isinstance(found, list) and step.isascii() and step.isdigit() and len(step) < 4:
            found = found[int(step)] if int(step) < len(found) else None
        else:
            return ""
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""


GATEWAYS: Final[Mapping[str, Gateway]] = {
    "twilio": Gateway(
        url="https://api.twilio.com/2010-04-01/Accounts/{user}/Messages.json",
        headers={"Authorization": "Basic {basic}"},
        body={"To": "{to}", "From": "{from}", "Body": "{text}"},
        reference="sid",
        verify="twilio",
        verify_header="X-Twilio-Signature",
        message={"id": "MessageSid", "number": "From", "text": "Body"},
        report={"id": "MessageSid", "number": "To", "state": "MessageStatus"},
    ),
    "vonage": Gateway(
        url="https://rest.nexmo.com/sms/json",
        body={
            "api_key": "{user}",
            "api_secret": "{secret}",
            "from": "{from}",
            "to": "{to_digits}",
            "text": "{text}",
            "type": "{encoding}",
        },
        encodings=("text", "unicode"),
        reference="messages.0.message-id",
        code="messages.0.status",
        sent_codes=("0",),
        retry_codes=("1", "5", "10"),
        message={"id": "messageId", "number": "msisdn", "text": "text"},
        report={"id": "messageId", "number": "msisdn", "state": "status"},
    ),
    "messagebird": Gateway(
        url="https://rest.messagebird.com/messages",
        headers={"Authorization": "AccessKey {secret}"},
        format="json",
        body={
            "originator": "{from}",
            "recipients": ["{to_digits}"],
            "body": "{text}",
            "reference": "{key}",
            "datacoding": "{encoding}",
        },
        reference="id",
    ),
    "sinch": Gateway(
        url="https://us.sms.api.sinch.com/xms/v1/{user}/batches",
        headers={"Authorization": "Bearer {secret}"},
        format="json",
        body={
            "from": "{from}",
            "to": ["{to}"],
            "body": "{text}",
            "type": "mt_text",
            "client_reference": "{key}",
        },
        reference="id",
    ),
}
