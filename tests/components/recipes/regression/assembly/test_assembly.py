"""Few rows: cross-fitted answers, what is chosen on them, and members fitted on all that is known."""

import numpy as np
import pytest

from components.compression.make import NotMadeError
from components.core.bundle import read_bundle
from components.core.errors import CasebookError
from components.core.job import BUNDLE, SELECTION, VALIDATION
from components.core.params.case import DistillParams, PruneParams
from components.kits.tables.learning.crossfit import FEW, CrossFitted, Terms, cross_fit
from components.recipes.regression.assembly import settings
from components.recipes.regression.assembly.assembly import FITTING, as_long, network_gap
from components.recipes.regression.assembly.members import fit_members
from components.recipes.regression.metrics.blend import mix
from components.recipes.regression.params import agree
from components.recipes.regression.report.report import report
from components.recipes.regression.serving.predictor import open_predictor
from components.recipes.regression.training.training import data_of, everything, units_of
from components.recipes.regression.variants import VARIANTS, taught
from tests.components.recipes.regression.conftest import Few

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def crossed(few: Few) -> CrossFitted:
    """Once more: the networks are those that `assemble` has left in the state."""
    (job, learner), data = as_long(few.job, few.learner), data_of(few.job)
    first = fit_members(job, learner, data.parts[0], data.encoder, FEW)
    return cross_fit(job, learner, FITTING, Terms(few=True, like=first))


def test_a_network_learns_longer_where_that_answers_the_validation_surely_better(few: Few) -> None:
    """Two epochs of toy rows are too few; of steps as small as these no number is enough."""
    job, learner = as_long(few.job, few.learner)
    assert job.params.fit.max_epochs == 2 * few.job.model.few.longer
    assert learner is not few.learner
    for values in ({"model.few.longer": 2, "fit.lr": 1e-9}, {"model.few.longer": 1}):
        assert as_long(few.job.with_values(values), few.learner)[1] is few.learner


def test_members_learn_on_one_scale_whichever_rows_they_learn_from(few: Few, crossed: CrossFitted) -> None:
    rows = everything(few.job).parts[0]
    assert len(rows.target) == len(crossed.target)
    assert crossed.scores["quantiles"].shape == (len(rows.target), 2)
    assert set(crossed.scores) == {"learner", "ridge", "lightgbm", "quantiles"}
    prices = units_of(few.job).told(rows.target)
    assert prices.min() > 10_000
    assert abs(rows.target.mean()) < 0.5
    assert rows.target.std() == pytest.approx(1, abs=0.3)


def test_what_is_chosen_rests_on_cross_fitted_answers(few: Few, crossed: CrossFitted) -> None:
    chosen, predictor = settings.choose_cross_fitted(few.job, crossed), open_predictor(few.bundle)
    assert {one.name: one.weight for one in predictor.members} == pytest.approx(chosen.weights)
    assert sum(chosen.weights.values()) == pytest.approx(1)
    units, found = chosen.units, chosen.intervals
    columns = np.column_stack([units.told(crossed.scores[name]) for name in chosen.weights])
    value = chosen.calibration.apply(mix(columns, np.array(list(chosen.weights.values()))))
    target = units.told(crossed.target)
    # Alone a member's interval is of its own errors: nine in ten and one row lie within.
    for place, name in enumerate(chosen.weights):
        down, up = found.alone[name]["rest"]
        own = columns[:, place]
        unit = units.deviation(own)
        assert 0.9 <= ((own - down * unit <= target) & (target <= own + up * unit)).mean() < 0.93
    assert np.sqrt(((value - target) ** 2).mean()) <= min(np.sqrt(((columns.T - target) ** 2).mean(axis=1))) * 1.02
    assert found.by == "Bldg_Type"
    assert found.margins["groups"]


def test_the_bundle_has_learned_from_all_and_the_selection_has_not(few: Few) -> None:
    folders = [few.folder / BUNDLE, few.folder / SELECTION]
    graphs = [read_bundle(folder, threads=1).path("lightgbm-0.onnx").read_bytes() for folder in folders]
    assert graphs[0] != graphs[1]
    assert network_gap(few.job, few.served, few.folder) < 1e-5
    found = report(few.job, few.folder, few.bundle)
    (validation,) = [one for one in found.scores if one.split == VALIDATION]
    assert set(validation.by_model) == {"model", "learner", "ridge", "lightgbm"}


def test_no_rows_are_left_to_judge_a_network_that_is_trained_again(few: Few) -> None:
    pruned = PruneParams(amount=0.5, epochs=1, lr_factor=0.1)
    with pytest.raises(NotMadeError, match="fewer rows than"):
        VARIANTS["pruned"](few.job, pruned, few.folder, few.folder.parent / "pruned")
    distilled = DistillParams(model={}, epochs=1, teacher_share=1.0)
    with pytest.raises(NotMadeError, match="fewer rows than"):
        VARIANTS["distilled"](few.job, distilled, few.folder, few.folder.parent / "distilled")


def test_a_student_is_taught_on_the_scale_that_it_learns_on(few: Few) -> None:
    rows, teacher = everything(few.job).parts[0], open_predictor(few.bundle)
    soft = teacher.units.learned(teacher.values(rows.encoded))
    assert taught(few.bundle, rows, 1.0) == pytest.approx(soft)
    assert taught(few.bundle, rows, 0.25) == pytest.approx(0.25 * soft + 0.75 * rows.target)


def test_intervals_by_group_need_a_column_of_classes(few: Few) -> None:
    agree(few.job)
    with pytest.raises(
        CasebookError, match=r"model.intervals.by: 'Year_Built' is no column of classes \(its kind is num"
    ):
        agree(few.job.with_values({"model.intervals.by": "Year_Built"}))
    with pytest.raises(CasebookError, match=r"there is no such column\); did you mean 'Bldg_Type'"):
        agree(few.job.with_values({"model.intervals.by": "Bldg_type"}))
