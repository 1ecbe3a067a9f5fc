"""What must not be connected to, by address, whatever it is called."""

import socket
from ipaddress import ip_address

import pytest

from crmkit import InvalidValueError
from crmkit.plugins.collaborative.webhook import RefusedAddressError, guard
from tests.plugins.collaborative.webhook.conftest import buy, states, tell, ways

REFUSED = [
    "10.254.0.0", "192.168.10.65", "172.16.10.65", "0.1.2.3", "0.0.0.0", "127.0.0.1",
    "127.254.254.254", "169.254.45.1", "255.255.255.255", "224.1.2.3", "233.252.0.16",
    "192.0.0.0", "192.0.0.255", "192.0.2.255", "198.51.100.65", "203.0.113.6", "100.100.0.0",
    "192.88.99.3", "198.18.0.0", "240.240.240.240", "::", "::1", "::ffff:127.0.0.1",
    "::ffff:0.0.0.1", "::ffff:169.254.169.254", "2001:db8::1", "3fff::dead:beef",
    "fe80::dead:beef", "febf:ffff::dead:beef", "fdee:3a45:9057::1", "2002:c000:204::dead:beef",
    "2002:c0a8:1::dead:beef", "64:ff9b::c0a8:0", "64:ff9b::808:808", "64:ff9b:1::dead:beef",
    "5f00::dead:beef", "100::1:2:3:4", "::127.0.0.1",
]  # fmt: skip
METADATA = [
    "169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1",
    "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "ff02::1", "::ffff:8.8.8.8",
    "fe80::1%1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
]  # fmt: skip


def test_there_are_38_addresses_in_the_table():
    assert len(REFUSED) == 38


@pytest.mark.parametrize("address", [*REFUSED, *METADATA])
def test_d10_addresses_that_are_not_public_are_refused(address, monkeypatch):
    assert not guard.is_public(ip_address(address))
    resolving(monkeypatch, [address])
    with pytest.raises(RefusedAddressError):
        guard.addresses(guard.parse("https://inside.example/"), ())


@pytest.mark.parametrize("address", ["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111"])
def test_public_addresses_may_be_connected_to_but_not_in_the_clear(address, monkeypatch):
    resolving(monkeypatch, [address])
    assert guard.addresses(guard.parse("https://public.example/"), ()) == [address]
    with pytest.raises(RefusedAddressError, match="elsewhere use https"):
        guard.addresses(guard.parse("http://public.example/"), ())


def resolving(monkeypatch, *answers):
    """Let names lead to the first of *answers*, next time to the second, then on to the last."""
    asked = []

    def resolve(host, port, **options):
        found = answers[min(len(asked), len(answers) - 1)]
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in found]

    monkeypatch.setattr(guard.socket, "getaddrinfo", resolve)
    return asked


SPELLINGS = [
    "127.0.0.1", "[::1]", "127.1", "2130706433", "0x7f000001", "017700000001", "0", "0x7f.1",
    "127.0.1", "0177.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[0:0:0:0:0:ffff:7f00:1]",
    "[::127.0.0.1]", "LOCALHOST", "0x7F.0.0.0x1",
]  # fmt: skip


@pytest.mark.parametrize("host", SPELLINGS)
def test_d01_to_d07_loopback_in_every_spelling_is_refused_at_connect(host):
    try:
        target = guard.parse(f"http://{host}:6379/")
        with pytest.raises((RefusedAddressError, OSError)) as caught:
            guard.addresses(target, ())
    except InvalidValueError:
        return
    assert caught.type is RefusedAddressError or issubclass(caught.type, socket.gaierror)


@pytest.mark.parametrize("host", ["①②⑦.⓪.⓪.①", "127。0。0。1", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "１２７.0.0.1"])
def test_d08_and_d09_digits_in_disguise_are_refused_at_once(host):
    with pytest.raises(InvalidValueError):
        guard.parse(f"http://{host}/")


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "gopher://a.example/", "ftp://a.example/", "http://good@127.0.0.1",
        "http://good\\@127.0.0.1", "http://127.0.0.1:80\t@good", "http://a.example/\r\nX: y",
        "http://a.example/ b", "https://a.example/#frag", "https://", "https://a.example:0/",
        "https://a.example:99999/", "https://a.example:x/", "//a.example/", "https:a.example",
        "https://[::1", "https://[fe80::1%25eth0]/", "https://a..example/", "https://a.example./",
        "javascript:alert(1)", "https://a.example/\x00", "", "https://user:pw@a.example/",
        "https://" + "a" * 2000 + ".example/", "https://%31%32%37.0.0.1/",
    ],
)  # fmt: skip
def test_d13_a_url_that_parsers_may_read_otherwise_is_refused(url):
    with pytest.raises(InvalidValueError):
        guard.parse(url)


def test_d11_one_inner_address_among_outer_ones_is_enough_to_refuse(monkeypatch):
    for inner in ("10.0.0.1", "fd00::1"):
        resolving(monkeypatch, ["93.184.216.34", inner])
        with pytest.raises(RefusedAddressError):
            guard.addresses(guard.parse("https://mixed.example/"), ())


def test_d11_the_connection_goes_to_the_address_that_was_judged(shop, listen, monkeypatch):
    """A resolver that would say something else the second time is not asked a second time."""
    here, honeypot = listen(), listen(host="127.0.0.2")
    asked = resolving(monkeypatch, ["127.0.0.1"], ["127.0.0.2"])
    tell(shop, "here", f"http://rebinding.example:{here.port}/")
    buy(shop)
    assert webhook_pass(shop) == {"sent": 1}
    assert asked == ["rebinding.example"]
    assert (here.connections, honeypot.connections) == (1, 0)
    assert here.requests[0][0]["host"] == f"rebinding.example:{here.port}"


def webhook_pass(crm):
    from crmkit.plugins.collaborative import webhook

    return dict(webhook.send_due(crm).counts)


def test_r31_no_spelling_reaches_a_honeypot(make_shop, listen):
    crm = make_shop(allow_networks=[])
    honeypot = listen()
    added = 0
    for number, host in enumerate(SPELLINGS):
        try:
            tell(crm, f"h{number}", f"http://{host}:{honeypot.port}/")
            added += 1
        except InvalidValueError:
            continue
    buy(crm)
    assert webhook_pass(crm) == {"later": added}
    assert honeypot.connections == 0
    assert {each.detail for each in ways(crm)} <= {
        "the endpoint's name leads to a private or reserved address",
        "its name is unknown",
    }


def test_a_network_that_is_allowed_is_allowed_and_no_other(make_shop, listen):
    crm = make_shop(allow_networks=["127.0.0.1/32"])
    here, there = listen(), listen(host="127.0.0.2")
    tell(crm, "here", here.url)
    tell(crm, "there", there.url)
    buy(crm)
    assert webhook_pass(crm) == {"sent": 1, "later": 1}
    assert (here.connections, there.connections) == (1, 0)
    assert states(crm) == ["queued", "sent"]
