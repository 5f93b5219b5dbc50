"""Runs, their parts, and the answers to them put together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.recipes.conversion.encoding.normalise import normalise
from components.recipes.conversion.encoding.syllables import Syllabary
from components.recipes.conversion.encoding.tones import Tones
from components.recipes.conversion.params.pinyin import InputParams
from components.recipes.conversion.params.search import PartParams
from components.recipes.conversion.serving.arcs import Candidates
from components.recipes.conversion.serving.lines import Edge, Run, read_runs
from components.recipes.conversion.serving.parts import Way, chained, cut, united
from tests.components.recipes.conversion.serving.tiny import PAIRS, SYLLABLES

SETTINGS = PartParams(longest=4, context=2, ways=2, abbreviated=5)


def runs(line: str, *, abbreviations: bool = False) -> list[str | Run]:
    params = InputParams(abbreviations=abbreviations, max_illegal=0.125)
    return list(read_runs(normalise(line, Syllabary(SYLLABLES), params), Candidates(PAIRS), Tones.of(PAIRS, None)))


def number(syllable: str) -> int:
    return SYLLABLES.index(syllable) + 1


def edge(start: int, stop: int, low: str, high: str | None = None) -> Edge:
    return Edge(start, stop, number(low), number(high or low))


def test_a_line_is_runs_between_what_stays():
    assert runs("ni hao, ma!") == [
        Run(2, (edge(0, 1, "ni"), edge(1, 2, "hao"))),
        ",",
        Run(1, (edge(0, 1, "ma"),)),
        "!",
    ]


def test_letters_that_can_be_cut_in_several_ways_are_places():
    found = runs("nixian hao")
    assert found == [
        Run(7, (edge(0, 2, "ni"), edge(2, 6, "xian"), edge(2, 4, "xi"), edge(4, 6, "an"), edge(6, 7, "hao"))),
    ]
    assert found[0].several
    assert not found[0].abbreviated


def test_a_first_letter_stands_for_all_syllables_that_begin_with_it():
    assert runs("xh", abbreviations=True) == [Run(2, (edge(0, 1, "xi", "xian"), edge(1, 2, "hao")))]


def test_a_run_is_cut_where_no_syllable_passes():
    run = runs("xianxianni")[0]
    assert [part.length for part in run.parts(3)] == [4, 4, 2]
    assert [part.length for part in run.parts(5)] == [8, 2]
    assert list(run.parts(3))[1].edges == (edge(0, 4, "xian"), edge(0, 2, "xi"), edge(2, 4, "an"))
    assert list(run.parts(100)) == [run]


@given(st.integers(1, 60))
def test_parts_of_a_run_count_each_syllable_once(length):
    syllables = np.arange(1, length + 1)
    ways = list(cut(syllables, SETTINGS))
    assert np.concatenate([way.syllables[way.first : way.last] for way in ways]).tolist() == syllables.tolist()
    assert all(len(way.syllables) <= 4 + 2 * 2 for way in ways)
    assert all(way.first == 2 for way in ways[1:])


def test_equal_texts_of_one_part_add_up():
    """What is around a part differs, the part does not: .2 + .3 of the first way, and .4 of half of the second."""
    ways = [Way(np.log(0.5), np.zeros(3), 1, 3), Way(np.log(0.5), np.zeros(2), 0, 2)]
    answers = [[("你好吗", np.log(0.2)), ("泥好吗", np.log(0.3))], [("好马", np.log(0.6)), ("好吗", np.log(0.4))]]
    assert united(ways, answers, 5) == [
        ("好吗", pytest.approx(np.log(0.5 * (0.2 + 0.3) + 0.5 * 0.4))),
        ("好马", pytest.approx(np.log(0.5 * 0.6))),
    ]
    assert [text for text, _ in united(ways, answers, 1)] == ["好吗"]


def test_parts_are_chained_by_the_sums_of_their_logs():
    parts = [[("a", -1.0), ("b", -1.5)], [("，", 0.0)], [("c", -0.25), ("d", -1.0), ("e", -4.0)]]
    assert chained(parts, 3) == [("a，c", -1.25), ("b，c", -1.75), ("a，d", -2.0)]
    assert chained([], 3) == [("", 0.0)]


def test_two_chains_with_the_same_text_are_one():
    assert chained([[("ab", -1.0), ("a", -2.0)], [("c", -1.0), ("bc", -1.5)]], 4) == [
        ("abc", -2.0),
        ("abbc", -2.5),
        ("ac", -3.0),
    ]
