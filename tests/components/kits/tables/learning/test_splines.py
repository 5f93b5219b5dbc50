import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.special import expit, softmax
from sklearn.linear_model import LogisticRegression

from components.kits.tables.encoding.scale import fit_scale
from components.kits.tables.encoding.spec import EncodeParams
from components.kits.tables.learning.additive import AdditiveModel
from components.kits.tables.learning.logistic import AdditiveLogistic
from components.kits.tables.learning.splines import LineDesign, SplineDesign
from tests.components.kits.tables.learning.encoded import CATEGORICAL, NUMERIC, SIZES, TARGET, make_rows
from tests.examples import examples

COLUMNS = [0, 1, 2, 3]


@pytest.fixture(scope="module")
def logistic() -> AdditiveLogistic:
    return AdditiveLogistic(design=SplineDesign(knots=5, columns=COLUMNS), c=1.0).fit(
        NUMERIC, CATEGORICAL, TARGET, SIZES
    )


def test_an_indicator_gets_a_line_and_a_spread_column_a_curve(logistic: AdditiveLogistic) -> None:
    assert [basis is None for basis in logistic.design.bases] == [False, True, True, False]
    curves = logistic.to_json()["curves"]
    weight = logistic.model.coef_[0][logistic.design.bases[0].n_features_out_]
    assert curves[1] == {"knots": [0.0, 1.0], "coefficients": [[0.0, 0.0, weight, 0.0]]}
    # Knots are the quantiles at 0, 1/4, 1/2, 3/4 and 1.
    assert curves[0]["knots"] == pytest.approx(np.quantile(NUMERIC[:, 0].astype(float), [0, 0.25, 0.5, 0.75, 1]))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=examples(60))
@given(
    st.lists(st.lists(st.floats(-1e4, 1e4, width=32), min_size=4, max_size=4), min_size=1, max_size=20), st.integers(0)
)
def test_its_json_answers_what_the_model_answers_far_outside_too(
    logistic: AdditiveLogistic, numeric: list[list[float]], seed: int
) -> None:
    rows = np.array(numeric, dtype=np.float32)
    random = np.random.default_rng(seed % 2**32)
    codes = np.column_stack([random.integers(0, size, len(rows)) for size in SIZES])
    read = AdditiveModel.from_json(logistic.to_json())
    assert expit(read.line(rows, codes)) == pytest.approx(logistic.predict(rows, codes), abs=1e-9)


@pytest.mark.parametrize("kind", ["quantile", "standard"])
def test_lines_are_scikit_learns_logistic_regression_on_numbers_in_their_own_units(kind: str) -> None:
    random = np.random.default_rng(4)
    raw = np.column_stack([random.lognormal(2, 1, 300), random.integers(18, 70, 300), np.full(300, 7.0)])
    absent = (random.random(300) < 0.2).astype(np.float32)
    target = (random.random(300) < expit((raw[:, 0] - 10) / 8 + absent)).astype(np.int8)
    scales = [fit_scale(column, EncodeParams(numeric=kind, knots=512, min_count=5)) for column in raw.T]  # type: ignore[arg-type]
    bent = [scale(column) for scale, column in zip(scales, raw.T, strict=True)]
    numeric = np.column_stack([*bent, absent]).astype(np.float32)
    codes = np.zeros((300, 0), dtype=np.int64)
    found = AdditiveLogistic(design=LineDesign(scales=scales, columns=[0, 1, 2, 3]), c=0.5).fit(
        numeric, codes, target, ()
    )
    varied = (raw[:, :2] - raw[:, :2].mean(axis=0)) / raw[:, :2].std(axis=0)
    design = np.column_stack([varied, absent])
    by_hand = LogisticRegression(C=0.5, tol=1e-8).fit(design, target).predict_proba(design)[:, 1]
    assert found.predict(numeric, codes) == pytest.approx(by_hand, abs=1e-3)
    read = AdditiveModel.from_json(found.to_json())
    assert expit(read.line(numeric, codes)) == pytest.approx(found.predict(numeric, codes), abs=1e-7)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("knots", [2, 3, 8])
def test_any_fit_survives_json(seed: int, knots: int) -> None:
    numeric, categorical, target = make_rows(seed, rows=60)
    model = AdditiveLogistic(design=SplineDesign(knots=knots, columns=[3, 0]), c=0.1).fit(
        numeric, categorical, target, SIZES
    )
    new, codes, _ = make_rows(seed + 100)
    read = AdditiveModel.from_json(model.to_json())
    assert read.columns == (3, 0)
    assert expit(read.line(new * 10, codes)) == pytest.approx(model.predict(new * 10, codes), abs=1e-9)


def test_columns_that_are_left_out_do_not_matter() -> None:
    model = AdditiveLogistic(design=SplineDesign(knots=4, columns=[0]), c=1.0).fit(NUMERIC, CATEGORICAL, TARGET, SIZES)
    changed = NUMERIC.copy()
    changed[:, 1:] += 5
    assert model.predict(changed, CATEGORICAL) == pytest.approx(model.predict(NUMERIC, CATEGORICAL), abs=0)


def test_curves_find_what_a_line_cannot(logistic: AdditiveLogistic) -> None:
    grid = np.zeros((3, 4), np.float32)
    grid[:, 0] = [-0.78, 0, 0.78]  # sin(2x) is -1, 0, 1
    grid[:, 2] = 2
    score = logistic.predict(grid, np.zeros((3, 2), int))
    assert score[0] < score[1] < score[2]
    grid[:, 0] = [0.78, 1.57, 2.3]  # and 1, 0, -1
    score = logistic.predict(grid, np.zeros((3, 2), int))
    assert score[0] > score[1] > score[2]


@pytest.mark.parametrize("knots", [2, 5])
def test_several_classes_have_a_line_each(knots: int) -> None:
    target = (NUMERIC[:, 0] > 0).astype(int) + (NUMERIC[:, 3] > 3)
    model = AdditiveLogistic(design=SplineDesign(knots=knots, columns=COLUMNS), c=1.0)
    answer = model.fit(NUMERIC, CATEGORICAL, target, SIZES).predict(NUMERIC * 3, CATEGORICAL)
    assert answer.shape == (300, 3)
    line = AdditiveModel.from_json(model.to_json()).line(NUMERIC * 3, CATEGORICAL)
    assert softmax(line, axis=1) == pytest.approx(answer, abs=1e-9)


def test_lines_of_several_classes_survive_json() -> None:
    scales = [
        fit_scale(column.astype(float), EncodeParams(numeric="quantile", knots=64, min_count=5)) for column in NUMERIC.T
    ]
    bent = np.column_stack(
        [scale(column.astype(float)) for scale, column in zip(scales, NUMERIC.T, strict=True)]
    ).astype(np.float32)
    target = (NUMERIC[:, 0] > 0).astype(int) + (NUMERIC[:, 3] > 3)
    model = AdditiveLogistic(design=LineDesign(scales=scales, columns=COLUMNS), c=1.0)
    answer = model.fit(bent, CATEGORICAL, target, SIZES).predict(bent, CATEGORICAL)
    line = AdditiveModel.from_json(model.to_json()).line(bent, CATEGORICAL)
    assert softmax(line, axis=1) == pytest.approx(answer, abs=1e-7)
