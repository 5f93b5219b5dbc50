import math

import numpy as np
import pytest
import sacrebleu
from hypothesis import given
from hypothesis import strategies as st

from components.recipes.conversion.metrics.translation import bleu, chrf, signatures

TEXTS = st.text("天气好 a𠮷.", max_size=8)


def test_bleu_by_hand():
    target, score = np.array(["今天天气很好"]), np.array(["今天天汽很好"])
    # n-grams of 今天天汽很好 that 今天天气很好 has: 5 of 6, 3 of 5, 1 of 4, none of 3, smoothed to 1/2 of one.
    precisions = [5 / 6, 3 / 5, 1 / 4, 1 / 2 / 3]
    assert bleu(target, score) == pytest.approx(100 * math.prod(precisions) ** (1 / 4))


def test_too_short_an_answer_pays_the_brevity_penalty():
    target, score = np.array(["今天天气很好"]), np.array(["今天天气很"])
    assert bleu(target, score) == pytest.approx(100 * math.exp(1 - 6 / 5))


def test_chrf_by_hand():
    # One of two characters is common, no pair is; precision and recall are means over the two orders.
    assert chrf(np.array(["天气"]), np.array(["天汽"])) == pytest.approx(100 * (1 / 2 + 0) / 2)


@pytest.mark.parametrize("metric", [bleu, chrf])
def test_edges(metric):
    assert metric(np.array(["今天天气"]), np.array(["今天天气"])) == pytest.approx(100)
    assert metric(np.array(["今天天气"]), np.array([""])) == 0
    assert np.isnan(metric(np.array([""]), np.array(["天"])))


def test_one_character_has_no_four_grams():
    # sacrebleu keeps order 4 for a corpus, whatever its clauses: short ones alone score 0.
    assert (
        bleu(np.array(["天"]), np.array(["天"])) == sacrebleu.corpus_bleu(["天"], [["天"]], tokenize="char").score == 0
    )
    assert chrf(np.array(["天"]), np.array(["天"])) == pytest.approx(100)


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=6))
def test_both_are_sacrebleus_own_corpus_scores(pairs):
    references, answers = (list(column) for column in zip(*pairs, strict=True))
    target, score = np.array(references, dtype=object), np.array(answers, dtype=object)
    if "".join("".join(references).split()):
        assert bleu(target, score) == sacrebleu.corpus_bleu(answers, [references], tokenize="char").score
        assert chrf(target, score) == sacrebleu.corpus_chrf(answers, [references]).score
    else:
        assert np.isnan([bleu(target, score), chrf(target, score)]).all()


def test_signatures_name_all_that_a_score_depends_on():
    version = sacrebleu.__version__
    assert signatures() == {
        "bleu": f"nrefs:1|case:mixed|eff:no|tok:char|smooth:exp|version:{version}",
        "chrf": f"nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:{version}",
    }
