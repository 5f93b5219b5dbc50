"""Parts of a line that stay whatever their letters are: tags, addresses of mail and of pages, names after @."""

import re
from collections.abc import Iterator

CHUNK = re.compile(r"\S+")
TAG = re.compile(
    r"</?(?:a|abbr|b|big|blockquote|body|br|button|center|code|div|em|font|form|h[1-6]|head|hr|html|i|img|input|label|li"
    r"|link|meta|ol|option|p|pre|script|select|small|span|strong|style|sub|sup|table|tbody|td|th|thead|title|tr|u|ul)"
    r"(?:\s[^<>]{0,500})?/?>",
    re.IGNORECASE,
)
ENDS = re.compile("[^，。；、！？（）“”《》：…]+")  # no address has one of these
COMMAS = re.compile(r"[^,;()<>\[\]{}\"!]+")
PAGE = re.compile(r"://|www\.")
TOPIC = "#"
# A name of mail, or of a site or file without anything before it.
NAME = re.compile(r"@|[a-z0-9]\.(?:com|cn|org|net|edu|gov|info|io|html?|pdf|txt|docx?|xlsx?|py)(?![a-z0-9])")

Span = tuple[int, int]


def readable(shadow: str) -> Iterator[Span]:
    """The parts of a line, in its order, that may hold pinyin."""
    start = 0
    for kept_start, kept_stop in [*_kept(shadow), (len(shadow), len(shadow))]:
        if kept_start > start:
            yield start, kept_start
        start = max(start, kept_stop)


def _kept(shadow: str) -> list[Span]:
    tags = [match.span() for match in TAG.finditer(shadow)] if "<" in shadow else []
    found = list(tags)
    for chunk in CHUNK.finditer(shadow):
        if any(sign in chunk.group() for sign in "@:.#"):
            found += _addresses(shadow, chunk.span())
    return sorted(found) if tags else found


def _addresses(shadow: str, chunk: Span) -> Iterator[Span]:
    for piece in ENDS.finditer(shadow, *chunk):
        if PAGE.search(piece.group()) or piece.group().startswith(TOPIC):
            yield piece.span()
        elif NAME.search(piece.group()):
            yield from (part.span() for part in COMMAS.finditer(shadow, *piece.span()) if NAME.search(part.group()))
