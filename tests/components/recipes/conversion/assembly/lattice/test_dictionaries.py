"""Words of dictionaries, and their readings against those that `prepare` gives the corpus."""

from components.recipes.conversion.assembly.lattice.dictionaries import WordReadings, dictionary_words
from components.recipes.conversion.encoding.readings import Readings, dictionary_pairs, gb2312_characters

PAIRS: dict[str, str] = {}
for _syllable, _character in sorted(dictionary_pairs(gb2312_characters())):
    PAIRS[_syllable] = PAIRS.get(_syllable, "") + _character


def test_words_are_of_the_characters_and_short_enough() -> None:
    assert dictionary_words("cc_cedict", "银行家长", 3) == {"银行", "银行家", "行家", "行长", "家长"}
    assert dictionary_words("cc_cedict", "银行家长", 2) == {"银行", "行家", "行长", "家长"}
    assert "一心一意" in dictionary_words("zdic_cybs", "一心意", 4)


def test_words_are_read_as_the_corpus_is() -> None:
    words = sorted(dictionary_words("cc_cedict", list(gb2312_characters()), 7))
    sample = [*words[::70], "重庆火锅", "还没长大", "银行行长了"]
    ours, theirs = WordReadings(PAIRS), Readings()
    assert all(ours.of(word) in (" ".join(map(str, theirs.of_word(word))), None) for word in sample)
    assert sum(ours.of(word) is None for word in sample) < 10
    assert ours.of("银行") == "yin hang"


def test_a_reading_that_is_not_legal_is_none() -> None:
    readings = WordReadings({"yin": "银", "xing": "行"})
    assert readings.of("银行") is None
    assert readings.of("银") == "yin"
