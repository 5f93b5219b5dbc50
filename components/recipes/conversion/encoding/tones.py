"""Tones as they are typed, and those that each character has in each of its syllables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

NO_TONE, NEUTRAL, ERHUA = 0, 5, 6  # 1 to 4 are themselves; er-hua is the r of wanr, which is a 儿
CODES = 7
# Macron, acute, caron, grave; a breve is meant as a caron.
MARKS = {"\u0304": 1, "\u0301": 2, "\u030c": 3, "\u0306": 3, "\u0300": 4}
SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵", "012345", strict=True))
ER, SUFFIX = "er", "儿"


def tone_of(digit: str) -> int:
    """Of a number behind a syllable: 0 is a way to write the neutral tone."""
    return int(digit) or NEUTRAL


@dataclass(frozen=True)
class Tones:
    """`usual[s, t, c]`: whether the c-th candidate of syllable number s has tone t; `rare` ones are those that a
    dictionary lists for the character and no word of it has. S syllables, C candidates at most.
    """

    usual: np.ndarray  # (S + 1, CODES, C) bool; any candidate has `NO_TONE`
    rare: np.ndarray  # (S + 1, CODES, C) bool

    @classmethod
    def of(cls, pairs: Mapping[str, str], listed: Mapping[str, Sequence[str]] | None) -> "Tones":
        """`pairs` are characters by syllable, in the order of the numbers; `listed` are the tones of each by syllable,
        such as "3" or "4/13" (rare ones after the stroke). Without `listed` any character has any tone.
        """
        most = max(map(len, pairs.values()))
        usual, rare = (np.zeros((len(pairs) + 1, CODES, most), bool) for _ in range(2))
        for number, (syllable, characters) in enumerate(pairs.items(), start=1):
            usual[number, NO_TONE : ERHUA if listed is None else NO_TONE + 1, : len(characters)] = True
            for place, character in enumerate(characters):
                usual[number, ERHUA, place] = syllable == ER and character == SUFFIX
            for place, tones in enumerate(listed[syllable] if listed is not None else ()):
                own, _, seldom = tones.partition("/")
                usual[number, [int(one) for one in own], place] = True
                rare[number, [int(one) for one in seldom], place] = True
        return cls(usual, rare)

    def fits(self, syllables: np.ndarray, places: np.ndarray, typed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Which words `(n,)` can have the tones `typed (n, k)`, and how many of them are rare ones of the characters;
        `syllables` and `places` are `(n, k)`, a place below 0 is of a character of which nothing is known.
        """
        usual = self.usual[syllables, typed, places] | (places < 0)
        rare = self.rare[syllables, typed, places] & ~usual
        return np.all(usual | rare, axis=1), rare.sum(axis=1)

    def known(self, number: int, tone: int) -> bool:
        """Whether any character of a syllable has a tone."""
        return bool((self.usual[number, tone] | self.rare[number, tone]).any())
