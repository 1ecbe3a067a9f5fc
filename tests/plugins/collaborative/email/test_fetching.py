"""Reading mailboxes: a maildir, an mbox, and a real IMAP server."""

import json
import mailbox
from contextlib import closing

import pytest

from crmkit import CRM, ConfigError, RefusedError
from crmkit.plugins.collaborative import email
from crmkit.plugins.collaborative.email import Mailbox, shown_html
from tests.plugins.collaborative.email.imap import dovecot, missing, put
from tests.plugins.collaborative.email.samples import dsn, mail

POISON = b"From: a@b.example\n" + b"Content-Type: text/plain\n" * 600 + b"\nx\n"


def opened(make_crm, *boxes):
    told = {
        "mailboxes": [
            dict(zip(("name", "url", "user", "password"), b, strict=False)) for b in boxes
        ]
    }
    return make_crm("email", settings={"email": told})


def texts(crm):
    with crm.unit(write=False) as unit:
        people = unit.customers.page(size=100)
        return {i.text.strip() for who in people for i in unit.interactions.timeline(who.id)}


@pytest.fixture
def maildir(tmp_path):
    for name in ("new", "cur", "tmp"):
        (tmp_path / "in" / name).mkdir(parents=True)
    return tmp_path / "in"


def test_a_maildir_is_read_once_and_poison_stops_nothing(make_crm, maildir):
    crm = opened(make_crm, ("inbox", f"maildir:{maildir}"))
    for name, raw in (
        ("1", mail("One.")),
        ("2", POISON),
        ("3", dsn("b@x.example")),
        ("4", mail("Two.")),
    ):
        (maildir / "new" / name).write_bytes(raw)
    (done,) = email.fetch(crm)
    assert (done.new, done.quarantined, done.known, done.problem) == (2, 2, 0, "")
    assert texts(crm) == {"One.", "Two."}
    assert list((maildir / "new").iterdir()) == []
    assert len(list((maildir / "cur").iterdir())) == 4
    (again,) = email.fetch(crm)
    assert (again.new, again.quarantined) == (0, 0)
    with crm.unit(write=False) as unit:
        whys = [each.why for each in email.quarantined(unit)]
    assert "nothing proves" in whys[0]
    assert "500 parts" in whys[1]


def test_a_run_that_died_before_the_move_takes_nothing_in_twice(make_crm, maildir):
    crm = opened(make_crm, ("inbox", f"maildir:{maildir}"))
    raw = mail("One.", Message_ID="<m@x>")
    (maildir / "new" / "1").write_bytes(raw)
    email.fetch(crm)
    (maildir / "new" / "1").write_bytes(raw)
    (done,) = email.fetch(crm)
    assert (done.new, done.known) == (0, 1)


def test_an_mbox_is_read_whole_and_each_mail_once(make_crm, tmp_path):
    box = mailbox.mbox(tmp_path / "old.mbox")
    for n in range(3):
        box.add(mail(f"Mail {n}."))
    box.close()
    crm = opened(make_crm, ("old", f"mbox:{tmp_path / 'old.mbox'}"))
    assert email.fetch(crm)[0].new == 3
    (again,) = email.fetch(crm)
    assert (again.new, again.known) == (0, 3)


def test_a_mailbox_that_is_not_there_holds_up_no_other(make_crm, maildir):
    (maildir / "new" / "1").write_bytes(mail("One."))
    crm = opened(
        make_crm,
        ("gone", "imap://127.0.0.1:1/INBOX", "shop", "secret"),
        ("none", "maildir:nowhere"),
        ("inbox", f"maildir:{maildir}"),
    )
    gone, none, inbox = email.fetch(crm)
    assert "mailbox gone" in gone.problem
    assert "no maildir" in none.problem
    assert (inbox.new, inbox.problem) == (1, "")


def test_a_dry_run_counts_and_changes_nothing(make_crm, maildir):
    crm = opened(make_crm, ("inbox", f"maildir:{maildir}"))
    (maildir / "new" / "1").write_bytes(mail("One."))
    assert email.fetch(crm, dry_run=True)[0].new == 1
    assert len(list((maildir / "new").iterdir())) == 1
    assert texts(crm) == set()


def test_a_quarantined_mail_may_be_tried_again(make_crm, maildir):
    crm = opened(make_crm, ("inbox", f"maildir:{maildir}"))
    (maildir / "new" / "1").write_bytes(dsn("b@x.example"))
    email.fetch(crm)
    with crm.unit() as unit:
        (kept,) = email.quarantined(unit)
        with pytest.raises(email.UnprovenError):
            email.retry(unit, kept.id)
    with crm.unit(write=False) as unit:
        assert [each.id for each in email.quarantined(unit)] == [kept.id]


@pytest.mark.skipif(bool(missing()), reason=missing() or "-")
def test_an_imap_folder_is_read_from_where_we_were(make_crm):
    with dovecot() as (port, box):
        crm = opened(make_crm, ("inbox", f"imap://127.0.0.1:{port}/INBOX", "shop", "secret"))
        put(box, "1.x", mail("One."))
        put(box, "2.x", POISON)
        put(box, "3.x", mail("Two.", Message_ID="<two@x>"))
        (done,) = email.fetch(crm)
        assert (done.new, done.quarantined, done.problem) == (2, 1, "")
        (again,) = email.fetch(crm)
        assert (again.new, again.known) == (0, 0)
        put(box, "4.x", mail("Three."))
        assert email.fetch(crm)[0].new == 1
        assert texts(crm) == {"One.", "Two.", "Three."}


@pytest.mark.skipif(bool(missing()), reason=missing() or "-")
def test_numbers_that_begin_anew_take_nothing_in_twice_and_lose_nothing(make_crm):
    with dovecot() as (port, box):
        crm = opened(make_crm, ("inbox", f"imap://127.0.0.1:{port}/INBOX", "shop", "secret"))
        put(box, "1.x", mail("One."))
        assert email.fetch(crm)[0].new == 1
        for path in (*box.glob("dovecot*"), *box.glob("*/dovecot*")):
            path.unlink()
        (box / "dovecot-uidlist").write_text("3 V99 N1\n")
        (box / "dovecot-uidlist").chmod(0o666)
        put(box, "2.x", mail("Two."))
        (done,) = email.fetch(crm)
        assert (done.new, done.known, done.problem) == (1, 1, "")
        with crm.unit(write=False) as unit:
            from crmkit.plugins.collaborative.email.queries import read_until

            validity, _ = read_until(unit, "inbox")
        assert validity == 99


@pytest.mark.skipif(bool(missing()), reason=missing() or "-")
def test_a_wrong_password_is_told_as_such(make_crm):
    with dovecot() as (port, _):
        crm = opened(make_crm, ("inbox", f"imap://127.0.0.1:{port}/INBOX", "shop", "wrong"))
        (done,) = email.fetch(crm)
        assert "mailbox inbox" in done.problem
        assert "wrong" not in done.problem


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("imap://mail.example.com/INBOX", "imaps://"),
        ("pop3://x", "imaps://"),
        ("imaps://user:pw@host/INBOX", "settings of their own"),
        ("maildir:", "imaps://"),
    ],
)
def test_a_wrong_url_is_told(url, told):
    with pytest.raises(ValueError, match=told):
        Mailbox(url=url)


@pytest.mark.parametrize(
    "wrong",
    [
        {"return_address": "bounces+x@shop.example", "address_secret": "s" * 40},
        {"return_address": "b" * 20 + "@shop.example", "address_secret": "s" * 40},
        {"reply_address": "reply@shop.example"},
        {"mailboxes": [{"url": "mbox:a"}, {"url": "mbox:b"}]},
    ],
)
def test_wrong_settings_are_told(make_crm, wrong):
    with pytest.raises(ConfigError):
        make_crm("email", settings={"email": wrong})


def test_the_command_line(cli, tmp_path, maildir):
    assert cli("init", "--plugins", "email").exit_code == 0
    assert cli("email", "fetch").exit_code == 5
    with (tmp_path / "crmkit.toml").open("a") as file:
        file.write(f'\n[email]\n[[email.mailboxes]]\nurl = "maildir:{maildir}"\n')
    raw = mail(
        "--b\nContent-Type: application/pdf; name=x.pdf\n\n%PDF\n--b--",
        Content_Type='multipart/mixed; boundary="b"',
    )
    (maildir / "new" / "1").write_bytes(raw)
    (maildir / "new" / "2").write_bytes(POISON)
    done = cli("--format", "json", "email", "fetch")
    assert json.loads(done.stdout)[0] == {
        "mailbox": "inbox", "new": 1, "known": 0, "quarantined": 1, "problem": "",
    }  # fmt: skip
    with closing(CRM.from_config(tmp_path / "crmkit.toml")) as crm, crm.unit(write=False) as unit:
        (who,) = unit.customers.page(size=5)
        (said,) = unit.interactions.timeline(who.id)
    shown = json.loads(cli("--format", "json", "email", "attachments", str(said.id)).stdout)
    number = str(shown[0]["id"])
    assert cli("email", "save", number, "x.pdf").exit_code == 0
    assert (tmp_path / "x.pdf").read_bytes() == b"%PDF"
    assert cli("email", "save", number, "x.pdf").exit_code == 5
    (kept,) = json.loads(cli("--format", "json", "email", "quarantine").stdout)
    assert cli("email", "retry", str(kept["id"])).exit_code == 1
    assert cli("email", "drop", str(kept["id"])).exit_code == 0
    assert json.loads(cli("--format", "json", "email", "quarantine").stdout) == []


@pytest.mark.parametrize(
    "html",
    [
        "<img src=http://track.example/x.gif>",
        '<div style="background:url(http://track.example)">x</div>',
        '<link rel=stylesheet href="http://track.example">x',
        '<body background="http://track.example">x</body>',
        '<meta http-equiv=refresh content="0;url=http://track.example">',
        "<a href='java\tscript:alert(1)'>x</a>",
        "<a href='data:text/html,track.example'>x</a>",
        "<math><mtext><table><mglyph><style><!--</style>"
        "<img title='--&gt;&lt;img src=1 onerror=x&gt;'>",
        "<noscript><p title='</noscript><img src=x onerror=x>'>",
        "<xmp><p title='</xmp><script>x</script>'>",
        "<svg><script>x</script></svg><iframe src=http://track.example></iframe>",
    ],
)
def test_h19_h20_html_is_harmless_when_it_is_shown(html):
    shown = shown_html(html, {})
    for bad in ("track.example", "script", "onerror", "style=", "<img src", "javascript"):
        assert bad not in shown.lower().replace("&lt;", "").replace("noscript", "")


def test_h21_pictures_come_from_our_own_store_or_not_at_all():
    html = '<p>Hi <img src="cid:logo" alt="Logo"><img src="cid:other"></p>'
    shown = shown_html(html, {"logo": "/attachments/7"})
    assert '<img src="/attachments/7" alt="Logo">' in shown
    assert "cid:" not in shown


def test_h07_html_of_too_many_tags_is_not_cleaned_for_minutes():
    with pytest.raises(RefusedError, match="show the text"):
        shown_html("<div>" * 50_000, {})
