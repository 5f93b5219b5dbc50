"""What is answered to rows of several classes, and the same in every way of asking."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

from components.core.job import TEST
from components.kits.tables.learning.members import KINDS
from components.recipes.multiclass.metrics.explain import log_odds
from components.recipes.multiclass.predict import predict_file
from components.recipes.multiclass.serving.predictor import ClassPredictor, open_predictor
from components.recipes.multiclass.serving.serving import answers, constant
from components.recipes.multiclass.watch import WATCH, labelled
from components.recipes.shared.serving import read_split
from tests.components.recipes.multiclass.conftest import Few

pytestmark = pytest.mark.slow

CLASSES = ("VF", "F", "M", "L")
COLUMNS = ["class", "probability", "p_VF", "p_F", "p_M", "p_L", "reasons", "warnings"]


@pytest.fixture(scope="module")
def predictor(few: Few) -> ClassPredictor:
    return open_predictor(few.bundle)


@pytest.fixture(scope="module")
def rows(few: Few) -> pd.DataFrame:
    """Test rows as a client has them."""
    return read_split(few.job, TEST).drop(columns=["target", "row"])


def test_the_likeliest_class_is_answered_with_the_probability_of_each(
    predictor: ClassPredictor, rows: pd.DataFrame
) -> None:
    answer = predictor.predict(rows)
    assert list(answer) == COLUMNS
    told = answer[[f"p_{name}" for name in CLASSES]].to_numpy()
    assert told.sum(axis=1) == pytest.approx(np.ones(len(rows)))
    assert answer["class"].tolist() == [CLASSES[place] for place in told.argmax(axis=1)]
    assert answer["probability"].to_numpy() == pytest.approx(told.max(axis=1), abs=0)


def test_the_blend_is_the_weighted_mean_of_the_members_logs(predictor: ClassPredictor, rows: pd.DataFrame) -> None:
    encoded = predictor.encoder.encode(rows)
    logs = {name: np.log(score(encoded)) for name, score in predictor.member_scores.items()}
    by_hand = softmax(sum(member.weight * logs[member.name] for member in predictor.members), axis=1)
    assert predictor.blend(encoded) == pytest.approx(by_hand, abs=1e-6)
    (trees,) = [member for member in predictor.members if member.kind == "trees"]
    seeds = [np.log(KINDS["trees"](predictor, file)(encoded)) for file in trees.files]
    assert np.exp(logs["lightgbm"]) == pytest.approx(softmax(np.mean(seeds, axis=0), axis=1), abs=1e-9)


def test_reasons_raise_the_class_that_was_answered(predictor: ClassPredictor, rows: pd.DataFrame) -> None:
    answer = predictor.predict(rows)
    for row in range(5):
        place = CLASSES.index(answer["class"][row])
        for reason in answer["reasons"][row]:
            feature = reason.split(" = ")[0].removesuffix(" is missing")
            typical = predictor.settings.references[place][feature]
            other = rows.iloc[[row]].assign(**{feature: typical})
            before, after = (log_odds(predictor.score(one)[:, place])[0] for one in (rows.iloc[[row]], other))
            assert after < before
    assert max(len(reasons) for reasons in answer["reasons"]) == predictor.settings.reasons


def test_a_row_is_answered_alike_alone_and_in_company(predictor: ClassPredictor, rows: pd.DataFrame) -> None:
    whole, alone = predictor.predict(rows), predictor.predict(rows.iloc[[7]])
    assert alone["p_F"].iloc[0] == pytest.approx(whole["p_F"].iloc[7], abs=1e-6)
    assert alone["reasons"].iloc[0] == whole["reasons"].iloc[7]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_file_has_the_answers_that_a_frame_has(few: Few, tmp_path: Path, suffix: str) -> None:
    raw = few.job.paths.raw(few.job.case) / "rows.csv"
    target = tmp_path / f"answers.{suffix}"
    count = predict_file(few.bundle, raw, target, {})
    found = pd.read_csv(target) if suffix == "csv" else pd.read_parquet(target)
    assert len(found) == count == len(pd.read_csv(raw))
    assert list(found) == ["row", *COLUMNS]
    assert set(found["class"]) <= set(CLASSES)


def test_answers_of_a_split_are_codes_and_probabilities(few: Few, predictor: ClassPredictor) -> None:
    found, rows = answers(few.job, few.bundle, TEST), read_split(few.job, TEST)
    assert found.target.tolist() == rows["target"].tolist()
    assert found.score == pytest.approx(predictor.score(rows), abs=1e-9)
    shares = constant(few.job, few.bundle)
    assert shares.shape == (4,)
    assert shares.sum() == pytest.approx(1)


def test_monitoring_sees_answers_and_the_classes_that_are_known(few: Few) -> None:
    raw = pd.read_csv(few.job.paths.raw(few.job.case) / "rows.csv", dtype=str).head(6)
    raw.loc[0, "class"] = None
    seen = WATCH.observe(few.job, few.bundle, raw)
    assert list(seen.scores) == COLUMNS[:-2]
    assert seen.labelled is not None
    assert seen.labelled.target.tolist() == [CLASSES.index(name) for name in raw["class"][1:]]
    assert seen.labelled.score.shape == (5, 4)
    assert labelled(raw.drop(columns="class"), np.zeros((6, 4)), few.job.prepare) is None
