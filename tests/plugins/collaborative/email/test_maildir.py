from __future__ import annotations

import mailbox
from email import policy
from email.parser import BytesParser

import pytest

from crmkit import CRM, ConfigError
from crmkit.plugins.collaborative.email import NotConfiguredError, NotConnectedError
from crmkit.plugins.collaborative.email.channel import opened


def test_mail_programs_can_read_what_was_sent(email_crm, outgoing, tmp_path):
    crm = email_crm(target=f"maildir:{tmp_path / 'mail'}")
    with opened(crm) as send:
        assert send(outgoing()).state == "sent"
    box = mailbox.Maildir(tmp_path / "mail", factory=BytesParser(policy=policy.default).parse)
    (found,) = box
    assert found["To"] == "ana@example.com"
    assert found.get_content() == "There is tea.\n"


@pytest.mark.parametrize("is_read", [False, True])
def test_a_key_is_delivered_once_also_when_it_was_read_meanwhile(
    email_crm, outgoing, tmp_path, is_read
):
    crm = email_crm(target=f"maildir:{tmp_path / 'mail'}")
    with opened(crm) as send:
        send(outgoing())
    if is_read:
        (tmp_path / "mail/new/k1").rename(tmp_path / "mail/cur/k1:2,S")
    with opened(crm) as send:
        again = send(outgoing(text="again"))
    assert (again.state, again.detail) == ("sent", "was there already")
    assert len(mailbox.Maildir(tmp_path / "mail")) == 1


def test_a_half_written_mail_of_a_crash_is_not_a_mail(email_crm, outgoing, tmp_path):
    crm = email_crm(target=f"maildir:{tmp_path / 'mail'}")
    with opened(crm):
        (tmp_path / "mail/tmp/k1").write_bytes(b"From: sh")
    with opened(crm) as send:
        assert send(outgoing()).detail == ""
    assert (tmp_path / "mail/new/k1").read_bytes().endswith(b"There is tea.\r\n")


@pytest.mark.parametrize("key", ["../../evil", "a/b", ".hidden", "k:2,S", "", "k\n"])
def test_a_key_is_no_path(email_crm, outgoing, tmp_path, key):
    with opened(email_crm(target=f"maildir:{tmp_path / 'mail'}")) as send:
        assert send(outgoing(key=key)).state == "failed"
    assert list(tmp_path.rglob("evil*")) == []


def test_a_folder_that_cannot_be_is_told_before_anything_is_claimed(email_crm, tmp_path):
    (tmp_path / "file").write_text("")
    crm = email_crm(target=f"maildir:{tmp_path / 'file'}")
    with pytest.raises(NotConnectedError, match=r"maildir .*: Not a directory"), opened(crm):
        pass


def test_a_full_disk_is_for_now_and_leaves_nothing(email_crm, outgoing, tmp_path, monkeypatch):
    import os

    crm = email_crm(target=f"maildir:{tmp_path / 'mail'}")

    def full(_):
        raise OSError(28, "No space left on device")

    with opened(crm) as send:
        monkeypatch.setattr(os, "fsync", full)
        receipt = send(outgoing())
    assert (receipt.state, receipt.detail) == ("retry", "maildir: No space left on device")
    assert [path for path in (tmp_path / "mail").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("missing", ["target", "from_address"])
def test_without_a_target_or_a_sender_nothing_is_sent(email_crm, missing, tmp_path):
    crm = email_crm(**({"target": f"maildir:{tmp_path}"} | {missing: ""}))
    with pytest.raises(NotConfiguredError, match=f"{missing} is not set"), opened(crm):
        pass


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"target": "mail.example.com:25"}, "expected smtp://host:port"),
        ({"target": "http://x"}, "expected smtp://host:port"),
        ({"target": "maildir:"}, "expected smtp://host:port"),
        ({"target": "smtp://u:geheim@x"}, "expected no user and password in the URL"),
        ({"target": "smtp://x.org", "password": "geheim"}, "does not travel in the clear"),
        ({"timeout_seconds": 0}, "timeout_seconds"),
        ({"tarte": "x"}, "tarte"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_the_start(settings, told):
    with pytest.raises(ConfigError) as caught:
        CRM.open("sqlite://", ["email"], settings={"email": settings})
    assert told in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_the_password_comes_from_the_environment_and_is_not_shown(monkeypatch):
    from crmkit.plugins.collaborative.email import Settings

    monkeypatch.setenv("MAIL_PASSWORD", "hunter2")
    given = {"target": "smtps://mail.example", "password": {"env": "MAIL_PASSWORD"}}
    crm = CRM.open("sqlite://", ["email"], settings={"email": given})
    settings = crm.settings(Settings)
    assert settings.password == "hunter2"
    assert "hunter2" not in repr(settings)
    crm.close()
