"""HTML of others, made harmless when it is shown and not before: what is stored is what came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from crmkit import MissingExtraError, RefusedError

LARGEST: Final = 1_000_000
MOST_TAGS: Final = 20_000
_TAGS: Final = {
    "a", "b", "blockquote", "br", "code", "div", "em", "h1", "h2", "h3", "h4", "hr", "i", "img",
    "li", "ol", "p", "pre", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "u",
    "ul",
}  # fmt: skip
_ATTRIBUTES: Final = {"a": {"href"}, "img": {"src", "alt"}, "td": {"colspan"}, "th": {"colspan"}}


def shown_html(html: str, images: Mapping[str, str]) -> str:
    """
    *html* without anything that acts, loads from elsewhere, or looks like a part of the page.

    Args:
        images: By content id, where the host serves that attachment; other images are left out.

    Raises:
        RefusedError: If it is too large or has too many tags to be cleaned; show the text.
        MissingExtraError: Without the extra ``mail``.
    """
    if len(html) > LARGEST or html.count("<") > MOST_TAGS:
        raise RefusedError(f"the HTML has {len(html):,} characters; show the text of the mail")
    try:
        import nh3
    except ModuleNotFoundError as exc:
        raise MissingExtraError("Showing HTML", "mail") from exc

    def kept(tag: str, name: str, value: str) -> Any:
        if (tag, name) != ("img", "src"):
            return value
        scheme, _, content_id = value.partition(":")
        return images.get(content_id) if scheme.lower() == "cid" else None

    cleaned: str = nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=kept,
        url_schemes={"https", "http", "mailto", "cid"},
        link_rel="noopener noreferrer nofollow",
    )
    return cleaned
