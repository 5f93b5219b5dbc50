"""What the letters of words spell: syllables, with er-hua, first letters and slips where there are some, or nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise

from components.recipes.conversion.encoding.english import AS_PINYIN, NEVER_PINYIN, NO_STEM, WITH_R, is_english
from components.recipes.conversion.encoding.near import Near
from components.recipes.conversion.encoding.segment import SUFFIX, Edge, Letters, Segmentation, around_illegal, segment
from components.recipes.conversion.encoding.syllables import VOWELS, R, Syllabary, Syllable
from components.recipes.conversion.encoding.words import Read, Word
from components.recipes.conversion.params.pinyin import InputParams

SLIPS = 0.34  # share of the syllables of a word that may be slips for it to be pinyin


class WordReader:
    """What the letters of words spell, under the params."""

    def __init__(self, syllabary: Syllabary, params: InputParams, near: Near | None = None) -> None:
        self.syllabary, self.params, self.near = syllabary, params, near
        self.has_er = syllabary.get(R.text) is not None

    def read(self, words: Sequence[Word]) -> Iterator[Read]:
        """Stretches in the order of the text: legal ones, and those in which nothing is."""
        found = self._as_typed(words)
        return found if self.near is None else map(partial(_with_others, self.near), found)

    def _as_typed(self, words: Sequence[Word]) -> Iterator[Read]:
        parted = [self._parted(word.letters) for word in words]
        whole = [None if several else self._whole(word.letters) for word, several in zip(words, parted, strict=True)]
        cut = [
            several or (None if one else self._cut(word.letters))
            for word, one, several in zip(words, whole, parted, strict=True)
        ]
        english = self._english(words, [one is not None for one in whole], [one is not None for one in cut])
        # Who parts two syllables parts them all; a word alone may be several, as may those beside one that is.
        apart = sum(one is not None for one in whole) > 1 and not any(cut)
        before: Word | None = None  # the last one, where it is legal
        for word, one, segmentation in zip(words, whole, cut, strict=True):
            could_be = one is not None or segmentation is not None
            if english and not word.has_tone and (not could_be or word.letters.text in AS_PINYIN):
                yield Read(word.start, word.stop, (), None, english=could_be)
                continue
            if one is None and before is not None and _is_suffix_of(before, word) and self.has_er:
                yield Read(word.start, word.stop, (R,), None)
                before = None
                continue
            before = word if could_be else None
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
        readers = [self._abbreviated, self._with_slips]
        # Letters with a vowel among them are rather a slip than first letters.
        for reader in readers[::-1] if VOWELS.intersection(word.letters.text) else readers:
            if segmentation := reader(word):
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
        """Of what could be both nothing is told by its letters alone."""
        spelled = [one or other for one, other in zip(whole, cut, strict=True)]
        if len(words) == 1 or all(spelled):
            return False
        found: dict[bool, list[str]] = {True: [], False: []}
        for word, is_spelled in zip(words, spelled, strict=True):
            text = word.letters.text
            if word.has_tone or (not (is_spelled and text in AS_PINYIN) and text != SUFFIX):
                found[is_spelled or word.has_tone or self._is_readable(word)].append(text)
        return is_english(found[False], found[True])

    def _abbreviated(self, word: Word) -> Segmentation | None:
        if not self.params.abbreviations or word.capitals:
            return None
        found = segment(word.letters, self._any_syllable, self.syllabary.longest)
        return found if found and _is_abbreviated(found.best()) else None

    def _is_readable(self, word: Word) -> bool:
        """Whether a word that full syllables do not make up is pinyin for who asked for more than these."""
        text = word.letters.text
        if self._with_r(word) is not None:
            return True
        if text in NEVER_PINYIN:
            return False
        short = self.params.abbreviations and not word.capitals and not VOWELS.intersection(text)
        return short or self._with_slips(word) is not None

    def _with_slips(self, word: Word) -> Segmentation | None:
        if self.near is None or not self.near.slips or word.capitals:
            return None
        found = segment(word.letters, self._meant, max(self.syllabary.longest, self.near.longest))
        return found if found and _slips(found.best()) <= max(1, SLIPS * len(found.best())) else None

    def _any_syllable(self, letters: str) -> list[Syllable]:
        found = self.syllabary.joined(letters) or self.syllabary.abbreviation(letters)
        return [found] if found else []

    def _meant(self, letters: str) -> list[Syllable]:
        assert self.near is not None
        return self._legal_syllable(letters) or self.near.meant(letters)

    def _stretch(self, word: Word, start: int, stop: int, is_legal: bool) -> Read:
        ends = word.stop if stop == len(word.letters.text) else word.start + stop
        part = replace(word, start=word.start + start, stop=ends, letters=word.letters.cut(start, stop))
        segmentation = self._cut(part.letters) if is_legal else None
        return _legal(part, segmentation) if segmentation else Read(part.start, part.stop, (), None)


def _is_suffix_of(before: Word, word: Word) -> bool:
    """Whether a word is the r of er-hua, by itself: men2r, tou'r, and as dictionaries write it men2 r5."""
    apart = word.start == before.stop + 1 and (before.has_tone or word.has_tone)
    return word.letters.text == SUFFIX and (word.joined or apart)


def _legal(word: Word, segmentation: Segmentation) -> Read:
    return Read(word.start, word.stop, segmentation.best(), segmentation)


def _with_others(near: Near, read: Read) -> Read:
    """With the syllables that those which were typed may be meant for."""
    if not read.syllables:
        return read
    edges = read.segmentation.edges if read.segmentation else (Edge(0, 1, read.syllables[0]),)
    found = []
    for edge in edges:
        others = [] if edge.syllable.abbreviated or edge.syllable.cost else near.others(edge.syllable)
        found += [edge, *(replace(edge, syllable=one) for one in others)]
    length = read.segmentation.length if read.segmentation else 1
    return replace(read, segmentation=Segmentation(length, tuple(found)))


def _slips(best: Sequence[Syllable]) -> int:
    return sum(one.cost < 0 for one in best)


def _is_abbreviated(best: Sequence[Syllable]) -> bool:
    """Letters alone, or two for each full syllable at most; more are a word of another language."""
    letters = sum(one.abbreviated for one in best)
    return letters == len(best) or letters <= 2 * (len(best) - letters)
