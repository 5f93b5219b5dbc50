import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.core.job import BUNDLE, EXTERNAL, TEST, Job
from components.core.recipe import recipe_of
from components.kits.survival.online import cohort_service
from components.kits.tables.encoding.cells import columns_of_rows
from components.kits.tables.encoding.known import Asked
from components.kits.tables.quick.encoding import QuickEncoder, QuickReplacements
from components.recipes.shared.serving import read_split
from components.recipes.survival.serving.predictor import SurvivalAnswers, SurvivalPredictor, open_predictor
from components.recipes.survival.serving.serving import answers, example
from components.serving.service import Options
from tests.components.recipes.survival.conftest import NAME

pytestmark = pytest.mark.slow


@pytest.fixture
def predictor(job: Job) -> SurvivalPredictor:
    return open_predictor(job.paths.fitted(NAME) / BUNDLE)


def test_survival_falls_and_the_score_is_the_risk_by_the_last_year(job: Job, predictor: SurvivalPredictor) -> None:
    answer = predictor.predict(example(job, rows=40))
    curve = answer[[f"survival_{year}y" for year in (1, 2, 3, 4, 5)]].to_numpy()
    assert (np.diff(curve, axis=1) <= 0).all()
    assert ((curve > 0) & (curve < 1)).all()
    np.testing.assert_allclose(answer["score"], 1 - curve[:, -1])
    over = answer["score"] >= predictor.settings.threshold
    assert (answer["decision"] == np.where(over, "high risk", "not high risk")).all()
    assert answer["reasons"].map(len).max() <= predictor.settings.reasons
    assert answer["reasons"].iloc[0][0].endswith(")")


def test_curves_over_http_are_those_of_predict_and_come_the_quick_way(job: Job, predictor: SurvivalPredictor) -> None:
    rows = json.loads(example(job, rows=5).to_json(orient="records"))
    asked: list[SurvivalPredictor] = []

    def answer(one: SurvivalPredictor, looked: Asked, explain: bool) -> SurvivalAnswers:
        asked.append(one)
        return one.answer_asked(looked, explain=explain)

    service = cohort_service(open_predictor(job.paths.fitted(NAME) / BUNDLE), answer, lambda *_: {})
    assert service.options({"curve": None}) == {}
    plain, with_curve = (
        service.answer(rows, Options("always", more=service.options(more))) for more in ({}, {"curve": True})
    )
    for one in asked:
        assert isinstance(one.encoder, QuickEncoder)
        assert isinstance(one.typical, QuickReplacements)
    assert [one.curve for one in asked] == [False, True]
    wanted = predictor.answers_to(columns_of_rows(rows), curve=True)
    for number, (short, whole) in enumerate(zip(plain, with_curve, strict=True)):
        assert short.values is not None
        assert whole.values is not None
        assert whole.values["reasons"] == short.values["reasons"]
        for name in ("curve_times", "curve_survival", "curve_low", "curve_high"):
            assert name not in short.values
            assert whole.values[name] == pytest.approx(wanted[name][number], abs=1e-12)


def test_sizes_in_mm_are_the_bands_they_fall_in(job: Job, predictor: SurvivalPredictor) -> None:
    rows = example(job, rows=3).assign(size=["<=20", "20-50", ">50"])
    in_mm = rows.assign(size=[20, 50, 51], grade=rows["grade"].map({"1-2": 2, "3": 3}))
    assert predictor.predict(in_mm)["score"].tolist() == predictor.predict(rows)["score"].tolist()


def test_what_is_measured_is_what_is_served(job: Job, predictor: SurvivalPredictor) -> None:
    found = answers(job, job.paths.fitted(NAME) / BUNDLE, EXTERNAL)
    np.testing.assert_allclose(found.score, predictor.score(read_split(job, EXTERNAL)), atol=1e-12)
    assert found.target.shape == (len(found.score), 2)


def test_a_missing_column_and_strange_cells(
    job: Job, predictor: SurvivalPredictor, caplog: pytest.LogCaptureFixture
) -> None:
    rows = example(job, rows=5)
    with pytest.raises(CasebookError, match=r"lack 1 column\(s\) .*: 'nodes'"):
        predictor.predict(rows.drop(columns="nodes"))
    answer = predictor.predict(rows.assign(size="huge", age=-1), accept_strange=True)
    assert np.isfinite(answer["score"]).all()
    assert "size: 5 of 5 cells cannot be read and count as missing" in caplog.text
    assert "column age: 5 of 5 cells are below 18 and count as missing, such as" in caplog.text


@pytest.mark.parametrize("name", ["out.parquet", "out.csv"])
def test_a_file_of_patients(job: Job, predictor: SurvivalPredictor, tmp_path: Path, name: str) -> None:
    rows = read_split(job, TEST).drop(columns=["row", "time", "event"])
    rows.to_csv(tmp_path / "rows.csv", index=False)
    bundle = job.paths.fitted(NAME) / BUNDLE
    assert recipe_of(job).predict.predict_file(bundle, tmp_path / "rows.csv", tmp_path / name, {}) == len(rows)
    read = pd.read_parquet if name.endswith("parquet") else pd.read_csv
    answer = read(tmp_path / name)
    assert answer["row"].tolist() == list(range(1, len(rows) + 1))
    np.testing.assert_allclose(answer["score"], predictor.predict(rows)["score"])
