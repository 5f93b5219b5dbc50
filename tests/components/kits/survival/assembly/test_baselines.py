"""What each baseline writes, beside what scikit-survival's own model answers."""

from pathlib import Path

import numpy as np
import pytest

from components.core.bundle import Bundle, Manifest, read_bundle, write_bundle
from components.kits.survival.assembly.baselines import SplineCox, SurvivalBoosting, SurvivalForest
from components.kits.survival.serving.members import OPENERS
from components.kits.tables.encoding.dummies import with_dummies
from components.kits.tables.encoding.encode import Encoded

TIMES = np.array([0.5, 1.0, 2.0, 4.0])
SIZES = (3,)


def patients(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    numeric = np.column_stack([random.normal(size=count), random.integers(0, 2, count)]).astype(np.float32)
    categorical = random.integers(0, 3, (count, 1))
    hazard = np.exp(-1 + np.sin(numeric[:, 0]) + 0.5 * numeric[:, 1] + 0.3 * categorical[:, 0])
    event, end = random.exponential(1 / hazard), random.uniform(0.5, 8, count)
    return numeric, categorical, np.column_stack([np.minimum(event, end), event <= end]).astype(float)


MODELS = {
    "cox": ("additive", lambda: SplineCox(knots=4, ridge=5.0)),
    "forest": ("forest", lambda: SurvivalForest(trees=7, min_leaf=8, features=0.7, resolution=0.25, seed=3)),
    "boosting": (
        "boosting",
        lambda: SurvivalBoosting(trees=9, rate=0.2, depth=2, min_leaf=5, subsample=0.7, features=0.7, seed=3),
    ),
}


def bundle_of(folder: Path, contents: dict[str, object]) -> Bundle:
    write_bundle(folder, Manifest(case="toy", predictor="survival.predictor", graphs=(), settings={}), contents)  # type: ignore[arg-type]
    return read_bundle(folder, threads=1)


def splines(fitted: SplineCox, numeric: np.ndarray, categorical: np.ndarray) -> np.ndarray:
    """The rows as scikit-survival's own model was given them: splines of a column, or the column; then dummies."""
    columns = [numeric[:, [place]].astype(float) for place in range(numeric.shape[1])]
    parts = [basis.transform(column) if basis else column for basis, column in zip(fitted.bases, columns, strict=True)]
    parts += [np.eye(size)[codes] for size, codes in zip(SIZES, categorical.T, strict=True)]
    return np.column_stack(parts) / fitted.scale


@pytest.mark.parametrize("name", MODELS)
def test_a_bundle_answers_what_scikit_survival_answers(tmp_path: Path, name: str) -> None:
    kind, make = MODELS[name]
    numeric, categorical, target = patients(150)
    fitted = make().fit(numeric, categorical, target, SIZES)
    bundle = bundle_of(tmp_path / "bundle", fitted.contents(name, TIMES))
    others, codes, _ = patients(40, seed=1)
    others[:3, 0] = [-9, 9, 0]  # outside of what was seen
    found = OPENERS[kind](bundle, name, TIMES, TIMES, SIZES)(Encoded(others, others, codes, {}))
    rows = splines(fitted, others, codes) if name == "cox" else with_dummies(others, codes, SIZES)
    expected = np.stack([curve(TIMES) for curve in fitted.model.predict_cumulative_hazard_function(rows)])
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)
    assert (np.diff(found, axis=1) >= 0).all()


def test_the_same_rows_give_the_same_bytes() -> None:
    for kind, make in MODELS.values():
        first, second = (make().fit(*patients(80), SIZES).contents(kind, TIMES) for _ in range(2))
        assert first == second


def test_times_before_the_first_event_have_no_hazard(tmp_path: Path) -> None:
    numeric, categorical, target = patients(150)
    target[:, 0] += 2
    for name, (kind, make) in MODELS.items():
        fitted = make().fit(numeric, categorical, target, SIZES)
        bundle = bundle_of(tmp_path / name, fitted.contents(name, TIMES))
        found = OPENERS[kind](bundle, name, TIMES, TIMES, SIZES)(Encoded(numeric, numeric, categorical, {}))
        assert (found[:, :2] == 0).all(), name


def test_a_column_of_two_values_is_a_straight_line() -> None:
    numeric, categorical, target = patients(150)
    content = SplineCox(knots=4, ridge=5.0).fit(numeric, categorical, target, SIZES).contents("cox", TIMES)["cox.json"]
    assert isinstance(content, dict)
    assert len(content["curves"][0]["knots"]) > 0
    assert content["curves"][1]["knots"] == []
    assert len(content["curves"][1]["coefficients"]) == 1
