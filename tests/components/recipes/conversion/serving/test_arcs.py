import numpy as np
import pyarrow as pa
import pytest

from components.recipes.conversion.serving.arcs import Candidates, character_arcs, read_arcs
from components.recipes.conversion.serving.vocabulary import Vocabulary
from tests.components.recipes.conversion.serving.tiny import (
    BOUNDS,
    CHARACTER_SYMBOL,
    PAIRS,
    SYLLABLES,
    SYMBOL,
    WORDS,
    arcs,
)

TEXTS = [*BOUNDS, *WORDS]
VOCABULARY = Vocabulary(TEXTS, np.zeros(len(TEXTS)))
BASE = len(SYLLABLES) + 1


def key(syllables: str) -> int:
    total = 0
    for syllable in syllables.split():
        total = total * BASE + SYLLABLES.index(syllable) + 1
    return total


def found(table, k: int, syllables: str) -> list[str]:
    row, count = table.by_length[k].find(np.array([key(syllables)]))
    return [TEXTS[word] for word in table.by_length[k].word[row[0] : row[0] + count[0]]]


def test_words_are_found_by_their_syllables_the_likelier_first():
    table = read_arcs(arcs(), VOCABULARY, Candidates(PAIRS), [10, 5])
    assert found(table, 1, "le") == ["了", "乐"]
    assert found(table, 2, "guo le") == ["过了", "国乐"]
    assert found(table, 2, "le guo") == []
    assert sorted(table.by_length) == [1, 2]


def test_the_words_of_the_same_syllables_are_capped():
    table = read_arcs(arcs(), VOCABULARY, Candidates(PAIRS), [2, 1])
    assert found(table, 1, "ma") == ["吗", "马"]
    assert found(table, 2, "guo le") == ["过了"]
    assert sorted(read_arcs(arcs(), VOCABULARY, Candidates(PAIRS), [2]).by_length) == [1]


def test_a_word_whose_reading_is_not_legal_is_left_out():
    wrong = pa.table(
        {
            "word": pa.array([SYMBOL["中国"]] * 2, pa.int32()),
            "syllables": ["zhong hao", "zhong qq"],
            "other": [False] * 2,
        }
    )
    table = read_arcs(pa.concat_tables([arcs(), wrong]), VOCABULARY, Candidates(PAIRS), [10, 5])
    assert found(table, 2, "zhong hao") == []
    assert found(table, 2, "zhong guo") == ["中国"]


def test_places_are_those_of_the_characters_among_the_candidates():
    table = read_arcs(arcs(), VOCABULARY, Candidates(PAIRS), [10, 5]).by_length[2]
    for row, word in enumerate(table.word):
        for place, number, character in zip(table.places[row], table.syllables[row], TEXTS[word], strict=True):
            assert PAIRS[SYLLABLES[number - 1]][place] == character


def test_candidates_that_a_syllable_has_not_have_no_place():
    candidates = Candidates(PAIRS)
    numbers = np.array([SYLLABLES.index("guo") + 1] * 3)
    assert candidates.places(numbers, np.array([ord("过"), ord("了"), ord("果")])).tolist() == [1, -1, 2]


def test_characters_as_arcs_are_all_that_the_model_knows():
    words = read_arcs(arcs(), VOCABULARY, Candidates(PAIRS), [10, 5])
    known = {one: symbol for one, symbol in CHARACTER_SYMBOL.items() if one != "果"}
    table = character_arcs(Candidates(PAIRS), known, words).by_length[1]
    row, count = table.find(np.array([key("guo")]))
    found = slice(int(row[0]), int(row[0] + count[0]))
    assert table.word[found].tolist() == [known["国"], known["过"]]


def test_characters_keep_which_readings_they_seldom_have():
    words = read_arcs(arcs(), VOCABULARY, Candidates(PAIRS), [10, 5])
    table = character_arcs(Candidates(PAIRS), CHARACTER_SYMBOL, words).by_length[1]
    assert table.word[table.other].tolist() == [CHARACTER_SYMBOL["乐"]]
    capped = read_arcs(arcs(), VOCABULARY, Candidates(PAIRS), [2, 5])
    table = character_arcs(Candidates(PAIRS), CHARACTER_SYMBOL, capped).by_length[1]
    assert set(table.word[table.other]) == {CHARACTER_SYMBOL[one] for one in "乐果妈"}


def test_readings_of_the_same_characters_have_the_same_hash():
    vocabulary = Vocabulary(["<s>", "</s>", "a", "b", "ab", "ba"], np.zeros(6))
    empty = np.zeros(1, np.uint64)

    def value(*symbols: int) -> int:
        total = empty
        for symbol in symbols:
            total = vocabulary.spelling.longer(total, np.array([symbol]))
        return int(total[0])

    assert value(2, 3) == value(4)
    assert value(2, 3, 2) == value(4, 2) == value(2, 5)
    assert value(3, 2) == value(5) != value(4)


def test_words_are_those_given_but_for_the_bounds():
    vocabulary = Vocabulary(["<s>", "</s>", "a", "你好", "𠮷b"], np.zeros(5))
    assert list(vocabulary.texts) == ["", "", "a", "你好", "𠮷b"]
    assert vocabulary.texts[-1] == "𠮷b"
    assert vocabulary.texts[1:4] == ["", "a", "你好"]
    assert vocabulary.start.tolist() == [0, 0, 0, 1, 3, 5]
    assert vocabulary.points.tolist() == [*map(ord, "a你好𠮷b")]
    with pytest.raises(IndexError):
        vocabulary.texts[5]
    assert list(Vocabulary(["<s>", "</s>"], np.zeros(2)).texts) == ["", ""]


def test_a_vocabulary_is_read_from_a_table_of_several_chunks():
    part = {"word": ["<s>", "</s>"], "log_q": [0.0, 0.0], "kind": ["", ""]}
    table = pa.concat_tables(
        [pa.table(part), pa.table({"word": ["ab", "c"], "log_q": [-1.0, -2.0], "kind": ["n", "v"]})]
    )
    read, made = (
        Vocabulary.read(table),
        Vocabulary(["<s>", "</s>", "ab", "c"], np.array([0, 0, -1, -2]), ["", "", "n", "v"]),
    )
    assert list(read.texts) == list(made.texts)
    assert {name: column.tolist() for name, column in read.values.items()} == {
        name: column.tolist() for name, column in made.values.items()
    }


@pytest.mark.parametrize(("symbols", "points"), [([4, 2], "aba"), ([], ""), ([3], "b")])
def test_characters_of_words_end_to_end(symbols, points):
    vocabulary = Vocabulary(["<s>", "</s>", "a", "b", "ab"], np.zeros(5))
    places = vocabulary.places(np.array(symbols, np.int64))
    assert "".join(map(chr, vocabulary.points[places])) == points
