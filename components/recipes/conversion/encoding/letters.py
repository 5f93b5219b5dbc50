"""A text beside its shadow, in which every letter that pinyin may be typed with is one of a to z."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from components.recipes.conversion.encoding.tones import MARKS, NO_TONE, SUPERSCRIPTS

# A character with its combining marks, and u: for ü, which is only meant after n and l.
CLUSTER = re.compile(r"(?<=[nNlL])[uU]:|.[\u0300-\u036f]*", re.DOTALL)
DIAERESIS, CIRCUMFLEX = "\u0308", "\u0302"
LOOK_ALIKES = {"ɑ": "a", "ɡ": "g", "ı": "i"}  # how printed pinyin writes a and g; a dotless i under a mark
FULL_WIDTH = range(0xFF01, 0xFF5F)
FROM_FULL_WIDTH = 0xFEE0
OTHER = "\0"


@dataclass(frozen=True)
class Spelled:
    """`shadow[i]` stands for `clusters[i]`; `toned` has the tones of letters with a tone mark by their places."""

    clusters: list[str]
    shadow: str
    toned: Mapping[int, int]

    def between(self, start: int, stop: int) -> str:
        """The text itself."""
        return "".join(self.clusters[start:stop])


def spell(text: str) -> Spelled:
    if text.isascii() and ":" not in text:
        return Spelled(list(text), text.lower(), {})
    clusters = CLUSTER.findall(text)
    letters = [_letter(cluster) for cluster in clusters]
    toned = {place: tone for place, (_, tone) in enumerate(letters) if tone}
    return Spelled(clusters, "".join(letter for letter, _ in letters), toned)


@lru_cache(maxsize=1 << 14)
def _letter(cluster: str) -> tuple[str, int]:
    """The shadow of a cluster, one character, and its tone. A number above the line is one on it."""
    if cluster in ("u:", "U:"):
        return "v", NO_TONE
    base, *marks = list(unicodedata.normalize("NFD", cluster[:64]))  # no letter has more marks
    base = chr(ord(base) - FROM_FULL_WIDTH) if ord(base) in FULL_WIDTH else LOOK_ALIKES.get(base, base)
    if not marks:
        return base.lower() if base.isascii() else SUPERSCRIPTS.get(base, base), NO_TONE
    tones = [MARKS[mark] for mark in marks if mark in MARKS]
    letter, others = base.lower(), frozenset(marks) - MARKS.keys()
    if not (base.isascii() and base.isalpha()) or len(tones) > 1:
        return OTHER, NO_TONE
    tone = tones[0] if tones else NO_TONE
    if not others:
        return letter, tone
    if (letter, others) == ("u", {DIAERESIS}):
        return "v", tone
    return (letter, tone) if (letter, others) == ("e", {CIRCUMFLEX}) else (OTHER, NO_TONE)
