"""BLEU and chrF of characters, as sacrebleu counts them, and for many resamples from the same counts.

Papineni et al., BLEU (2002), n-grams of 1 to 4 characters, exponential smoothing; Popović, chrF (2015),
n-grams of 1 to 6 characters, beta 2; Post, A Call for Clarity in Reporting BLEU Scores (2018). Both go
from 0 to 100. sacrebleu's own bootstrap draws its resamples itself; here they are shared with the
other metrics, so its statistics of a clause are taken, and its score of their sums.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from sacrebleu.metrics import BLEU, CHRF

from components.evaluation.text.rows import Statistics, Texts, metric_of_sums

REFERENCE_LENGTH = 1  # in the statistics of BLEU: answer's length, reference's, 4 matches, 4 totals


def _bleu() -> Any:
    # "char" takes every character for a word; "zh" would keep Latin words and numbers whole.
    return BLEU(tokenize="char", force=True)  # force only silences a warning about spaced full stops


def signatures() -> dict[str, str]:
    """What `bleu` and `chrf` are, in sacrebleu's own words; a score without it cannot be compared."""
    found = {}
    for name, scorer in (("bleu", _bleu()), ("chrf", CHRF())):
        scorer.corpus_score(["字"], [["字"]])  # the number of references is part of it
        found[name] = str(scorer.get_signature())
    return found


def _statistics(references: Texts, answers: Texts, *, make: Callable[[], Any]) -> np.ndarray:
    """Sufficient statistics (N, S) of each clause."""
    return np.array(make()._extract_corpus_statistics(answers, [references]), dtype=np.float64)


def _bleu_of(sums: np.ndarray) -> np.ndarray:
    """BLEU (R,) of sums (R, 10); NaN where there is no reference character."""
    values = [_bleu()._compute_score_from_stats(row).score for row in np.rint(sums).astype(int).tolist()]
    return np.where(sums[:, REFERENCE_LENGTH] > 0, values, np.nan)


def _chrf_of(sums: np.ndarray) -> np.ndarray:
    """ChrF (R,) of sums (R, 18), an answer's, a reference's and common n-grams by order; NaN without reference."""
    values = [CHRF()._compute_score_from_stats(row).score for row in np.rint(sums).astype(int).tolist()]
    return np.where(sums[:, 1] > 0, values, np.nan)


def _counted_by(make: Callable[[], Any]) -> Statistics:
    return partial(_statistics, make=make)


bleu = metric_of_sums("bleu", _counted_by(_bleu), _bleu_of)
chrf = metric_of_sums("chrf", _counted_by(CHRF), _chrf_of)
