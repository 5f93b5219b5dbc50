"""Characters that nobody sees and that part words all the same: they come with text from pages and phones."""

import re
import unicodedata

# A first look, by which a line of letters is told by one search.
CANDIDATE = re.compile(
    "[\0\u00ad\u0600-\u0605\u061c\u06dd\u070f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
JOINERS = "\u200c\u200d"  # parts of emoji and of other scripts, where they change what is seen


def without_invisible(text: str) -> tuple[str, int]:
    """The text without NUL and characters of format, such as zero-width blanks and soft hyphens, and their number.

    A joiner stays where it joins: after a character that is neither a Latin letter nor a digit, sign or blank.
    """
    if CANDIDATE.search(text) is None:
        return text, 0
    kept: list[str] = []
    for character in text:
        if not _is_invisible(character) or (character in JOINERS and kept and _is_joined(kept[-1])):
            kept.append(character)
    return "".join(kept), len(text) - len(kept)


def _is_invisible(character: str) -> bool:
    return character == "\0" or unicodedata.category(character) == "Cf"


def _is_joined(before: str) -> bool:
    """Whether a joiner after this character belongs to it: an emoji, or a letter of a script that joins."""
    return ord(before) > 0x2FF and not before.isspace()
