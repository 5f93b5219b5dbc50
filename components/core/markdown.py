"""Markdown that holds words of data: column names, classes, file names, what a person wrote into params."""

import re

SPECIAL = re.compile(r"[\\`*\[\]<>|~]|(?<!\w)_|_(?!\w)|!(?=\[)|&(?=#?\w+;)")
IN_CELL = re.compile(r"[\\`*<>~]|(?<!\w)_|_(?!\w)|!(?=\[)|\](?=[(\[])|&(?=#?\w+;)")
LINE_START = re.compile(r"^([#+\-=]|\d+(?=[.)]))")
TAG = re.compile(r"<(?=[A-Za-z/!?])")
# A picture that lies beside the page may be shown: a plain path, which has neither scheme nor host.
PICTURE = re.compile(r"!\[(?![^\[\]\n]*\]\(\w[\w.%/-]*\))")
# Links lead to pages: by http, by mail, within this one or beside it. Entities and blanks could hide another scheme.
TARGET = re.compile(r"\]\((?!https?://|mailto:|#|[\w.%/-]+[)\s?#]|\))")
DEFINED = "]:"  # a link by reference, whose target stands elsewhere


def escaped(text: object) -> str:
    """A value as plain words in a line or cell of Markdown: nothing in it is a tag, a link, a picture or a mark."""
    line = " ".join(str(text).split())
    return LINE_START.sub(_backslash_first, SPECIAL.sub(_one, line))


def escaped_cell(text: object) -> str:
    """The same of a cell of a table, which begins no line: `[0.2, 0.3]` is no link and stays. Bars are the table's."""
    return IN_CELL.sub(_one, " ".join(str(text).split()))


def code(text: object) -> str:
    """A span of code that holds the whole text, its backticks too."""
    line = " ".join(str(text).split())
    longest = max((len(run) for run in re.findall(r"`+", line)), default=0)
    fence, pad = "`" * (longest + 1), " " if "`" in line else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def inert(page: str) -> str:
    """A whole page in which no words can be HTML, run a script or have a picture of another host loaded.

    Its own marks stay: headings, tables, emphasis, links to pages, pictures that lie beside it.
    """
    words = TAG.sub("&lt;", page).replace(DEFINED, r"]\:")
    return TARGET.sub(r"]\\(", PICTURE.sub(r"!\\[", words))


def _one(found: "re.Match[str]") -> str:
    return {"<": "&lt;", ">": "&gt;", "&": "&amp;"}.get(found[0], f"\\{found[0]}")


def _backslash_first(found: "re.Match[str]") -> str:
    return f"{found[0]}\\" if found[0].isdigit() else f"\\{found[0]}"
