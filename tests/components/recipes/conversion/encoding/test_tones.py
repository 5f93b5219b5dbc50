"""Tones of characters, and words that can have those that were typed."""

import numpy as np

from components.recipes.conversion.encoding.readings import listed_tones
from components.recipes.conversion.encoding.tones import ERHUA, NO_TONE, Tones

PAIRS = {"er": "二儿", "hao": "好号", "zhang": "长张"}
LISTED = {"er": ["4", "25"], "hao": ["34/1", "4"], "zhang": ["3", "1"]}
ER, HAO, ZHANG = 1, 2, 3


def test_listed_tones_are_those_of_phrases_and_of_the_dictionary():
    listed = listed_tones({"chang": "长", "zhang": "长", "hang": "行", "nv": "女", "ma": "妈吗", "zi": "子"})
    assert listed["chang"] == ["2"]
    assert listed["zhang"] == ["3"]
    assert listed["hang"][0].startswith("2")
    assert listed["nv"][0].startswith("3")
    assert listed["ma"][0].startswith("1")
    assert "5" in listed["ma"][1]
    assert set("35") <= set(listed["zi"][0])


def test_words_have_the_tones_of_their_characters():
    tones = Tones.of(PAIRS, LISTED)
    words = [(HAO, 0), (HAO, 1), (ZHANG, 0), (ZHANG, 1)]
    syllables, places = (np.array(column)[:, None] for column in zip(*words, strict=True))

    def found(tone: int) -> tuple[list[bool], list[int]]:
        fits, rare = tones.fits(syllables, places, np.full((len(words), 1), tone))
        return fits.tolist(), rare.tolist()

    assert found(NO_TONE) == ([True] * 4, [0] * 4)
    assert found(3) == ([True, False, True, False], [0] * 4)
    assert found(1) == ([True, False, False, True], [1, 0, 0, 0])
    assert not any(found(5)[0])


def test_each_character_of_a_word_counts():
    tones = Tones.of(PAIRS, LISTED)
    syllables, places = np.array([[ZHANG, HAO]]), np.array([[0, 0]])
    assert [bool(tones.fits(syllables, places, np.array([typed]))[0][0]) for typed in ([3, 4], [3, 2], [0, 4])] == [
        True,
        False,
        True,
    ]
    assert tones.fits(syllables, np.array([[-1, 0]]), np.array([[2, 1]]))[0].tolist() == [True]
    assert tones.fits(syllables, np.array([[-1, 0]]), np.array([[2, 1]]))[1].tolist() == [1]


def test_a_syllable_knows_the_tones_that_some_character_has():
    tones = Tones.of(PAIRS, LISTED)
    assert [tone for tone in range(1, 6) if tones.known(HAO, tone)] == [1, 3, 4]
    assert [number for number in (ER, HAO, ZHANG) if tones.known(number, ERHUA)] == [ER]


def test_without_a_list_no_tone_says_anything_but_er_hua():
    tones = Tones.of(PAIRS, None)
    assert tones.usual[HAO, :ERHUA].all()
    assert tones.usual[ER, ERHUA].tolist() == [False, True]
    assert not tones.rare.any()
