"""Which mails a machine wrote, so that nobody answers them, nor counts them as an answer."""

from __future__ import annotations

from email.message import Message
from typing import Final

_WORDS: Final = {
    "precedence": ("bulk", "junk", "list", "auto_reply"),
    "x-auto-response-suppress": ("all", "oof", "autoreply"),
}
_ANY: Final = (
    "list-id", "list-unsubscribe", "x-autoreply", "x-autorespond", "x-autoresponder",
    "x-auto-reply", "x-loop", "feedback-id",
)  # fmt: skip
_MACHINES: Final = ("mailer-daemon", "postmaster", "noreply", "no-reply", "do-not-reply", "bounce")


def is_automatic(mail: Message, sender: str, own_key_header: str) -> bool:
    """
    As RFC 3834 has it, and as mail programs write it that do not know it. A mail of our own that
    came back counts too, so that two systems never talk to each other.
    """
    told = str(mail.get("auto-submitted", "")).split(";")[0].strip().lower()
    if told not in ("", "no") or mail.get(own_key_header):
        return True
    if str(mail.get("return-path", "?")).strip() == "<>" or mail.get_content_type() in (
        "multipart/report",
        "message/delivery-status",
    ):
        return True
    if any(mail.get(name) is not None for name in _ANY):
        return True
    for name, words in _WORDS.items():
        said = str(mail.get(name, "")).lower()
        if any(word in said.replace(" ", "").split(",") for word in words):
            return True
    return sender.partition("@")[0].partition("+")[0] in _MACHINES
