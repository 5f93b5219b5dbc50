"""How Chinese characters are read, by pypinyin and the phrases of CC-CEDICT, which share nothing with the corpus.

pypinyin keeps its dictionaries in globals that every user of the library shares; here they are
copied, and its documented extension points (`post_pinyin`, `pre_seg`) get the copy.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from pypinyin import Style
from pypinyin.constants import PHRASES_DICT, PINYIN_DICT
from pypinyin.contrib.tone_convert import to_normal
from pypinyin.converter import DefaultConverter
from pypinyin.core import Pinyin
from pypinyin_dict.phrase_pinyin_data import cc_cedict

from components.recipes.conversion.encoding.syllables import toneless
from components.recipes.conversion.encoding.tones import MARKS, NEUTRAL

Phrases = dict[str, list[list[str]]]
CACHED_WORDS = 1 << 17
USUAL = 0.1  # share of a character's phrases from which on a tone is no rare one


def all_phrases() -> Phrases:
    return {**PHRASES_DICT, **cc_cedict.phrases_dict}


class _WithPhrases(DefaultConverter):
    """Looks a phrase up among ours; characters one by one, and styles, are the library's."""

    def __init__(self, phrases: Phrases) -> None:
        super().__init__()
        self.phrases = phrases

    def post_pinyin(self, han: str, heteronym: bool, pinyin: list[list[str]], **_: object) -> list[list[str]] | None:  # noqa: ARG002
        found = self.phrases.get(han)
        return found and [list(readings) for readings in found]  # the library writes into what it gets


class _Segmented(Pinyin):
    """Cuts what is no phrase into the longest ones from the left, as the library does."""

    def __init__(self, reader: "Readings") -> None:
        super().__init__(_WithPhrases(reader.phrases))
        self.reader = reader

    def pre_seg(self, hans: str, **_: object) -> list[str]:
        return list(self.reader.words(hans))


class Readings:
    """Toneless syllables of words, and words of text without any marked."""

    def __init__(self) -> None:
        self.phrases = all_phrases()
        self.prefixes = {phrase[:end] for phrase in self.phrases for end in range(1, len(phrase) + 1)}
        self._pinyin = _Segmented(self)
        self.of_word = lru_cache(CACHED_WORDS)(self._of_word)

    def _of_word(self, word: str) -> tuple[str | None, ...]:
        """A syllable for each character of a word of hanzi, None for one that has no reading."""
        # The library gives a character that it cannot read as it is.
        found = self._pinyin.lazy_pinyin(word, style=Style.NORMAL)
        assert len(found) == len(word), (word, found)
        return tuple(None if one == han else toneless(one) for one, han in zip(found, word, strict=True))

    def words(self, text: str) -> Iterator[str]:
        """Forward maximum matching among the phrases; a character that begins none is a word."""
        start = 0
        while start < len(text):
            stop = longest = start + 1
            while stop <= len(text) and text[start:stop] in self.prefixes:
                longest = stop if text[start:stop] in self.phrases else longest
                stop += 1
            yield text[start:longest]
            start = longest


def dictionary_pairs(characters: Iterable[str]) -> set[tuple[str, str]]:
    """(syllable, character) for every reading, rare ones too, that the dictionary has of each character."""
    readings = ((PINYIN_DICT.get(ord(character), ""), character) for character in characters)
    return {(toneless(to_normal(one)), character) for all_, character in readings for one in all_.split(",") if one}


def gb2312_characters() -> Iterator[str]:
    """The 6,763 hanzi of GB 2312-1980: rows 16 to 87 of the standard."""
    for row in range(0xB0, 0xF8):
        for cell in range(0xA1, 0xFF):
            character = bytes([row, cell]).decode("gb2312", errors="ignore")
            if character:
                yield character


def listed_tones(pairs: Mapping[str, str]) -> dict[str, list[str]]:
    """The tones of each character of `pairs` (characters by syllable) in that syllable, such as "3" or "45/1".

    Those come first that `USUAL` of the character's phrases have, or that the dictionary lists first; after a stroke
    the others.
    """
    seen = _tones_of_phrases(all_phrases())
    return {
        syllable: [_shown(seen.get((syllable, one), Counter()), _dictionary_tones(syllable, one)) for one in characters]
        for syllable, characters in pairs.items()
    }


def tones_of(words: Sequence[str], syllables: Sequence[str]) -> list[int]:
    """The tone of each character of words that are read as `syllables`, end to end: that of the word where the
    dictionaries have it, or else the one that the character has first.
    """
    phrases = (PHRASES_DICT, cc_cedict.phrases_dict)
    found, left = [], iter(syllables)
    for word in words:
        nothing: list[list[str]] = [[] for _ in word]
        own = next((known[word] for known in phrases if len(known.get(word, ())) == len(word)), nothing)
        for character, readings in zip(word, own, strict=True):
            syllable = next(left)
            listed = [tone for read, tone in map(_cut_tone, readings) if read == syllable]
            found.append(next(iter([*listed, *_dictionary_tones(syllable, character), NEUTRAL])))
    return found


def _tones_of_phrases(phrases: Phrases) -> dict[tuple[str, str], Counter[int]]:
    """By syllable and character, of all phrases whose readings are one for each of their characters."""
    cut = lru_cache(None)(_cut_tone)
    found: dict[tuple[str, str], Counter[int]] = {}
    for text, readings in phrases.items():
        if len(readings) == len(text):
            for character, several in zip(text, readings, strict=True):
                for one in several:
                    syllable, tone = cut(one)
                    found.setdefault((syllable, character), Counter())[tone] += 1
    return found


def _dictionary_tones(syllable: str, character: str) -> list[int]:
    found = (_cut_tone(one) for one in PINYIN_DICT.get(ord(character), "").split(",") if one)
    return [tone for own, tone in found if own == syllable]


def _cut_tone(reading: str) -> tuple[str, int]:
    """A dictionary's reading to the syllable without its tone, and the tone."""
    marks = [MARKS[one] for one in unicodedata.normalize("NFD", reading) if one in MARKS]
    return toneless(to_normal(reading)), marks[0] if marks else NEUTRAL


def _shown(seen: Counter[int], listed: list[int]) -> str:
    usual = {tone for tone, count in seen.items() if count >= USUAL * seen.total()} | set(listed[:1])
    rare = sorted((seen.keys() | set(listed)) - usual)
    return "".join(map(str, sorted(usual))) + (f"/{''.join(map(str, rare))}" if rare else "")
