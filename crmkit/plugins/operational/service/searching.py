"""Words of articles, and which articles fit words best. No unit."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from math import log
from typing import Final

from crmkit.sql import fold

K1: Final = 1.2
B: Final = 0.75
"""Robertson's usual constants: how fast a word's count saturates, how much length matters."""
TITLE_COUNTS: Final = 3
"""As often as in the body a word in the title counts."""
_WORD = re.compile(r"\w+")


def words(text: str) -> list[str]:
    """The words of a text, without case and accents; of an unspaced script, pairs of letters."""
    found = []
    for word in _WORD.findall(fold(text)):
        if len(word) > 1 and any("\u3040" <= c <= "\u9fff" for c in word):
            found += [word[i : i + 2] for i in range(len(word) - 1)]
        else:
            found.append(word[:64])
    return found


def counted(title: str, body: str) -> Counter[str]:
    """How often each word counts for an article."""
    found = Counter(words(body))
    for word in words(title):
        found[word] += TITLE_COUNTS
    return found


def ranked(
    counts: Mapping[str, Mapping[int, int]],
    lengths: Mapping[int, int],
    articles: int,
    mean_length: float,
) -> list[tuple[int, float]]:
    """
    Article ids with their score, the best first.

    Args:
        counts: By word of the question, how often each article has it.
        lengths: Words of each article that has one.
        articles: How many there are.

    Source: S. Robertson, H. Zaragoza 2009, "The probabilistic relevance framework: BM25 and
    beyond", Foundations and Trends in Information Retrieval 3; with idf kept above 0.
    """
    scores: dict[int, float] = {}
    for of_word in counts.values():
        idf = log(1 + (articles - len(of_word) + 0.5) / (len(of_word) + 0.5))
        for article_id, count in of_word.items():
            norm = K1 * (1 - B + B * lengths[article_id] / mean_length)
            scores[article_id] = scores.get(article_id, 0) + idf * count * (K1 + 1) / (count + norm)
    return sorted(scores.items(), key=lambda each: (-each[1], each[0]))


def question(text: str) -> Sequence[str]:
    """The different words of what is looked for."""
    return list(dict.fromkeys(words(text)))
