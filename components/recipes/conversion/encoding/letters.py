"""A text beside its shadow, in which every letter that pinyin may be typed with is one of a to z."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

# A character with its combining marks, and u: for ü, which is only meant after n and l.
CLUSTER = re.compile(r"(?<=[nNlL])[uU]:|.[\u0300-\u036f]*", re.DOTALL)
TONES = frozenset("\u0304\u0301\u030c\u0300\u0306")  # macron, acute, caron, grave; a breve is meant as a caron
DIAERESIS, CIRCUMFLEX = "\u0308", "\u0302"
LOOK_ALIKES = {"ɑ": "a", "ɡ": "g", "ı": "i"}  # how printed pinyin writes a and g; a dotless i under a mark
FULL_WIDTH = range(0xFF01, 0xFF5F)
FROM_FULL_WIDTH = 0xFEE0
OTHER = "\0"


@dataclass(frozen=True)
class Spelled:
    """`shadow[i]` stands for `clusters[i]`; `toned` are the places of letters with a tone mark."""

    clusters: list[str]
    shadow: str
    toned: frozenset[int]

    def between(self, start: int, stop: int) -> str:
        """The text itself."""
        return "".join(self.clusters[start:stop])


def spell(text: str) -> Spelled:
    if text.isascii() and ":" not in text:
        return Spelled(list(text), text.lower(), frozenset())
    clusters = CLUSTER.findall(text)
    letters = [_letter(cluster) for cluster in clusters]
    toned = frozenset(place for place, (_, has_tone) in enumerate(letters) if has_tone)
    return Spelled(clusters, "".join(letter for letter, _ in letters), toned)


@lru_cache(maxsize=1 << 14)
def _letter(cluster: str) -> tuple[str, bool]:
    """The shadow of a cluster, one character, and whether it has a tone mark."""
    if cluster in ("u:", "U:"):
        return "v", False
    base, *marks = list(unicodedata.normalize("NFD", cluster[:64]))  # no letter has more marks
    base = chr(ord(base) - FROM_FULL_WIDTH) if ord(base) in FULL_WIDTH else LOOK_ALIKES.get(base, base)
    if not marks:
        return base.lower() if base.isascii() else base, False
    tones = TONES.intersection(marks)
    letter, others = base.lower(), frozenset(marks) - TONES
    if not (base.isascii() and base.isalpha()) or len(tones) > 1:
        return OTHER, False
    if not others:
        return letter, bool(tones)
    if (letter, others) == ("u", {DIAERESIS}):
        return "v", bool(tones)
    return (letter, bool(tones)) if (letter, others) == ("e", {CIRCUMFLEX}) else (OTHER, False)
