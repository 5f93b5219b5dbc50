"""Words outside the corpus: dictionaries of pypinyin-dict, none of which was made from a newspaper's text."""

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

from pypinyin.contrib.tone_convert import to_normal

from components.recipes.conversion.assembly.lattice.corpus import Reading
from components.recipes.conversion.encoding.readings import Readings
from components.recipes.conversion.encoding.syllables import toneless
from components.recipes.conversion.params.lattice import Dictionary


def dictionary_words(name: Dictionary, characters: Collection[str], longest: int) -> set[str]:
    """Words of two up to `longest` of the characters."""
    known = frozenset(characters)
    return {word for word in _phrases(name) if 2 <= len(word) <= longest and known.issuperset(word)}


class WordReadings:
    """How words are read, as `prepare` reads them, if every character can be read so."""

    def __init__(self, pairs: Mapping[str, str]) -> None:
        """`pairs`: the characters of each syllable, `meta.data["pairs"]`."""
        self._characters = {syllable: frozenset(found) for syllable, found in pairs.items()}
        self._readings = Readings()

    def of(self, word: str) -> Reading | None:
        """The word's syllables; None if one of them is no legal reading of its character."""
        syllables = [syllable for piece in self._readings.words(word) for syllable in self._of_piece(piece)]
        legal = len(syllables) == len(word) and all(
            character in self._characters.get(syllable or "", ())
            for syllable, character in zip(syllables, word, strict=True)
        )
        return " ".join(map(str, syllables)) if legal else None

    def _of_piece(self, piece: str) -> Iterable[str | None]:
        """What the library answers, which for a phrase takes it ten times as long."""
        phrase = self._readings.phrases.get(piece)
        return [_syllable(one[0]) for one in phrase] if phrase else self._readings.of_word(piece)


@lru_cache(1 << 12)
def _syllable(reading: str) -> str:
    return toneless(to_normal(reading))


def _phrases(name: Dictionary) -> Mapping[str, object]:
    # Each takes time and memory, and who predicts needs none.
    if name == "cc_cedict":
        from pypinyin_dict.phrase_pinyin_data import cc_cedict as module
    elif name == "zdic_cybs":
        from pypinyin_dict.phrase_pinyin_data import zdic_cybs as module
    else:
        from pypinyin_dict.phrase_pinyin_data import zdic_cibs as module
    phrases: Mapping[str, object] = module.phrases_dict
    return phrases
