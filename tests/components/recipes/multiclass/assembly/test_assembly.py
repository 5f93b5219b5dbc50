"""Few rows of several classes: cross-fitted answers, what is chosen on them, members fitted on all that is known."""

import numpy as np
import pytest

from components.core.job import BUNDLE, SELECTION, VALIDATION
from components.kits.tables.learning.crossfit import FEW, cross_fit
from components.recipes.multiclass.assembly.assembly import FITTING, as_long, network_gap
from components.recipes.multiclass.assembly.members import fit_logistic
from components.recipes.multiclass.serving.predictor import open_predictor
from components.recipes.multiclass.training.training import data_of, everything
from components.recipes.shared.serving import read_split
from tests.components.recipes.multiclass.conftest import FOLDS, Few

pytestmark = pytest.mark.slow


def test_every_row_is_answered_once_by_members_that_have_not_learned_from_it(few: Few) -> None:
    job = as_long(few.job, few.learner)
    crossed = cross_fit(job, few.learner, FITTING)  # the networks are those that `assemble` has left in the state
    rows = everything(few.job).parts[0]
    assert len(crossed.parts) == FOLDS
    assert 1 <= int(few.learner.epochs) <= few.job.params.fit.max_epochs
    assert sorted(np.concatenate([rest for _, rest in crossed.parts])) == list(range(len(rows.target)))
    for name in ("learner", "logistic", "lightgbm"):
        assert crossed.scores[name].shape == (len(rows.target), 4)
        assert crossed.scores[name].sum(axis=1) == pytest.approx(np.ones(len(rows.target)), abs=1e-5)


def test_what_is_served_knows_all_rows_and_is_chosen_on_cross_fitted_answers(few: Few) -> None:
    bundle, selection = (open_predictor(few.folder / name) for name in (BUNDLE, SELECTION))
    assert bundle.settings == selection.settings  # weights, calibration, typical rows
    assert sum(member.weight for member in bundle.members) == pytest.approx(1)
    for predictor, data in ((bundle, everything(few.job)), (selection, data_of(few.job))):
        rows = data.parts[0]
        logistic = fit_logistic(few.job, rows, data.encoder, FEW)
        by_hand = logistic.predict(rows.encoded.numeric, rows.encoded.categorical)
        assert predictor.member_scores["logistic"](rows.encoded) == pytest.approx(by_hand, abs=1e-7)
    assert network_gap(few.job, few.served, few.folder) < 1e-6
    assert network_gap(few.job, few.learner, few.folder) > 1e-4


def test_the_validation_is_answered_by_members_that_do_not_know_it(few: Few) -> None:
    from components.recipes.multiclass.report.report import report

    found = report(few.job, few.folder, few.bundle).predictions[VALIDATION]
    selection = open_predictor(few.folder / SELECTION)
    rows = read_split(few.job, VALIDATION)
    assert np.stack(found["model"]) == pytest.approx(selection.score(rows), abs=1e-12)
    assert list(found) == ["row", "target", "model", "learner", "logistic", "lightgbm"]
