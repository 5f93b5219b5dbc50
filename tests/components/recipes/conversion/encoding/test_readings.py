"""Words to syllables, without touching what others see of pypinyin."""

import subprocess
import sys

from pypinyin import lazy_pinyin

from components.recipes.conversion.encoding.readings import Readings, dictionary_pairs, gb2312_characters, tones_of

READINGS = Readings()


def test_words_decide_how_heteronyms_are_read() -> None:
    assert READINGS.of_word("银行") == ("yin", "hang")
    assert READINGS.of_word("行走") == ("xing", "zou")
    assert READINGS.of_word("长大") == ("zhang", "da")
    assert READINGS.of_word("女") == ("nv",)
    assert READINGS.of_word("侵略") == ("qin", "lve")


def test_a_character_without_a_reading_is_none_in_its_place() -> None:
    assert READINGS.of_word("好\u9fa6好") == ("hao", None, "hao")
    assert READINGS.of_word("\u9fa6") == (None,)


def test_tones_are_those_of_the_word_or_the_first_of_the_character() -> None:
    assert tones_of(["长大", "长", "城"], ["zhang", "da", "chang", "cheng"]) == [3, 4, 2, 2]
    assert tones_of(["妈妈"], ["ma", "ma"]) == [1, 5]
    assert tones_of(["女儿"], ["nv", "er"]) == [3, 2]
    assert tones_of(["\u9fa6"], ["hao"]) == [5]


def test_words_are_the_longest_phrases_from_the_left() -> None:
    text = "今天天气很好"
    assert list(READINGS.words(text)) == ["今天", "天气", "很", "好"]
    assert list(READINGS.words("")) == []
    assert "".join(READINGS.words("我" * 10_000)) == "我" * 10_000


def test_the_dictionary_knows_every_reading_and_gb2312_its_hanzi() -> None:
    assert dictionary_pairs("行") >= {("xing", "行"), ("hang", "行")}
    assert len(list(gb2312_characters())) == 6763
    assert ("e", "欸") in dictionary_pairs("欸")


def test_the_library_reads_as_the_same_with_its_own_functions() -> None:
    """In a process of its own, where CC-CEDICT may be loaded into the library's globals."""
    words = ["重庆市", "为了", "和平", "朝鲜族", "银行家", "得了", "音乐会", "长征", "还是", "调查", "单于", "便宜"]
    program = (
        "from pypinyin_dict.phrase_pinyin_data import cc_cedict; cc_cedict.load(); "
        f"from pypinyin import lazy_pinyin; print([lazy_pinyin(word) for word in {words}])"
    )
    result = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert str([list(READINGS.of_word(word)) for word in words]) == result.stdout.strip()


def test_importing_and_reading_leave_the_library_as_it_is() -> None:
    from pypinyin.constants import PHRASES_DICT

    ours = next(phrase for phrase in READINGS.phrases if phrase not in PHRASES_DICT)
    READINGS.of_word(ours)
    assert ours not in PHRASES_DICT
    assert lazy_pinyin("银行") == ["yin", "hang"]
    assert READINGS.phrases["银行"] == PHRASES_DICT["银行"]
