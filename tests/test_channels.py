"""Every bundled channel passes the suite that everybody's channels run."""

from contextlib import contextmanager

from crmkit.testing import ChannelSuite, OtherSide
from tests.faults.servers import CUT, liar, sink_at

FROM = {"from_address": "shop@shop.example", "helo": "shop.example"}
NOT_ADDRESSES = ("nobody", "a@b@c", "a b@example.com", "a@x.org,b@x.org", "<a@x.org>")


class TestMail(ChannelSuite):
    plugin = "email"
    channel = "email"
    address = "ana@example.com"
    bad_addresses = NOT_ADDRESSES

    @contextmanager
    def other_side(self, answer, folder):
        if answer == "sent":
            with sink_at(folder / "log") as (sink, port):
                yield OtherSide(self._to(port), lambda: sink.accepted)
            return
        scripts = {"failed": b"550 5.1.1 no\r\n", "retry": b"451 later\r\n", "unknown": CUT}
        with liar({"END" if answer == "unknown" else "RCPT": scripts[answer]}) as server:
            yield OtherSide(self._to(server.port), lambda: server.mails)

    def _to(self, port):
        return FROM | {"target": f"smtp://127.0.0.1:{port}"}


class TestMailIntoAFolder(ChannelSuite):
    plugin = "email"
    channel = "email"
    address = "ana@example.com"
    bad_addresses = NOT_ADDRESSES
    answers = ("sent",)

    @contextmanager
    def other_side(self, answer, folder):
        def accepted():
            new = folder / "mail/new"
            found = sorted(new.iterdir(), key=lambda each: each.stat().st_mtime_ns)
            return [each.name for each in found]

        yield OtherSide(FROM | {"target": f"maildir:{folder / 'mail'}"}, accepted)
