"""One hand-over to endpoints that hang, drip, pour, lie, reset and redirect."""

import ssl
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crmkit import ConfigError
from crmkit.plugins.collaborative.webhook import Settings, guard
from crmkit.plugins.collaborative.webhook.posting import post, retry_after, trust
from tests.plugins.collaborative.webhook.conftest import (
    drip,
    endless_body,
    endless_headers,
    garbage,
    hang,
    hang_up,
    reply,
    reset,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def hand_over(url, seconds=5.0, ca_file=""):
    settings = Settings(
        allow_networks=("127.0.0.0/8",), timeout_seconds=seconds, ca_file=str(ca_file)
    )
    context = trust(settings, Path())
    return post(guard.parse(url), {"X-Own": "1"}, b'{"a":1}', settings, context, NOW)


def test_the_request_is_what_it_should_be(listen):
    here = listen()
    assert hand_over(here.url).status == 204
    headers, body = here.requests[0]
    assert headers[""] == "POST /in?x=1 HTTP/1.1"
    assert headers["host"] == f"127.0.0.1:{here.port}"
    assert (headers["x-own"], headers["content-length"], body) == ("1", "7", b'{"a":1}')


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_d12_a_redirect_is_a_failure_and_not_followed(listen, status):
    inner = listen()
    outer = listen(reply(status, f"Location: {inner.url}"))
    assert hand_over(outer.url).status == status
    assert inner.connections == 0
    outer.script = reply(status, f"Location: {outer.url}")
    assert hand_over(outer.url).status == status
    assert outer.connections == 2


@pytest.mark.parametrize(
    ("script", "problem", "was_sent"),
    [
        (hang, "took too long", True),
        (drip, "took too long", True),
        (reset, "broke the connection", True),
        (hang_up, "broke the connection", True),
        (garbage, "answered in no HTTP", True),
        (endless_headers, "answered with more headers than are read", True),
    ],
)
def test_d15b_what_is_no_answer_ends_and_may_have_been_taken_in(listen, script, problem, was_sent):
    begun = time.monotonic()
    answer = hand_over(listen(script).url, seconds=0.5)
    assert (answer.status, answer.problem, answer.was_sent) == (0, problem, was_sent)
    assert time.monotonic() - begun < 20  # an endless one would never come here


def test_d15b_a_gigabyte_of_body_is_not_read(listen):
    assert hand_over(listen(endless_body).url).status == 200


def test_d15b_a_gzip_bomb_is_not_unpacked(listen):
    bomb = bytes.fromhex("1f8b08000000000000ff") + b"\xff" * 60_000
    assert hand_over(listen(reply(200, "Content-Encoding: gzip", body=bomb)).url).status == 200


def test_an_interim_answer_is_not_the_answer(listen):
    def script(line):
        line.sendall(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nA: b\r\n\r\n")
        reply(503, "Retry-After: 7")(line)

    answer = hand_over(listen(script).url)
    assert (answer.status, answer.retry_after_seconds) == (503, 7.0)


def test_nobody_listens(listen):
    here = listen()
    here.close()
    answer = hand_over(here.url)
    assert (answer.status, answer.was_sent) == (0, False)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("99999999", 86_400), ("-1", 0), ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400), ("soon", 0),
        ("", 0), ("120", 120), ("Sun, 01 Mar 2026 00:01:00 GMT", 60), ("1e9", 0), ("١٢", 0),
        ("Sun, 01 Mar 2020 00:01:00 GMT", 0), ("9" * 30, 0), ("Fri, 99 Foo 2026", 0),
    ],
)  # fmt: skip
def test_d15d_retry_after_is_from_nothing_to_a_day(text, seconds):
    assert retry_after(text, NOW) == seconds


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    """``make(name, *options)``: a certificate for itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")

    def make(file, names):
        key, certificate = folder / f"{file}.key", folder / f"{file}.pem"
        openssl(
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
            "-subj", "/CN=test", "-addext", f"subjectAltName={names}",
        )  # fmt: skip
        return certificate, key

    return {
        "right": make("right", "IP:127.0.0.1,DNS:localhost"),
        "other": make("other", "DNS:other.example"),
        "expired": _expired(folder, *make("expired", "IP:127.0.0.1")),
    }


AUTHORITY = """
[ca]
default_ca = own
[own]
new_certs_dir = {0}
database = {0}/index
serial = {0}/serial
default_md = sha256
policy = any
x509_extensions = names
[any]
commonName = supplied
[names]
subjectAltName = IP:127.0.0.1
basicConstraints = CA:TRUE
"""


def _expired(folder, _, key):
    """A certificate of the past for *key*, signed by itself."""
    (folder / "index").touch()
    (folder / "serial").write_text("01")
    (folder / "ca.conf").write_text(AUTHORITY.format(folder))
    request, certificate = folder / "request.pem", folder / "past.pem"
    openssl("req", "-new", "-key", key, "-subj", "/CN=test", "-out", request)
    openssl(
        "ca", "-batch", "-selfsign", "-notext", "-config", folder / "ca.conf", "-keyfile", key,
        "-in", request, "-out", certificate, "-startdate", "20200101000000Z",
        "-enddate", "20200201000000Z",
    )  # fmt: skip
    return certificate, key


def openssl(*arguments):
    done = subprocess.run(["openssl", *arguments], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def serving(certificate, key, old=False):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if old:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = ssl.TLSVersion.TLSv1
    return lambda line: context.wrap_socket(line, server_side=True)


def test_tls_with_the_right_name_is_spoken(listen, certificates):
    here = listen(wrap=serving(*certificates["right"]))
    assert hand_over(here.url, ca_file=certificates["right"][0]).status == 204


def test_d15c_a_self_signed_certificate_is_a_failure(listen, certificates):
    here = listen(wrap=serving(*certificates["right"]))
    answer = hand_over(here.url)
    assert (answer.status, answer.problem[:10]) == (0, "TLS failed")
    assert here.requests == []


@pytest.mark.parametrize("which", ["other", "expired"])
def test_d15c_a_wrong_or_expired_certificate_is_a_failure(listen, certificates, which):
    here = listen(wrap=serving(*certificates[which]))
    answer = hand_over(here.url, ca_file=certificates[which][0])
    assert (answer.status, answer.problem[:10]) == (0, "TLS failed")
    assert here.requests == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_d15c_tls_of_yesterday_is_a_failure(listen, certificates):
    here = listen(wrap=serving(*certificates["right"], old=True))
    answer = hand_over(here.url, ca_file=certificates["right"][0])
    assert (answer.status, here.requests) == (0, [])


def test_authorities_that_cannot_be_read_are_named(tmp_path):
    (tmp_path / "empty.pem").touch()
    for name in ("empty.pem", "missing.pem"):
        with pytest.raises(ConfigError, match=rf"ca_file: .*{name}"):
            trust(Settings(ca_file=name), tmp_path)


def test_d15c_https_is_not_taken_down_to_http(listen):
    here = listen()
    answer = hand_over(here.url.replace("http:", "https:"), seconds=2)
    assert (answer.status, here.requests) == (0, [])
