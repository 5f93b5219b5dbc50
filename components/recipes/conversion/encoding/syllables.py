"""The syllables that can be typed, their other spellings and their abbreviations."""

from collections.abc import Iterable
from dataclasses import dataclass

from components.recipes.conversion.encoding.tones import ERHUA, NO_TONE

VOWELS = frozenset("aeiouv")
UMLAUT_U_DROPPED = frozenset("jqxy")  # after these, pinyin writes ü as u
TWO_LETTER_INITIALS = ("zh", "ch", "sh")


@dataclass(frozen=True)
class Syllable:
    """`text` as it is to be shown: toneless, ü as v; `alternatives` are the legal syllables it stands for.

    A full syllable stands for itself alone, an abbreviation for all that begin with it. `tone` is the one that was
    typed, `cost` what it costs in nats to take what was typed for this syllable.
    """

    text: str
    alternatives: tuple[str, ...]
    tone: int = NO_TONE
    cost: float = 0.0

    @property
    def abbreviated(self) -> bool:
        return self.alternatives != (self.text,)


R = Syllable("er", ("er",), ERHUA)  # what wanr ends with


class Syllabary:
    """Legal syllables, looked up by the letters that a person types for them.

    Besides the syllable itself: lue, nue, lyu, nyu, lyue and nyue for lv and nv, and jv, qv, xv,
    yv and what begins so for ju, qu, xu and yu.
    """

    def __init__(self, legal: Iterable[str]) -> None:
        """`legal` are toneless syllables of the letters a to z, ü as v, as in `meta.data["syllables"]`."""
        self.legal = tuple(sorted(set(legal)))
        self._spelled = {other: Syllable(one, (one,)) for one in self.legal for other in _other_spellings(one)}
        self._spelled |= {one: Syllable(one, (one,)) for one in self.legal}
        self._abbreviated = _abbreviations(self.legal)
        self.longest = max(map(len, self._spelled), default=0)

    def get(self, letters: str) -> Syllable | None:
        """The syllable that small letters spell."""
        return self._spelled.get(letters)

    def joined(self, letters: str) -> Syllable | None:
        """As `get`, inside a word: hm, m, n and ng, which are syllables when they stand alone, are none there."""
        return self._spelled.get(letters) if VOWELS.intersection(letters) else None

    def abbreviation(self, letters: str) -> Syllable | None:
        """An initial consonant, such as z, zh or n, for every syllable that begins with it."""
        return self._abbreviated.get(letters)


def toneless(reading: str) -> str:
    """A dictionary's reading without tone, as syllables are written here: ê is e."""
    return reading.replace("ü", "v").replace("ê", "e")


def _other_spellings(syllable: str) -> list[str]:
    if "v" in syllable:
        changed = [syllable.replace("v", "yu")]
        return changed + ([syllable.replace("v", "u")] if syllable.endswith("ve") else [])
    if syllable[0] in UMLAUT_U_DROPPED and syllable[1:2] == "u":
        return [syllable[0] + "v" + syllable[2:]]
    return []


def _abbreviations(legal: tuple[str, ...]) -> dict[str, Syllable]:
    initials = {one[0] for one in legal if one[0] not in VOWELS} | set(TWO_LETTER_INITIALS)
    begun = {initial: tuple(one for one in legal if one.startswith(initial)) for initial in sorted(initials)}
    return {initial: Syllable(initial, syllables) for initial, syllables in begun.items() if syllables}
