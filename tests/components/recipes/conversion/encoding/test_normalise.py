"""Typed lines to pieces: each way of typing, and any text at all."""

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.recipes.conversion.encoding.invisible import without_invisible
from components.recipes.conversion.encoding.normalise import Literal, Normalised, normalise
from components.recipes.conversion.encoding.readings import dictionary_pairs, gb2312_characters
from components.recipes.conversion.encoding.syllables import VOWELS, Syllabary, Syllable
from components.recipes.conversion.encoding.tones import ERHUA
from components.recipes.conversion.params.pinyin import InputParams
from tests.examples import examples

SYLLABARY = Syllabary(syllable for syllable, _ in dictionary_pairs(gb2312_characters()))
STRICT = InputParams(abbreviations=False, max_illegal=0.125)
ABBREVIATED = InputParams(abbreviations=True, max_illegal=0.125)
JOINED = [one for one in SYLLABARY.legal if VOWELS.intersection(one)]


def read(text: str, params: InputParams = STRICT) -> Normalised:
    return normalise(text, SYLLABARY, params)


def shown(found: Normalised) -> str:
    """Syllables between blanks, literals in brackets."""
    return " ".join(f"[{piece.text}]" if isinstance(piece, Literal) else piece.text for piece in found.pieces)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("jin tian tian qi hen hao", "jin tian tian qi hen hao"),
        ("nǐ hǎo", "ni hao"),
        ("ni\u030c ha\u030co", "ni hao"),  # the marks as characters of their own
        ("nǐhǎo", "ni hao"),
        ("Xīān", "xi an"),  # two tones are two syllables
        ("xīan shi", "xi an shi"),  # one of them without
        ("xiān shi", "xian shi"),
        ("hùi hǎo duì gǒu", "hui hao dui gou"),
        ("ni3 hao3", "ni hao"),
        ("ni3hao3ma5", "ni hao ma"),
        ("lǜ lü LÜ lv lu:4 lu: lyu", "lv lv lv lv lv lv lv"),
        ("lüe lue nüe nue", "lve lve nve nve"),
        ("jü qv xvan yue", "ju qu xuan yue"),
        ("NI Hao", "ni hao"),
        ("ｎｉ３　ｈａｏ", "ni hao"),
        ("xi'an shi", "xi an shi"),
        ("xi’an ni-hao", "xi an ni hao"),
        ("ni hɑo", "ni hao"),
        ("nihaoma", "ni hao ma"),
        ("ni hao, ma?", "ni hao [,] ma [?]"),
        ("ni - hao", "ni [-] hao"),
        ("你好 ni hao😀 吗", "[你好] ni hao [😀 吗]"),
        ("wo ai iPhone 15 le", "wo ai [iPhone 15] le"),
        ("han 2025 nian", "han [2025] nian"),
        ("han2025", "han [2025]"),
        ("fa a@ni.com http://ni.hao/", "fa [a@ni.com http://ni.hao/]"),
        ("fa a@ni.com, ni hao", "fa [a@ni.com,] ni hao"),
        ("ta shi @ni, ni hao", "ta shi [@ni,] ni hao"),
        ("kan www.ni.cn/hao。ni hao", "kan [www.ni.cn/hao。] ni hao"),
        ("<b>ni hao</b> #bei jing", "[<b>] ni hao [</b> #bei] jing"),
        ("<a href='ni hao'>ma", "[<a href='ni hao'>] ma"),
        ("café ni", "[café] ni"),
        ("the man can see me", "[the man can see me]"),
        ("can you help me with the game", "[can you help me with the game]"),
        ("wo you iPhone", "wo you [iPhone]"),
        ("wo yao qu Starbucks he kafei", "wo yao qu [Starbucks] he ka fei"),
        ("ni can jia ma", "ni can jia ma"),
        ("5 km² hao", "[5 km²] hao"),
        ("wanr", "wan er"),
        ("zainar", "zai na er"),
        ("men2r tou'r", "men er tou er"),
        ("yi1 hui4 r5", "yi hui er"),
        ("wán r", "wan er"),
        ("yong r yu yan", "yong [r] yu yan"),
        ("yihuirjian", "yi hui er jian"),
        ("her for year water", "[her for year water]"),
        ("R", "[R]"),
        ("", ""),
        ("  ", "[  ]"),
        ("zg", "[zg]"),
    ],
)
def test_every_way_of_typing_gives_the_same_syllables(text: str, expected: str) -> None:
    assert shown(read(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ma1 ma2 ma3 ma4 ma5 ma0 ma", [1, 2, 3, 4, 5, 5, 0]),
        ("mā má mǎ mà mă ma", [1, 2, 3, 4, 3, 0]),
        ("zhang³ da⁴", [3, 4]),
        ("ｎｉ３ lǜ lu:4 lv4", [3, 4, 4, 4]),
        ("zhong1guo2", [1, 2]),
        ("zhongguo2", [0, 2]),  # a number is of the last syllable
        ("Xīān", [1, 1]),
        ("ni\u030chao", [3, 0]),
        ("wan2r wanr2 nǎr", [2, ERHUA, 2, ERHUA, 3, ERHUA]),
        ("n2 ńg", [2, 2]),
        ("ni3 hao 3", [3, 0]),
    ],
)
def test_tones_are_those_of_their_syllables(text: str, expected: list[int]) -> None:
    assert [one.tone for one in read(text).syllables] == expected


def test_what_is_taken_for_english_is_told_as_such() -> None:
    assert [str(one) for one in read("the man").illegal] == [
        "syllable 1: 'the' is no pinyin; it is left as it is",
        "syllable 2: 'man' is taken for English; it is left as it is",
    ]


def test_illegal_syllables_are_named_with_their_position_and_left_as_they_are() -> None:
    found = read("ni xyz hao Qqq")
    assert shown(found) == "ni [xyz] hao [Qqq]"
    assert [(one.number, one.text) for one in found.illegal] == [(2, "xyz"), (4, "Qqq")]
    assert str(found.illegal[0]) == "syllable 2: 'xyz' is no pinyin; it is left as it is"


def test_a_slip_in_a_long_word_costs_only_its_own_letters() -> None:
    found = read("jintiantainqihenhao")
    assert shown(found) == "jin tian tai [n] qi hen hao"
    assert [(one.number, one.text) for one in found.illegal] == [(4, "n")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("zg", "z g"),
        ("zhg", "zh g"),
        ("zgren", "z g ren"),
        ("n hao", "n hao"),
        ("python", "[python]"),
        ("NBC", "[NBC]"),
    ],
)
def test_first_letters_stand_for_syllables_when_they_may(text: str, expected: str) -> None:
    assert shown(read(text, ABBREVIATED)) == expected


def test_a_letter_stands_for_all_that_begin_with_it() -> None:
    first, second = read("zg", ABBREVIATED).syllables
    assert {"zhong", "zai", "zi"} <= set(first.alternatives)
    assert first.abbreviated
    assert set(second.alternatives) == {one for one in SYLLABARY.legal if one.startswith("g")}
    assert read("gu", ABBREVIATED).syllables == (Syllable("gu", ("gu",)),)


def test_a_word_alone_is_cut_in_all_ways_and_a_spaced_line_in_one() -> None:
    (lattice,) = read("xian").lattices
    ways = [[one.text for one in way] for way in lattice.segmentation.ways(5)]
    assert ways == [["xian"], ["xi", "an"]]
    assert read("xian shi").lattices == ()
    assert read("xian1").lattices == ()
    beside = read("wo xihuan xian").lattices
    assert [(lattice.start, lattice.stop) for lattice in beside] == [(1, 3), (3, 4)]


OTHER = "汉字😀好\n\t，。!?3"


@given(st.text(), st.booleans())
def test_any_text_has_an_answer(text: str, abbreviations: bool) -> None:
    found = read(text, ABBREVIATED if abbreviations else STRICT)
    for lattice in found.lattices:
        assert found.pieces[lattice.start : lattice.stop] == lattice.segmentation.best()
    literals = [isinstance(piece, Literal) for piece in found.pieces]
    assert not any(one and other for one, other in pairwise(literals))
    seen, invisible = without_invisible(text)
    assert all(piece.text in seen for piece in found.pieces if isinstance(piece, Literal))
    assert found.invisible == invisible
    assert all(set(one.alternatives) <= set(SYLLABARY.legal) for one in found.syllables)
    found.filled(["好"] * len(found.syllables))


@given(
    st.text(st.characters(exclude_categories=("L", "M", "Cs", "Cf"), exclude_characters="\0") | st.sampled_from(OTHER))
)
def test_what_is_no_letter_comes_back_unchanged(text: str) -> None:
    assert read(text).pieces == ((Literal(text),) if text else ())


@given(st.lists(st.sampled_from(SYLLABARY.legal), min_size=2, max_size=30))
def test_spaced_syllables_are_themselves(syllables: list[str]) -> None:
    found = read(" ".join(syllables))
    assert [one.text for one in found.syllables] == syllables
    assert found.lattices == ()


@given(st.lists(st.sampled_from(JOINED), min_size=1, max_size=5))
def test_the_unspaced_form_has_the_spaced_one_among_its_ways(syllables: list[str]) -> None:
    found = read("".join(syllables))
    if found.lattices:
        ways = [[one.text for one in way] for way in found.lattices[0].segmentation.ways(1 << 14)]
        # lue is a way of typing lve, so lu e, unspaced, may be either.
        assert syllables in ways
    else:
        assert [one.text for one in found.syllables] == syllables


@pytest.mark.slow
@settings(deadline=None, max_examples=examples(5))
@given(st.lists(st.sampled_from(JOINED), min_size=20, max_size=40), st.sampled_from(["", " ", "'", "3", "\u0301"]))
def test_ten_thousand_syllables_pass_in_time_that_grows_with_their_number(part: list[str], between: str) -> None:
    syllables = (part * 500)[:10_000]
    begin = time.process_time()
    found = read(between.join(syllables))
    for lattice in found.lattices:
        lattice.segmentation.ways(8)
    assert time.process_time() - begin < 10
    assert len(found.syllables) + len(found.illegal) > 5_000
