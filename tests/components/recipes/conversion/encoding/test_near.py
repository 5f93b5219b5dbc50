"""Syllables that others may be meant for."""

import pytest

from components.core.errors import CasebookError
from components.recipes.conversion.encoding.near import FUZZY, KEYS, SLIP, Near, read_pairs
from components.recipes.conversion.encoding.normalise import normalise
from components.recipes.conversion.encoding.syllables import R, Syllabary, Syllable
from components.recipes.conversion.params.pinyin import InputParams

LEGAL = ["han", "hao", "hang", "lan", "lang", "nan", "ni", "nian", "niang", "shi", "si", "zang", "zhang", "zhong"]
STRICT = InputParams(abbreviations=False, max_illegal=0.125)


def others(near: Near, syllable: str) -> dict[str, float]:
    return {one.text: one.cost for one in near.others(Syllable(syllable, (syllable,)))}


def test_sounds_are_taken_for_each_other_at_the_beginning_and_at_the_end():
    near = Near(LEGAL, read_pairs("z/zh, n/l,an/ang,S/SH"), slips=False)
    assert others(near, "zang") == {"zhang": FUZZY}
    assert others(near, "nan") == {"lan": FUZZY, "lang": FUZZY}
    assert others(near, "nian") == {"niang": FUZZY}
    assert others(near, "si") == {"shi": FUZZY}
    assert others(near, "ni") == {}
    assert near.others(R) == []


def test_a_tone_stays_with_what_is_meant():
    near = Near(LEGAL, read_pairs("s/sh"), slips=False)
    assert near.others(Syllable("si", ("si",), 4)) == [Syllable("shi", ("shi",), 4, FUZZY)]


def test_a_slip_is_two_letters_the_other_way_round_a_key_beside_or_a_letter_too_few_or_twice():
    near = Near(["hao", "zhong"], (), slips=True)
    assert {one.text for letters in ("hoa", "gao", "hso", "hai", "ho", "haao") for one in near.meant(letters)} == {
        "hao"
    }
    assert [(one.text, one.cost) for one in near.meant("zhogn")] == [("zhong", SLIP)]
    assert near.meant("zhgn") == []
    assert near.meant("hpq") == []
    assert set(KEYS["a"]) == set("qwsz")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("z", "'z': give two sounds"),
        ("z/zh,", "'': give two sounds"),
        ("z/z", "give two sounds"),
        ("z/an", "one of them begins a syllable"),
    ],
)
def test_what_is_no_pair_of_sounds_is_refused(typed: str, said: str):
    with pytest.raises(CasebookError, match=said):
        read_pairs(typed)


def test_letters_that_a_slip_made_no_pinyin_are_read_and_english_is_not():
    syllabary, near = Syllabary(LEGAL), Near(LEGAL, (), slips=True)

    def shown(line: str) -> list[str]:
        return [one.text for one in normalise(line, syllabary, STRICT, near).syllables]

    assert shown("zhogn") == ["zhong"]
    assert shown("nihoa") == ["ni", "hao"]
    assert shown("the of") == []
    assert normalise("zhogn", syllabary, STRICT).syllables == ()
