"""Words of a line, and the syllables that each of them spells."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from components.recipes.conversion.encoding.kept import readable
from components.recipes.conversion.encoding.letters import Spelled
from components.recipes.conversion.encoding.segment import Letters, Segmentation
from components.recipes.conversion.encoding.syllables import VOWELS, Syllable
from components.recipes.conversion.encoding.tones import NO_TONE, SUPERSCRIPTS, tone_of

WORD = re.compile(r"([a-z]+)([0-5](?![0-9]))?")  # with the number of the last syllable's tone
JOINTS = frozenset("'’‘ʼ`´＇-‐－·")


@dataclass(frozen=True)
class Word:
    """Letters of the text from `start`; `stop` is after the tone's number, where it is `numbered`."""

    start: int
    stop: int
    letters: Letters
    numbered: bool
    capitals: bool
    joined: bool  # whether it follows another, with one joint between at most

    @property
    def has_tone(self) -> bool:
        return self.numbered or bool(self.letters.toned)


@dataclass(frozen=True)
class Read:
    """A stretch of the text and its syllables, none where it is illegal; `segmentation` where it was cut."""

    start: int
    stop: int
    syllables: tuple[Syllable, ...]
    segmentation: Segmentation | None
    english: bool = False  # pinyin it could be, in a line of English


def find_words(spelled: Spelled) -> Iterator[Word]:
    """Runs of letters, but those of tags, addresses and names."""
    for span in readable(spelled.shadow):
        ended = -1
        for match in WORD.finditer(spelled.shadow, *span):
            start, stop = match.span(1)
            toned = {place - start: tone for place in range(start, stop) if (tone := spelled.toned.get(place))}
            number = None if _is_power(spelled, match) else match.group(2)
            letters = Letters(match.group(1), toned, NO_TONE if number is None else tone_of(number))
            capitals = stop - start > 1 and spelled.between(start, stop).isupper()
            joined = ended == start or (ended == start - 1 and spelled.clusters[ended] in JOINTS)
            ended = stop + (number is not None)
            yield Word(start, ended, letters, number is not None, capitals, joined)


def _is_power(spelled: Spelled, match: re.Match[str]) -> bool:
    """Whether the number is that of a square metre, and no tone: above the line, behind what has no vowel."""
    above = match.group(2) is not None and spelled.clusters[match.end() - 1] in SUPERSCRIPTS
    return above and not VOWELS.intersection(match.group(1))
