import numpy as np
import pandas as pd
import pytest

from components.core.job import BUNDLE, SELECTION, TEST, TRAIN, VALIDATION, Job
from components.core.recipe import recipe_of
from components.kits.survival.cohort import outcome_of
from components.recipes.competing_risks.metrics.incidence import Incidence
from components.recipes.competing_risks.serving.predictor import CausesPredictor, mixed, open_predictor
from components.recipes.competing_risks.serving.serving import answers, constant, example
from components.recipes.shared.serving import read_split
from tests.components.recipes.competing_risks.conftest import NAME

pytestmark = pytest.mark.slow
CAUSES, YEARS = ("circulatory", "cancer", "other"), (2, 4, 6, 8, 10)


@pytest.fixture
def predictor(job: Job) -> CausesPredictor:
    return open_predictor(job.paths.fitted(NAME) / BUNDLE)


def test_risks_rise_and_add_up_with_survival_to_one(job: Job, predictor: CausesPredictor) -> None:
    answer = predictor.predict(example(job, rows=40))
    risks = np.stack([answer[[f"risk_{cause}_{year}y" for year in YEARS]].to_numpy() for cause in CAUSES])
    free = answer[[f"survival_{year}y" for year in YEARS]].to_numpy()
    assert (np.diff(risks, axis=2) >= 0).all()
    assert ((risks > 0) & (risks < 1)).all()
    np.testing.assert_allclose(risks.sum(axis=0) + free, 1.0)
    np.testing.assert_allclose(answer["score"], risks[0, :, -1])
    over = answer["score"] >= predictor.settings.threshold
    assert (answer["decision"] == np.where(over, "high risk", "not high risk")).all()
    assert answer["reasons"].map(len).max() <= predictor.settings.reasons
    assert answer["reasons"].iloc[0][0].endswith(")")


def test_what_is_measured_is_what_is_served(job: Job, predictor: CausesPredictor) -> None:
    found = answers(job, job.paths.fitted(NAME) / BUNDLE, TEST)
    np.testing.assert_allclose(found.score, predictor.score(read_split(job, TEST)), atol=1e-12)
    assert found.score.shape == (len(found.target), len(CAUSES) * len(YEARS))


def test_whole_curves_go_through_what_is_answered(job: Job, predictor: CausesPredictor) -> None:
    rows = example(job, rows=3)
    answer = predictor.predict(rows, curve=True)
    times = answer["curve_times"].iloc[0]
    for row in answer.to_dict("records"):
        for cause in CAUSES:
            curve, low, high = (np.array(row[f"curve_{cause}{end}"]) for end in ("", "_low", "_high"))
            assert (low <= curve).all()
            assert (curve <= high).all()
            assert curve[times.index(6.0)] == pytest.approx(row[f"risk_{cause}_6y"])
        assert row["curve_survival"][-1] == pytest.approx(row["survival_10y"])
    assert [name for name in predictor.predict(rows) if name.startswith("curve")] == []


def test_the_baseline_of_everybody_is_aalens_and_johansens(job: Job) -> None:
    selection = open_predictor(job.paths.fitted(NAME) / SELECTION)
    rows = read_split(job, VALIDATION)
    found = selection.at_horizons(selection.member_incidences["aalen_johansen"](selection.encoder.encode(rows)))
    expected = Incidence.of(outcome_of(read_split(job, TRAIN)), len(CAUSES)).at(YEARS)
    np.testing.assert_allclose(found, np.broadcast_to(expected, found.shape), atol=1e-12)
    np.testing.assert_allclose(constant(job, job.paths.fitted(NAME) / SELECTION), expected.ravel(), atol=1e-12)


def test_each_cause_has_a_blend_of_its_own() -> None:
    one, other = np.full((1, 2, 1), 0.1), np.full((1, 2, 1), 0.4)
    assert mixed([one, other], [(1.0, 0.5), (0.0, 0.5)])[0, :, 0].tolist() == pytest.approx([0.1, 0.2])


def test_monitoring_sees_risks_and_what_became_of_people(job: Job) -> None:
    raw = pd.read_csv(job.paths.raw(NAME) / "cohort.csv")
    found = recipe_of(job).watch.observe(job, job.paths.fitted(NAME) / BUNDLE, raw)
    assert list(found.scores) == [f"risk of {cause} by 10 y" for cause in CAUSES]
    assert found.labelled is not None
    assert sorted(set(found.labelled.target[:, 1])) == [0, 1, 2, 3]
    assert found.labelled.score.shape == (len(raw), len(CAUSES) * len(YEARS))
