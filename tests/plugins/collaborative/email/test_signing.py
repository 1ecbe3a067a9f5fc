"""DKIM as somebody else's verifier sees it."""

from __future__ import annotations

import base64
import shutil
import subprocess

import pytest

from crmkit.plugins.collaborative.email import NotConfiguredError
from crmkit.plugins.collaborative.email.channel import opened

dkim = pytest.importorskip("dkim")

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl makes the keys")


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """A private key's file, and the DNS record of its public half."""
    path = tmp_path_factory.mktemp("keys") / "dkim.pem"
    subprocess.run(["openssl", "genrsa", "-out", path, "2048"], check=True, capture_output=True)
    command = ["openssl", "rsa", "-in", path, "-pubout", "-outform", "DER"]
    public = subprocess.run(command, check=True, capture_output=True).stdout
    return path, b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)


@pytest.fixture
def sent(email_crm, outgoing, tmp_path, keys):
    crm = email_crm(
        target=f"maildir:{tmp_path / 'mail'}",
        dkim_key_file=str(keys[0]),
        dkim_selector="crm",
        unsubscribe_url="https://shop.example/leave",
        unsubscribe_secret="s" * 32,
    )
    with opened(crm) as send:
        assert send(outgoing(subject="Grüße", text="There is tea.\n")).state == "sent"
    (path,) = (tmp_path / "mail/new").iterdir()
    return path.read_bytes()


def is_valid(content, record):
    names = []

    def dns(name, timeout=5):
        names.append(name)
        return record

    return dkim.verify(content, dnsfunc=dns), names


def test_a_verifier_accepts_the_mail_under_our_domain(sent, keys):
    assert is_valid(sent, keys[1]) == (True, [b"crm._domainkey.shop.example."])


def test_both_unsubscribe_headers_are_covered(sent):
    signature = sent[: sent.index(b"\r\nFrom:")].replace(b"\r\n ", b"").replace(b" ", b"").lower()
    covered = signature.partition(b";h=")[2].partition(b";")[0].split(b":")
    assert {b"list-unsubscribe", b"list-unsubscribe-post", b"from", b"subject"} <= set(covered)
    assert covered.count(b"from") == 2


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b"There is tea.", b"There is gin."),
        (b"To: ana@", b"To: bob@"),
        (b"\r\nDate:", b"\r\nSubject: another\r\nDate:"),
        (b"\r\nDate:", b"\r\nFrom: evil@example.com\r\nDate:"),
        (b"List-Unsubscribe=One-Click", b"List-Unsubscribe=Two-Clicks"),
    ],
)
def test_a_mail_that_was_changed_is_not_ours(sent, keys, was, becomes):
    assert was in sent
    assert not is_valid(sent.replace(was, becomes, 1), keys[1])[0]


@pytest.mark.parametrize("content", [None, b"", b"not a key"])
def test_a_key_that_is_none_sends_nothing_unsigned(email_crm, tmp_path, content):
    path = tmp_path / "key.pem"
    if content is not None:
        path.write_bytes(content)
    crm = email_crm(
        target=f"maildir:{tmp_path / 'mail'}", dkim_key_file=str(path), dkim_selector="crm"
    )
    with pytest.raises(NotConfiguredError, match="dkim_key_file"), opened(crm):
        pass
