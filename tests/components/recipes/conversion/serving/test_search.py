"""Beam, Viterbi and pruning against the enumeration of every reading."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.recipes.conversion.params.search import BeamParams
from components.recipes.conversion.serving.beam import beam_search
from components.recipes.conversion.serving.decoder import texts_of
from components.recipes.conversion.serving.lattice import Lattice, lattice_of
from components.recipes.conversion.serving.predictor import ConversionPredictor, open_predictor
from components.recipes.conversion.serving.prune import max_marginals
from components.recipes.conversion.serving.viterbi import best_readings
from tests.components.recipes.conversion.serving.by_definition import all_readings, local_score, log_p
from tests.components.recipes.conversion.serving.tiny import SYLLABLES, SYMBOL, word_model, write_tiny
from tests.examples import examples

CLAUSES = st.lists(st.lists(st.sampled_from(SYLLABLES), min_size=1, max_size=4), min_size=1, max_size=5)


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> ConversionPredictor:
    return open_predictor(write_tiny(tmp_path_factory.mktemp("tiny") / "bundle"))


def best_by_hand(syllables: Sequence[str], order: int) -> dict[str, float]:
    """The score of each text: that of its best cut into words."""
    found: dict[str, float] = {}
    for words in all_readings(syllables):
        score = local_score(syllables, words) + log_p(word_model(), [SYMBOL[word] for word in words], order)
        found["".join(words)] = max(score, found.get("".join(words), -np.inf))
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def searched(predictor: ConversionPredictor, clauses: Sequence[Sequence[str]], beam: BeamParams, n_best: int):
    decoder = predictor.models.decoder
    lattice = decoder.lattice(predictor.numbers(clauses))
    readings = beam_search(
        lattice, decoder.local(lattice), decoder.models.words, decoder.models.vocabulary.spelling, beam, n_best
    )
    texts = texts_of(lattice, readings, decoder.models.vocabulary)
    found: list[list[tuple[str, float]]] = [[] for _ in clauses]
    for clause, text, score in zip(readings.clause, texts, readings.score, strict=True):
        found[clause].append((text, score))
    return found


@settings(deadline=None, max_examples=examples(25))
@given(CLAUSES)
def test_a_wide_beam_over_bigrams_finds_the_best_texts_in_their_order(predictor, clauses):
    beam = BeamParams(width=500, behind=1000.0, order=2)
    for clause, found in zip(clauses, searched(predictor, clauses, beam, 4), strict=True):
        expected = list(best_by_hand(clause, 2).items())[:4]
        assert [score for _, score in found] == pytest.approx([score for _, score in expected])
        assert {text for text, _ in found} <= set(best_by_hand(clause, 2))


@settings(deadline=None, max_examples=examples(15))
@given(CLAUSES)
def test_the_score_of_a_reading_under_trigrams_is_their_log_p(predictor, clauses):
    beam = BeamParams(width=500, behind=1000.0, order=3)
    for clause, found in zip(clauses, searched(predictor, clauses, beam, 1), strict=True):
        # Of two readings of the same characters with the same last word the better one so far is kept.
        scores = [
            local_score(clause, words) + log_p(word_model(), [SYMBOL[word] for word in words], 3)
            for words in all_readings(clause)
            if "".join(words) == found[0][0]
        ]
        assert min(abs(score - found[0][1]) for score in scores) < 1e-4


@settings(deadline=None, max_examples=examples(25))
@given(CLAUSES)
def test_viterbi_finds_the_best_reading(predictor, clauses):
    decoder = predictor.models.decoder
    lattice = decoder.lattice(predictor.numbers(clauses))
    found = best_readings(lattice, decoder.local(lattice), decoder.models.words)
    assert found.clause.tolist() == list(range(len(clauses)))
    for clause, text, score in zip(
        clauses, texts_of(lattice, found, decoder.models.vocabulary), found.score, strict=True
    ):
        best = best_by_hand(clause, 2)
        assert score == pytest.approx(max(best.values()))
        assert best[text] == pytest.approx(max(best.values()))


@settings(deadline=None, max_examples=examples(25))
@given(CLAUSES)
def test_max_marginals_are_what_the_best_reading_through_an_arc_lacks(predictor, clauses):
    decoder = predictor.models.decoder
    lattice = decoder.lattice(predictor.numbers(clauses))
    score = decoder.local(lattice) + decoder.models.words.unigram[lattice.word]
    found = max_marginals(lattice, score)
    words = decoder.models.vocabulary.texts
    for number, clause in enumerate(clauses):
        arcs = np.flatnonzero(lattice.clause == number)
        alone = {(lattice.start[arc], words[lattice.word[arc]]): (score[arc], found[arc]) for arc in arcs}
        totals: dict[tuple[int, str], float] = {}
        for reading in all_readings(clause):
            places = np.cumsum([0, *map(len, reading)])[:-1]
            total = sum(alone[place, word][0] for place, word in zip(places, reading, strict=True))
            for place, word in zip(places, reading, strict=True):
                totals[place, word] = max(total, totals.get((place, word), -np.inf))
        best = max(totals.values())
        assert {key: value for key, (_, value) in alone.items()} == pytest.approx(
            {key: total - best for key, total in totals.items()}
        )


def test_a_beam_of_one_reading_keeps_the_better_half_alone(predictor):
    """你 before 好吗 scores less than 你好 does, so that a beam of one never sees the end that makes up for it."""
    narrow = searched(predictor, [["ni", "hao", "ma"]], BeamParams(width=1, behind=50.0, order=2), 1)
    wide = searched(predictor, [["ni", "hao", "ma"]], BeamParams(width=50, behind=50.0, order=2), 1)
    assert narrow[0][0][1] <= wide[0][0][1]
    assert len(searched(predictor, [["ma"]], BeamParams(width=1, behind=50.0, order=2), 3)[0]) == 3


def test_what_is_too_far_behind_is_not_kept(predictor):
    found = searched(predictor, [["ma"]], BeamParams(width=9, behind=0.5, order=2), 9)[0]
    every = searched(predictor, [["ma"]], BeamParams(width=9, behind=50.0, order=2), 9)[0]
    assert found == [one for one in every if one[1] >= every[0][1] - 0.5]
    assert len(found) < len(every) == 3


def test_clauses_together_are_read_as_each_alone(predictor):
    clauses = [["ni", "hao"], ["zhong", "guo", "le", "ma"], ["xi"], ["xi", "an", "guo", "le"]]
    together = predictor.convert_syllables(clauses, 5)
    assert together == [predictor.convert_syllables([clause], 5)[0] for clause in clauses]


def test_words_that_are_far_behind_are_left_out(tmp_path: Path):
    pruned = open_predictor(write_tiny(tmp_path / "bundle", {"search.behind": 2.0}))
    decoder = pruned.models.decoder
    lattice = decoder.lattice(pruned.numbers([["zhong", "guo", "le"], ["ma"]]))
    left, _ = decoder.readings(lattice, 5)
    behind = max_marginals(lattice, decoder.local(lattice) + decoder.models.words.unigram[lattice.word])
    assert left.word.tolist() == lattice.word[behind >= -2].tolist()
    assert 0 < len(left.word) < len(lattice.word)


def test_arcs_know_their_syllables(predictor):
    lattice: Lattice = lattice_of(predictor.numbers([["xi", "an", "guo"]]), predictor.models.arcs)
    longer = np.flatnonzero(lattice.size == 2)
    assert lattice.syllables(longer).tolist() == [SYLLABLES.index("xi") + 1, SYLLABLES.index("an") + 1]
    assert lattice.learner.tolist() == [0.0] * len(lattice.word)
