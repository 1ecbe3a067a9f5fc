"""
Where endpoints may be: what is refused is decided about addresses, when a connection is made.

A name is resolved once, all its addresses are judged, and one that was judged is connected to: a
name that leads elsewhere the next moment gains nothing.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

import attrs

from crmkit import InvalidValueError

from .errors import RefusedAddressError

Address = IPv4Address | IPv6Address
ACCEPTED: Final = "https://host/path, without user, password, fragment or blanks"
_REFUSED: Final = tuple(
    ip_network(each)
    for each in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32",
        "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
        "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",
        "240.0.0.0/4", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
    )
)  # fmt: skip
_PUBLIC_IPV6: Final = ip_network("2000::/3")
"""All else is local, reserved, or an IPv4 address in other clothes."""
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_-]+)*", re.ASCII)
_URL = re.compile(r"[!-~]{1,2000}", re.ASCII)


@attrs.frozen
class Target:
    """
    A URL, taken apart.

    Attributes:
        path: With the query.
    """

    is_tls: bool
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.is_tls else 80) else f"{host}:{self.port}"


def parse(url: str) -> Target:
    """
    Raises:
        InvalidValueError: If parsers could disagree about *url*, or it is no http or https.
    """
    try:
        parts = urlsplit(url if _URL.fullmatch(url) else "")
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise InvalidValueError("url", url, ACCEPTED) from None
    if parts.scheme not in ("http", "https") or not {"\\", "#", "@"}.isdisjoint(url):
        raise InvalidValueError("url", url, ACCEPTED)
    is_tls = parts.scheme == "https"
    if not (_HOST.fullmatch(host) or _is_ipv6(host)) or port == 0:
        raise InvalidValueError("url", url, ACCEPTED)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(is_tls, host, port or (443 if is_tls else 80), path)


def _is_ipv6(host: str) -> bool:
    try:
        return ":" in host and "%" not in host and bool(IPv6Address(host))
    except ValueError:
        return False


def is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _PUBLIC_IPV6:
        return False
    return not any(address in each for each in _REFUSED)


def addresses(target: Target, allowed: Sequence[str]) -> list[str]:
    """
    The addresses of *target*, all of which may be connected to.

    Raises:
        RefusedAddressError: If one of them must not be.
        OSError: If there is none.
    """
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    numbers = list(dict.fromkeys(str(each[4][0]) for each in found))
    for each in numbers:
        own = _is_in(ip_address(each), allowed)
        if not own and not is_public(ip_address(each)):
            raise RefusedAddressError("the endpoint's name leads to a private or reserved address")
        if not own and not target.is_tls:
            raise RefusedAddressError("http is for networks in allow_networks; elsewhere use https")
    return numbers


def _is_in(address: Address, networks: Iterable[str]) -> bool:
    return any(address in ip_network(each) for each in networks)
