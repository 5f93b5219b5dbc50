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

from components.recipes.conversion.metrics.rows import Texts, metric_of_sums

# Where sums hold the reference's characters. BLEU's are lengths of answer and reference, 4 matches and 4
# totals; chrF's are answer's, reference's and common n-grams of each order.
REFERENCE_LENGTH = 1


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


def _scores(sums: np.ndarray, *, make: Callable[[], Any]) -> np.ndarray:
    """The score (R,) of each corpus's sums (R, S); NaN where it has no reference character."""
    scorer = make()
    values = [scorer._compute_score_from_stats(row).score for row in np.rint(sums).astype(int).tolist()]
    return np.where(sums[:, REFERENCE_LENGTH] > 0, values, np.nan)


bleu = metric_of_sums("bleu", partial(_statistics, make=_bleu), partial(_scores, make=_bleu))
chrf = metric_of_sums("chrf", partial(_statistics, make=CHRF), partial(_scores, make=CHRF))
