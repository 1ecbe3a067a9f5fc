"""Every bundled channel passes the suite that everybody's channels run."""

from contextlib import contextmanager

from crmkit.testing import ChannelSuite, OtherSide
from tests.faults.servers import CUT, liar, sink_at
from tests.plugins.collaborative.sms import gateway as texts

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


class TestSms(ChannelSuite):
    plugin = "sms"
    channel = "sms"
    address = "+48601234567"
    bad_addresses = ("nobody", "112", "+1 900 555 0123", "+48601", "601 234 567 ext. 1")

    @contextmanager
    def other_side(self, answer, folder):
        answers = {
            "sent": texts.answer(201, b'{"id": "m1"}'),
            "failed": texts.answer(422),
            "retry": texts.answer(429),
            "unknown": texts.CUT,
        }
        with texts.gateway(answers[answer]) as server:
            yield OtherSide(
                self._to(server.port),
                lambda: [
                    headers["Idempotency-Key"]
                    for _, headers, _ in server.requests
                    if answer == "sent"
                ],
            )

    def _to(self, port):
        custom = {
            "url": f"http://127.0.0.1:{port}/send",
            "headers": {"Authorization": "Bearer {secret}", "Idempotency-Key": "{key}"},
            "format": "json",
            "body": {"to": ["{to}"], "from": "{from}", "text": "{text}"},
            "reference": "id",
        }
        return {"custom": custom, "secret": "s3cr3t", "sender": "Shop", "timeout_seconds": 1}
