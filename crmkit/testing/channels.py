"""The conformance suite of a channel, for whoever contributes one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from crmkit import CRM, Outgoing, Plugin, Receipt, ReceiptState

    from .fixtures import MakeCRM

TEXTS = {
    "empty": "",
    "many scripts": "Grüße, 你好, שלום, नमस्ते",
    "an emoji of several": "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER}",
    "lines of all ends": "one\r\ntwo\nthree\rfour\n.\n..\n",
    "looks like a template": "{{ 7*7 }} {0.__class__} %(password)s",
    "looks like a header": "Bcc: evil@example.com\n\nBcc: evil@example.com",
    "markup": "<script>alert(1)</script>\"&'",
    "a long line": "x" * 100_000,
    "directions and blanks": "\u202eabc\u202c\u200b\ufeff\u2028\x85",
    "a control": "\x1b]0;t\x07",
}


@attrs.frozen
class OtherSide:
    """
    Who the channel talks to in a test.

    Attributes:
        settings: The plugin's settings that lead there.
        accepted: The key of every message it took, in order, as often as it took it.
    """

    settings: Mapping[str, object]
    accepted: Callable[[], Sequence[str]]


class ChannelSuite:
    """
    Everything crmkit asks of a channel, as tests::

        class TestPigeon(ChannelSuite):
            plugin = "pigeon"
            channel = "pigeon"
            address = "ana@example.com"
            bad_addresses = ("nobody", "a@b@c")

            @contextmanager
            def other_side(self, answer, folder):
                with loft(answer) as server:
                    yield OtherSide({"loft": server.url}, server.keys)

    Attributes:
        plugin: Who contributes it: an installed name, a path of a .py file, or a Plugin.
        channel: The name of the channel.
        also: Plugins to enable beside it and those it requires.
        address: One it can send to.
        bad_addresses: Some it must refuse before anything leaves.
        answers: What the other side can be made to answer.
        needs_settings: Whether it can send nothing without any.
    """

    plugin: ClassVar[str | Path | Plugin]
    channel: ClassVar[str]
    address: ClassVar[str]
    bad_addresses: ClassVar[Sequence[str]]
    also: ClassVar[tuple[str | Path | Plugin, ...]] = ()
    answers: ClassVar[tuple[ReceiptState, ...]] = ("sent", "failed", "retry", "unknown")
    needs_settings: ClassVar[bool] = True

    def other_side(self, answer: ReceiptState, folder: Path) -> AbstractContextManager[OtherSide]:
        """
        Start a real one, on loopback or in *folder*, that answers every message in a way that
        means *answer*.
        """
        raise NotImplementedError

    def test_it_says_what_it_is(self, make_crm: MakeCRM) -> None:
        found = self._open(make_crm).contributed.channels[self.channel]
        assert found.summary.endswith(".")
        assert len(found.summary) <= 100

    def test_without_settings_it_names_what_to_set(self, make_crm: MakeCRM) -> None:
        from crmkit import CrmkitError, ask

        if not self.needs_settings:
            pytest.skip("it needs no settings")
        crm = self._open(make_crm)
        with pytest.raises(CrmkitError, match=rf"\[{self._name}"):
            crm.contributed.channels[self.channel].open(crm).__enter__()
        with crm.unit(write=False) as unit:
            found = ask.diagnose(unit)
        assert any(each.subject == self._name and each.mend for each in found)

    def test_what_is_accepted_carries_its_key(self, make_crm: MakeCRM, tmp_path: Path) -> None:
        with self.other_side("sent", tmp_path) as other:
            crm = self._open(make_crm, other)
            receipts = self._send(crm, self._outgoing("k1"), self._outgoing("k2"))
            assert [each.state for each in receipts] == ["sent", "sent"]
            assert list(other.accepted()) == ["k1", "k2"]

    @pytest.mark.parametrize("answer", ["failed", "retry", "unknown"])
    def test_every_answer_has_its_class(
        self, make_crm: MakeCRM, tmp_path: Path, answer: ReceiptState
    ) -> None:
        if answer not in self.answers:
            pytest.skip(f"the other side never answers so that it means {answer}")
        with self.other_side(answer, tmp_path) as other:
            (receipt,) = self._send(self._open(make_crm, other), self._outgoing("k1"))
        assert receipt.state == answer
        assert receipt.detail
        if answer != "unknown":
            assert not other.accepted()

    def test_a_bad_address_fails_and_the_next_is_sent(
        self, make_crm: MakeCRM, tmp_path: Path
    ) -> None:
        bad = [*self.bad_addresses, "", f"{self.address}\r\nBcc: evil@example.com"]
        with self.other_side("sent", tmp_path) as other:
            crm = self._open(make_crm, other)
            messages = [self._outgoing(f"b{n}", address=each) for n, each in enumerate(bad)]
            *refused, last = self._send(crm, *messages, self._outgoing("good"))
            assert {each.state for each in refused} == {"failed"}
            assert all(each.detail for each in refused)
            assert last.state == "sent"
            assert list(other.accepted()) == ["good"]

    @pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
    def test_any_text_is_sent_or_refused(
        self, make_crm: MakeCRM, tmp_path: Path, text: str
    ) -> None:
        with self.other_side("sent", tmp_path) as other:
            crm = self._open(make_crm, other)
            (receipt,) = self._send(crm, self._outgoing("k1", subject=text[:200], text=text))
            assert receipt.state in ("sent", "failed")
            assert list(other.accepted()) == ["k1"] * (receipt.state == "sent")

    def test_html_beside_the_text_is_sent_or_left_out(
        self, make_crm: MakeCRM, tmp_path: Path
    ) -> None:
        with self.other_side("sent", tmp_path) as other:
            crm = self._open(make_crm, other)
            (receipt,) = self._send(crm, self._outgoing("k1", html="<p>There is tea.</p>"))
            assert receipt.state == "sent"
            assert list(other.accepted()) == ["k1"]

    def test_it_can_be_opened_again(self, make_crm: MakeCRM, tmp_path: Path) -> None:
        with self.other_side("sent", tmp_path) as other:
            crm = self._open(make_crm, other)
            for key in ("k1", "k2"):
                self._send(crm, self._outgoing(key))
            assert list(other.accepted()) == ["k1", "k2"]

    def test_the_ledger_sends_through_it_once(self, make_crm: MakeCRM, tmp_path: Path) -> None:
        from crmkit import Customer
        from crmkit.plugins.foundation import delivery

        with self.other_side("sent", tmp_path) as other:
            crm = self._open(make_crm, other, "delivery")
            with crm.unit() as unit:
                who = unit.customers.add(Customer(name="Ana"))
                intent = delivery.Intent(
                    run="suite",
                    step="first",
                    customer_id=who.id,
                    channel=self.channel,
                    address=self.address,
                    purpose="care",
                    subject="Hello",
                    text="There is tea.",
                )
                (number,) = delivery.intend_many(unit, [intent]).ids
            assert str(delivery.run_until_empty(crm)) == "1 sent"
            assert not delivery.run_until_empty(crm)
            with crm.unit(write=False) as unit:
                assert list(other.accepted()) == [delivery.message(unit, number).key]

    @property
    def _name(self) -> str:
        from .subject import subject_of

        return subject_of(self.plugin).plugin.name

    def _open(
        self, make_crm: MakeCRM, other: OtherSide | None = None, *also: str | Path | Plugin
    ) -> CRM:
        from .subject import subject_of

        subject = subject_of(self.plugin, (*self.also, *also))
        settings = {self._name: other.settings} if other else {}
        return make_crm(*subject.needs, subject.plugin, settings=settings)

    def _outgoing(self, key: str, **changes: Any) -> Outgoing:
        from crmkit import Outgoing

        given: dict[str, Any] = {
            "key": key,
            "customer_id": 1,
            "address": self.address,
            "subject": "Hello",
            "text": "There is tea.",
            "purpose": "care",
        }
        return Outgoing(**(given | changes))

    def _send(self, crm: CRM, *messages: Outgoing) -> list[Receipt]:
        with crm.contributed.channels[self.channel].open(crm) as send:
            return [send(each) for each in messages]
