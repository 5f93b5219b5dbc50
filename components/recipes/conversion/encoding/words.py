"""Words of a line, and the syllables that each of them spells."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from components.recipes.conversion.encoding.letters import Spelled
from components.recipes.conversion.encoding.segment import Letters, Segmentation, around_illegal, segment
from components.recipes.conversion.encoding.syllables import Syllabary, Syllable
from components.recipes.conversion.params.pinyin import InputParams

CHUNK = re.compile(r"\S+")
WORD = re.compile(r"([a-z]+)([0-5](?![0-9]))?")  # with the number of the last syllable's tone
ADDRESSES = ("@", "://", "www.")


@dataclass(frozen=True)
class Word:
    """Letters of the text from `start`; `stop` is after the tone's number, where it is `numbered`."""

    start: int
    stop: int
    letters: Letters
    numbered: bool
    capitals: bool

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


def find_words(spelled: Spelled) -> Iterator[Word]:
    """Runs of letters, but those of e-mail and web addresses."""
    for chunk in CHUNK.finditer(spelled.shadow):
        if any(sign in chunk.group() for sign in ADDRESSES):
            continue
        for match in WORD.finditer(spelled.shadow, *chunk.span()):
            start, stop = match.span(1)
            toned = frozenset(place - start for place in range(start, stop) if place in spelled.toned)
            letters = Letters(match.group(1), toned)
            capitals = stop - start > 1 and spelled.between(start, stop).isupper()
            yield Word(start, match.end(), letters, match.group(2) is not None, capitals)


class WordReader:
    """What the letters of words spell, under the params."""

    def __init__(self, syllabary: Syllabary, params: InputParams) -> None:
        self.syllabary, self.params = syllabary, params

    def read(self, words: Sequence[Word]) -> Iterator[Read]:
        """Stretches in the order of the text: legal ones, and those in which nothing is."""
        whole = [self._whole(word.letters) for word in words]
        cut = [None if one else self._cut(word.letters) for word, one in zip(words, whole, strict=True)]
        # Who parts two syllables parts them all; a word alone may be several, as may those beside one that is.
        apart = sum(one is not None for one in whole) > 1 and not any(cut)
        for word, one, segmentation in zip(words, whole, cut, strict=True):
            if one is None:
                yield from [_legal(word, segmentation)] if segmentation else self._lenient(word)
            elif apart or word.has_tone or (several := self._cut(word.letters)) is None:
                yield Read(word.start, word.stop, (self._alone(one),), None)
            else:
                yield _legal(word, several)

    def _whole(self, letters: Letters) -> Syllable | None:
        return self.syllabary.get(letters.text) if letters.one_tone(0, len(letters.text)) else None

    def _cut(self, letters: Letters) -> Segmentation | None:
        return segment(letters, self._legal_syllable, self.syllabary.longest)

    def _legal_syllable(self, letters: str) -> list[Syllable]:
        found = self.syllabary.joined(letters)
        return [found] if found else []

    def _alone(self, one: Syllable) -> Syllable:
        """An m or n by itself is a syllable, and the first letter of many."""
        found = self.syllabary.abbreviation(one.text) if self.params.abbreviations else None
        return found or one

    def _lenient(self, word: Word) -> list[Read]:
        """A word that full syllables do not make up: abbreviations, or the syllables around a slip, or nothing."""
        if self.params.abbreviations and not word.capitals:
            segmentation = segment(word.letters, self._any_syllable, self.syllabary.longest)
            if segmentation and _is_abbreviated(segmentation.best()):
                return [_legal(word, segmentation)]
        spans = around_illegal(word.letters, self._legal_syllable, self.syllabary.longest)
        illegal = sum(stop - start for start, stop, is_legal in spans if not is_legal)
        if illegal > self.params.max_illegal * len(word.letters.text):
            return [Read(word.start, word.stop, (), None)]
        return [self._stretch(word, *span) for span in spans]

    def _any_syllable(self, letters: str) -> list[Syllable]:
        found = self.syllabary.joined(letters) or self.syllabary.abbreviation(letters)
        return [found] if found else []

    def _stretch(self, word: Word, start: int, stop: int, is_legal: bool) -> Read:
        ends = word.stop if stop == len(word.letters.text) else word.start + stop
        part = replace(word, start=word.start + start, stop=ends, letters=word.letters.cut(start, stop))
        segmentation = self._cut(part.letters) if is_legal else None
        return _legal(part, segmentation) if segmentation else Read(part.start, part.stop, (), None)


def _legal(word: Word, segmentation: Segmentation) -> Read:
    return Read(word.start, word.stop, segmentation.best(), segmentation)


def _is_abbreviated(best: Sequence[Syllable]) -> bool:
    """Letters alone, or two for each full syllable at most; more are a word of another language."""
    letters = sum(one.abbreviated for one in best)
    return letters == len(best) or letters <= 2 * (len(best) - letters)
