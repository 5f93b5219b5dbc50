"""Any text in, an answer out; and the pinyin of the answer is the pinyin that was asked."""

from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.recipes.conversion.serving.predictor import ConversionPredictor, open_predictor
from tests.components.recipes.conversion.serving.tiny import PAIRS, SYLLABLES, write_tiny
from tests.examples import examples

JOINTS = st.sampled_from([" ", "  ", "'", "-", "", ", ", "！", "\n", "3", "😀", "张", "A"])
PIECES = st.one_of(
    st.sampled_from(SYLLABLES),
    st.sampled_from(["nǐ", "HAO", "zh", "g", "xiann", "gu", "u:", "lü", "ｎｉ", "www.xi.an", "qqq"]),
    st.text(max_size=6),
)
TYPED = st.lists(st.tuples(PIECES, JOINTS), max_size=8).map(lambda found: "".join(a + b for a, b in found))


@lru_cache
def predictor(*, abbreviations: bool) -> ConversionPredictor:
    with TemporaryDirectory() as folder:
        changed = {"input.abbreviations": abbreviations, "search.beam": {"width": 6, "behind": 20.0, "order": 3}}
        opened = open_predictor(write_tiny(Path(folder) / "bundle", changed))
        opened.convert(["ni hao ma", "xian"], 1)  # so that all files are read
    return opened


@settings(deadline=None, max_examples=examples(150))
@given(st.lists(TYPED, max_size=3), st.booleans(), st.integers(1, 4))
def test_any_text_has_an_answer(lines, abbreviations, n_best):
    found = predictor(abbreviations=abbreviations).convert(lines, n_best)
    assert len(found) == len(lines)
    for answer in found:
        assert 1 <= len(answer.alternatives) <= n_best
        assert answer.alternatives[0] == (answer.text, answer.score)
        texts = [text for text, _ in answer.alternatives]
        assert len(set(texts)) == len(texts)
        assert sum(2.718281828459045**score for _, score in answer.alternatives) <= 1 + 1e-6
        assert all(one.text in answer.text for one in answer.illegal)


@settings(deadline=None, max_examples=examples(100))
@given(st.lists(st.sampled_from(SYLLABLES), min_size=2, max_size=20), st.integers(1, 4))
def test_the_pinyin_of_the_answer_is_the_pinyin_asked(syllables, n_best):
    found = predictor(abbreviations=False).convert([" ".join(syllables)], n_best)[0]
    for text, _ in found.alternatives:
        assert len(text) == len(syllables)
        assert all(one in PAIRS[syllable] for one, syllable in zip(text, syllables, strict=True))


@settings(deadline=None, max_examples=examples(50))
@given(st.lists(st.sampled_from(SYLLABLES), min_size=1, max_size=6))
def test_an_answer_to_letters_without_blanks_spells_these_letters(syllables):
    letters = "".join(syllables)
    for text, _ in predictor(abbreviations=False).convert([letters], 4)[0].alternatives:
        spelled = {""}
        for one in text:
            spelled = {before + syllable for before in spelled for syllable in SYLLABLES if one in PAIRS[syllable]}
        assert letters in spelled


@pytest.mark.parametrize("text", ["\0", "\ud800", "a\u0304\u0304", "ｎｉ３", "ni\u200bhao", "ﬁ", "İ", "\u202eni hao"])
def test_odd_characters_do_not_break_a_line(text):
    answer = predictor(abbreviations=True).convert([text], 2)[0]
    assert isinstance(answer.text, str)
