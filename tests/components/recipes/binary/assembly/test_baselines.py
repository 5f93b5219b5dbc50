import numpy as np
import onnxruntime
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from components.kits.tables.encoding.dummies import with_dummies
from components.kits.tables.encoding.scale import fit_scale
from components.kits.tables.encoding.spec import EncodeParams
from components.recipes.binary.assembly.baselines import GradientBoosting, LinearLogistic, SplineLogistic
from components.recipes.binary.serving.additive import AdditiveModel
from tests.examples import examples

SIZES = (3, 2)
SETTINGS = {"n_estimators": 30, "learning_rate": 0.1, "num_leaves": 7, "min_child_samples": 5}


def make_rows(seed: int, rows: int = 300) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A spread column, an indicator, a constant, a column of many ties; two categories; a target of all."""
    random = np.random.default_rng(seed)
    numeric = np.column_stack(
        [random.normal(size=rows), random.random(rows) < 0.3, np.full(rows, 2.0), random.integers(0, 6, rows)]
    ).astype(np.float32)
    categorical = np.column_stack([random.integers(0, size, rows) for size in SIZES])
    logit = 2 * np.sin(2 * numeric[:, 0]) + numeric[:, 1] + categorical[:, 0] - 1
    return numeric, categorical, (random.random(rows) < expit(logit)).astype(np.int8)


NUMERIC, CATEGORICAL, TARGET = make_rows(0)
COLUMNS = [0, 1, 2, 3]


@pytest.fixture(scope="module")
def logistic() -> SplineLogistic:
    return SplineLogistic(knots=5, c=1.0, columns=COLUMNS).fit(NUMERIC, CATEGORICAL, TARGET, SIZES)


def test_an_indicator_gets_a_line_and_a_spread_column_a_curve(logistic: SplineLogistic) -> None:
    assert [basis is None for basis in logistic.bases] == [False, True, True, False]
    curves = logistic.to_json()["curves"]
    weight = logistic.model.coef_[0][logistic.bases[0].n_features_out_]
    assert curves[1] == {"knots": [0.0, 1.0], "coefficients": [[0.0, 0.0, weight, 0.0]]}
    # Knots are the quantiles at 0, 1/4, 1/2, 3/4 and 1.
    assert curves[0]["knots"] == pytest.approx(np.quantile(NUMERIC[:, 0].astype(float), [0, 0.25, 0.5, 0.75, 1]))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=examples(60))
@given(
    st.lists(st.lists(st.floats(-1e4, 1e4, width=32), min_size=4, max_size=4), min_size=1, max_size=20), st.integers(0)
)
def test_its_json_answers_what_the_model_answers_far_outside_too(
    logistic: SplineLogistic, numeric: list[list[float]], seed: int
) -> None:
    rows = np.array(numeric, dtype=np.float32)
    random = np.random.default_rng(seed % 2**32)
    codes = np.column_stack([random.integers(0, size, len(rows)) for size in SIZES])
    read = AdditiveModel.from_json(logistic.to_json())
    assert read.predict(rows, codes) == pytest.approx(logistic.predict(rows, codes), abs=1e-9)


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
    found = LinearLogistic(scales=scales, c=0.5, columns=[0, 1, 2, 3]).fit(numeric, codes, target, ())
    varied = (raw[:, :2] - raw[:, :2].mean(axis=0)) / raw[:, :2].std(axis=0)
    design = np.column_stack([varied, absent])
    by_hand = LogisticRegression(C=0.5, tol=1e-8).fit(design, target).predict_proba(design)[:, 1]
    assert found.predict(numeric, codes) == pytest.approx(by_hand, abs=1e-3)
    read = AdditiveModel.from_json(found.to_json())
    assert read.predict(numeric, codes) == pytest.approx(found.predict(numeric, codes), abs=1e-7)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("knots", [2, 3, 8])
def test_any_fit_survives_json(seed: int, knots: int) -> None:
    numeric, categorical, target = make_rows(seed, rows=60)
    model = SplineLogistic(knots=knots, c=0.1, columns=[3, 0]).fit(numeric, categorical, target, SIZES)
    new, codes, _ = make_rows(seed + 100)
    read = AdditiveModel.from_json(model.to_json())
    assert read.columns == (3, 0)
    assert read.predict(new * 10, codes) == pytest.approx(model.predict(new * 10, codes), abs=1e-9)


def test_columns_that_are_left_out_do_not_matter() -> None:
    model = SplineLogistic(knots=4, c=1.0, columns=[0]).fit(NUMERIC, CATEGORICAL, TARGET, SIZES)
    changed = NUMERIC.copy()
    changed[:, 1:] += 5
    assert model.predict(changed, CATEGORICAL) == pytest.approx(model.predict(NUMERIC, CATEGORICAL), abs=0)


def test_curves_find_what_a_line_cannot(logistic: SplineLogistic) -> None:
    grid = np.zeros((3, 4), np.float32)
    grid[:, 0] = [-0.78, 0, 0.78]  # sin(2x) is -1, 0, 1
    grid[:, 2] = 2
    score = logistic.predict(grid, np.zeros((3, 2), int))
    assert score[0] < score[1] < score[2]
    grid[:, 0] = [0.78, 1.57, 2.3]  # and 1, 0, -1
    score = logistic.predict(grid, np.zeros((3, 2), int))
    assert score[0] > score[1] > score[2]


def boosted(monotone: list[int], seeds: int = 2) -> GradientBoosting:
    return GradientBoosting(seeds=seeds, monotone=monotone, settings=SETTINGS).fit(NUMERIC, CATEGORICAL, TARGET, SIZES)


def test_graphs_answer_what_the_trees_answer() -> None:
    model = boosted([0] * 9)
    numeric, categorical, _ = make_rows(7)
    rows = with_dummies(numeric, categorical, SIZES)
    graphs = model.to_onnx(rows.shape[1])
    assert len(graphs) == 2
    for graph, single in zip(graphs, model.models, strict=True):
        session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
        (answer,) = session.run(["probabilities"], {"features": rows})
        assert answer[:, 1] == pytest.approx(expit(single.predict(rows, raw_score=True)), abs=1e-5)


def test_seeds_are_averaged_in_log_odds_and_repeat_themselves() -> None:
    model = boosted([0] * 9)
    rows = with_dummies(NUMERIC, CATEGORICAL, SIZES)
    logits = [single.predict(rows, raw_score=True) for single in model.models]
    assert model.predict(NUMERIC, CATEGORICAL) == pytest.approx(expit((logits[0] + logits[1]) / 2), abs=1e-12)
    again = boosted([0] * 9)
    assert (again.predict(NUMERIC, CATEGORICAL) == model.predict(NUMERIC, CATEGORICAL)).all()


def test_graphs_of_the_same_trees_are_the_same_bytes() -> None:
    first, again = (boosted([0] * 9).to_onnx(9) for _ in range(2))
    assert [graph.SerializeToString() for graph in first] == [graph.SerializeToString() for graph in again]
    # Two runs of one process share the order of a set's members; two processes do not.
    assert [opset.domain for opset in first[0].opset_import] == ["", "ai.onnx.ml"]


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_monotone_score_never_turns(sign: int) -> None:
    model = boosted([sign] + [0] * 8)
    free = boosted([0] * 9)
    turns = []
    for fitted in (model, free):
        steps = []
        for row in range(20):
            grid = np.repeat(NUMERIC[row : row + 1], 101, axis=0)
            grid[:, 0] = np.linspace(-3, 3, 101)
            steps.append(np.diff(fitted.predict(grid, np.repeat(CATEGORICAL[row : row + 1], 101, axis=0))))
        turns.append(np.concatenate(steps) * sign)
    assert turns[0].min() >= 0
    assert turns[0].max() > 0
    assert turns[1].min() < -0.01  # the truth is a wave, which a free model follows
