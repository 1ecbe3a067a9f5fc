"""The settings under ``[email]``."""

from __future__ import annotations

import re
from typing import Any, Final, Literal, cast
from urllib.parse import urlsplit

import attrs

from crmkit import InvalidValueError

from .addresses import KEY, LONGEST_LOCAL, SIGNED
from .mailbox import LOOPBACK, Mailbox

Security = Literal["none", "tls", "starttls"]
_SCHEMES: Final[dict[str, tuple[Security, int]]] = {
    "smtp": ("none", 25),
    "smtps": ("tls", 465),
    "smtp+starttls": ("starttls", 587),
}
ACCEPTED: Final = "smtp://host:port, smtps://host, smtp+starttls://host or maildir:folder"
SECRET_CHARACTERS: Final = 32
_URL: Final = re.compile(r"[!#-;=?-\[\]_a-z~]{1,500}")
_SELECTOR: Final = re.compile(r"[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*")


@attrs.frozen
class Server:
    """A mail server and how to talk to it."""

    host: str
    port: int
    security: Security

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@attrs.frozen
class Maildir:
    """A folder on this machine."""

    folder: str


def parse_target(text: str) -> Server | Maildir | None:
    """
    Raises:
        InvalidValueError: If *text* is neither empty nor of an accepted form.
    """
    if not text:
        return None
    scheme, _, rest = text.partition(":")
    if scheme == "maildir" and rest:
        return Maildir(rest)
    parts = urlsplit(text)
    if parts.username is not None:
        accepted = "no user and password in the URL; they have settings of their own"
        raise InvalidValueError("target", f"{scheme}://...@{parts.hostname}", accepted)
    if scheme not in _SCHEMES or not parts.hostname or parts.path.strip("/") or parts.query:
        raise InvalidValueError("target", text, ACCEPTED)
    security, port = _SCHEMES[scheme]
    return Server(parts.hostname, parts.port or port, security)


def _target(_: object, __: object, value: str) -> None:
    parse_target(value)


def _link(_: object, field: attrs.Attribute[str], value: str) -> None:
    if not value:
        return
    parts = urlsplit(value)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not (is_safe and parts.hostname and _URL.fullmatch(value) and not parts.fragment):
        raise InvalidValueError(field.name, value, "an address such as https://shop.example/leave")


_positive: Any = attrs.validators.gt(0)
_BASE: Final = re.compile(r"[^\s@+<>()\[\],;:\\\"]+@[a-z0-9.-]{1,253}")
LONGEST_BASE: Final = LONGEST_LOCAL - len("+") - KEY - len("-") - SIGNED


def _base(_: object, field: attrs.Attribute[str], value: str) -> None:
    local = value.partition("@")[0]
    if value and (not _BASE.fullmatch(value) or len(local) > LONGEST_BASE):
        accepted = f"an address with at most {LONGEST_BASE} characters before the @, and no +"
        raise InvalidValueError(field.name, value, accepted)


@attrs.frozen(kw_only=True)
class Settings:
    """
    Where mail goes and whom it is from.

    Attributes:
        target: ``smtp://host:port``, ``smtps://host``, ``smtp+starttls://host``, or
            ``maildir:folder`` for a folder of mails that needs no server, beside ``crmkit.toml``
            unless absolute. Without one, nothing is sent.
        password: Best as ``{ env = "NAME" }``. Not sent in the clear, except on this machine.
        unsubscribe_to: Address for List-Unsubscribe; the mail's key is in the subject.
        unsubscribe_url: Where the host mounts :func:`unsubscribe_app`, for the one-click button of
            mail programs (RFC 8058).
        unsubscribe_secret: Signs what is in that link; at least 32 characters, best as
            ``{ env = "NAME" }``. A new one makes the links of old mails worthless.
        dkim_key_file, dkim_selector: The private key (PEM, RSA) that signs mails (RFC 6376), beside
            ``crmkit.toml`` unless absolute, and where its public half stands:
            ``SELECTOR._domainkey.`` before the domain of *from_address*.
        return_address: Where mails bounce to, such as ``bounces@mail.shop.example``; what stands
            behind a ``+`` says which mail it was (VERP), signed.
        reply_address: Where answers go; what stands behind a ``+`` says to what, signed. It takes
            the place of *reply_to*.
        address_secret: Signs these addresses; at least 32 characters, best as
            ``{ env = "NAME" }``.
        mailboxes: What is read for bounces, answers and new mail.
        soft_bounces, soft_bounce_days: So many refusals for now within so many days are taken for
            a wrong address.
        stop_words: An answer of nothing else, to a message of ours, ends what that was for.
        timeout_seconds: How long one answer of the server is waited for.
        helo: What we call ourselves; empty for this machine's name.
    """

    target: str = attrs.field(default="", validator=_target)
    user: str = ""
    password: str = attrs.field(default="", repr=False)
    from_address: str = ""
    from_name: str = ""
    reply_to: str = ""
    unsubscribe_to: str = ""
    unsubscribe_url: str = attrs.field(default="", validator=_link)
    unsubscribe_secret: str = attrs.field(default="", repr=False)
    dkim_key_file: str = ""
    dkim_selector: str = ""
    return_address: str = attrs.field(default="", validator=_base)
    reply_address: str = attrs.field(default="", validator=_base)
    address_secret: str = attrs.field(default="", repr=False)
    mailboxes: tuple[Mailbox, ...] = ()
    soft_bounces: int = attrs.field(default=3, validator=_positive)
    soft_bounce_days: int = attrs.field(default=14, validator=_positive)
    stop_words: tuple[str, ...] = (
        "stop", "unsubscribe", "remove me", "abmelden", "abbestellen", "désabonner", "baja",
        "cancellami", "afmelden", "afmeld", "odhlásit", "wypisz", "rezygnuję",
    )  # fmt: skip
    timeout_seconds: float = attrs.field(default=30.0, validator=_positive)
    helo: str = ""

    def __attrs_post_init__(self) -> None:
        self._check_pairs()
        place = self.place
        open_line = isinstance(place, Server) and place.security == "none"
        if self.password and open_line and cast(Server, place).host not in LOOPBACK:
            accepted = "smtps or smtp+starttls, so that the password does not travel in the clear"
            raise InvalidValueError("target", self.target, accepted)

    def _check_pairs(self) -> None:
        if self.unsubscribe_url and len(self.unsubscribe_secret) < SECRET_CHARACTERS:
            accepted = f"at least {SECRET_CHARACTERS} characters, where unsubscribe_url is set"
            raise InvalidValueError("unsubscribe_secret", "...", accepted)
        named = self.return_address or self.reply_address
        if named and len(self.address_secret) < SECRET_CHARACTERS:
            accepted = f"at least {SECRET_CHARACTERS} characters, where {named} is set"
            raise InvalidValueError("address_secret", "...", accepted)
        names = [each.name for each in self.mailboxes]
        if len(set(names)) != len(names):
            raise InvalidValueError("mailboxes", ", ".join(names), "each name once")
        if bool(self.dkim_key_file) != bool(self.dkim_selector):
            accepted = "set together with dkim_key_file, or not at all"
            raise InvalidValueError("dkim_selector", self.dkim_selector, accepted)
        if self.dkim_selector and not _SELECTOR.fullmatch(self.dkim_selector):
            accepted = "labels of a domain name, such as crm or crm.2026"
            raise InvalidValueError("dkim_selector", self.dkim_selector, accepted)

    @property
    def place(self) -> Server | Maildir | None:
        """*target*, taken apart."""
        return parse_target(self.target)
