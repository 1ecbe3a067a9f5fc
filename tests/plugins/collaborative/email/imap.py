"""A private Dovecot for a test: one user, one maildir, a port of its own."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

DOVECOT = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")
CONFIG = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain
mail_location = maildir:{folder}/mail
first_valid_uid = 1
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={folder}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


def missing():
    """Why it cannot run here; empty where it can."""
    if DOVECOT is None:
        return "Dovecot is not installed: apt-get install dovecot-imapd"
    return "" if os.geteuid() == 0 else "a private Dovecot is started by root"


@contextmanager
def dovecot():
    """Yields its port and the maildir it serves."""
    folder = Path(tempfile.mkdtemp(prefix="crmkit-imap-", dir="/tmp"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = folder / "dovecot.conf"
    config.write_text(CONFIG.format(folder=folder, port=port))
    mail = folder / "mail"
    for name in ("new", "cur", "tmp"):
        (mail / name).mkdir(parents=True)
    for path in (folder, mail, *mail.iterdir()):
        path.chmod(0o755)
        shutil.chown(path, "nobody", "nogroup")
    subprocess.run([DOVECOT, "-c", config], check=True)
    try:
        _wait_for(port, folder)
        yield port, mail
    finally:
        subprocess.run([DOVECOT, "-c", config, "stop"], check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(port, folder):
    for _ in range(100):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as line:
                if b"OK" in line.recv(200):
                    return
        except OSError:
            pass
        time.sleep(0.05)
    raise RuntimeError((folder / "log").read_text())


def put(mail, name, raw):
    path = mail / "new" / name
    path.write_bytes(raw)
    shutil.chown(path, "nobody", "nogroup")
