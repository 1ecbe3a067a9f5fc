"""Messages that say: write to me no more."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from crmkit.sql import fold

WORDS: Final = (
    *("stop", "stopall", "stop all", "unsubscribe", "end", "quit", "cancel", "revoke"),
    *("optout", "opt out", "td", "remove", "no more", "stop please", "please stop"),
    *("stopp", "abmelden", "abbestellen", "kündigen"),  # German, and STOPP in Nordic ones
    *("arret", "arrêt", "arrêter", "desabonner", "désinscrire", "désinscription"),
    *("baja", "alto", "parar", "cancelar", "darse de baja", "sair", "remover"),
    *("basta", "annulla", "cancella", "disiscrivi"),
    *("stoppen", "afmelden", "uitschrijven", "avsluta", "avregistrera", "avmeld", "afmeld"),
    *("lopeta", "wypisz", "rezygnuję", "zrezygnuj", "odhlásit", "leiratkozás", "dezabonare"),
    *("iptal", "dur", "стоп", "отписаться", "відписатися", "στοπ", "διαγραφη"),
    *("停止", "退订", "退訂", "配信停止", "수신거부", "توقف", "إلغاء"),
)
_AROUND = re.compile(r"[\W_]+")


def is_opt_out(text: str, more: Iterable[str] = ()) -> bool:
    """Whether *text* is, as a whole, one of the words; case, accents, punctuation do not matter."""
    return _key(text) in _KEYS or _key(text) in {_key(each) for each in more if _key(each)}


def _key(text: str) -> str:
    return _AROUND.sub(" ", fold(text)).strip()


_KEYS: Final = frozenset(map(_key, WORDS))
