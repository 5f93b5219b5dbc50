"""Words of a line, and the syllables that each of them spells."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from components.recipes.conversion.encoding.english import AS_PINYIN, NO_STEM, WITH_R, is_english
from components.recipes.conversion.encoding.kept import readable
from components.recipes.conversion.encoding.letters import Spelled
from components.recipes.conversion.encoding.segment import SUFFIX, Letters, Segmentation, around_illegal, segment
from components.recipes.conversion.encoding.syllables import VOWELS, R, Syllabary, Syllable
from components.recipes.conversion.encoding.tones import NO_TONE, SUPERSCRIPTS, tone_of
from components.recipes.conversion.params.pinyin import InputParams

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


class WordReader:
    """What the letters of words spell, under the params."""

    def __init__(self, syllabary: Syllabary, params: InputParams) -> None:
        self.syllabary, self.params = syllabary, params
        self.has_er = syllabary.get(R.text) is not None

    def read(self, words: Sequence[Word]) -> Iterator[Read]:
        """Stretches in the order of the text: legal ones, and those in which nothing is."""
        parted = [self._parted(word.letters) for word in words]
        whole = [None if several else self._whole(word.letters) for word, several in zip(words, parted, strict=True)]
        cut = [
            several or (None if one else self._cut(word.letters))
            for word, one, several in zip(words, whole, parted, strict=True)
        ]
        english = self._english(words, [one is not None for one in whole], [one is not None for one in cut])
        # Who parts two syllables parts them all; a word alone may be several, as may those beside one that is.
        apart = sum(one is not None for one in whole) > 1 and not any(cut)
        legal = False  # whether the word before is
        for word, one, segmentation in zip(words, whole, cut, strict=True):
            if english and word.letters.text in AS_PINYIN and not word.has_tone:
                yield Read(word.start, word.stop, (), None, english=True)
                continue
            if one is None and legal and word.joined and word.letters.text == SUFFIX and self.has_er:
                yield Read(word.start, word.stop, (R,), None)
                legal = False
                continue
            legal = one is not None or segmentation is not None
            if one is None:
                yield from [_legal(word, segmentation)] if segmentation else self._lenient(word)
            elif apart or word.has_tone or (several := self._cut(word.letters)) is None:
                alone = word.letters.with_tone(self._alone(one), 0, len(word.letters.text))
                yield Read(word.start, word.stop, (alone,), None)
            else:
                yield _legal(word, several)

    def _whole(self, letters: Letters) -> Syllable | None:
        return self.syllabary.get(letters.text) if letters.one_tone(0, len(letters.text)) else None

    def _parted(self, letters: Letters) -> Segmentation | None:
        """The letters of one syllable whose mark says that they are several, as in xīan."""
        if not letters.parted or self._whole(letters) is None or (found := self._cut(letters)) is None:
            return None
        edges = tuple(edge for edge in found.edges if edge.stop - edge.start < found.length)
        return replace(found, edges=edges) if edges else None

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
        """A word that full syllables do not make up: those with er-hua, abbreviations, or the syllables around a slip,
        or nothing.
        """
        if segmentation := self._with_r(word):
            return [_legal(word, segmentation)]
        if self.params.abbreviations and not word.capitals:
            segmentation = segment(word.letters, self._any_syllable, self.syllabary.longest)
            if segmentation and _is_abbreviated(segmentation.best()):
                return [_legal(word, segmentation)]
        spans = around_illegal(word.letters, self._legal_syllable, self.syllabary.longest)
        illegal = sum(stop - start for start, stop, is_legal in spans if not is_legal)
        if illegal > self.params.max_illegal * len(word.letters.text):
            return [Read(word.start, word.stop, (), None)]
        return [self._stretch(word, *span) for span in spans]

    def _with_r(self, word: Word) -> Segmentation | None:
        text = word.letters.text
        if not self.has_er or SUFFIX not in text or word.capitals or (text in WITH_R and not word.has_tone):
            return None
        found = segment(word.letters, self._legal_syllable, self.syllabary.longest, R)
        if found is None or any(one.text in NO_STEM for one, after in pairwise(found.best()) if after == R):
            return None
        return found

    def _english(self, words: Sequence[Word], whole: Sequence[bool], cut: Sequence[bool]) -> bool:
        if len(words) == 1 or all(one or other for one, other in zip(whole, cut, strict=True)):
            return False
        pinyin = [
            one or other or word.has_tone or self._with_r(word) is not None
            for word, one, other in zip(words, whole, cut, strict=True)
        ]
        return is_english([word.letters.text for word in words], pinyin)

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
