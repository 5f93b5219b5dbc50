from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from components.compression.compare import compare, variant_row
from components.core.job import TEST, VALIDATION, Job
from components.core.params.overrides import override
from components.core.recipe import Recipe, recipe_of
from components.core.results import Answers

TARGET = np.array([0, 1, 0, 1])


def accuracy(target: np.ndarray, score: np.ndarray) -> float:
    return float(np.mean((score >= 0.5) == target))


def brier(target: np.ndarray, score: np.ndarray) -> float:
    return float(np.mean((score - target) ** 2))


@pytest.fixture
def recipe(prepared: Job) -> Recipe:
    """Two bundles: `full` is right on all four rows, `small` wrong on one; on the test split both are off by more."""
    scores = {"full": [0.1, 0.9, 0.1, 0.9], "small": [0.1, 0.9, 0.1, 0.3]}

    def answers(_job: Job, folder: Path, split: str) -> Answers:
        return Answers(TARGET, np.array(scores[folder.name]) * (1.0 if split == VALIDATION else 0.5))

    serving = SimpleNamespace(
        answers=answers,
        answer_rows=lambda _job, _folder: lambda _count: None,
        metrics=lambda _job, _folder: {"accuracy": accuracy, "brier": brier},
    )
    return serving_by(replace(recipe_of(prepared), primary="accuracy"), serving)


def serving_by(recipe: Recipe, serving: object) -> Recipe:
    """The recipe, but for what it serves by."""
    return type("Recipe", (Recipe,), {"serving": serving})(**vars(recipe))


def folders(root: Path) -> dict[str, Path]:
    for name in ("full", "small"):
        (root / name).mkdir()
        (root / name / "graph").write_bytes(b"x" * (10 if name == "full" else 4))
    return {"fp32": root / "full", "int8": root / "small"}


def test_a_loss_is_what_a_metric_that_should_rise_has_fallen(prepared: Job, recipe: Recipe, tmp_path: Path) -> None:
    full, small = compare(prepared, recipe, folders(tmp_path))
    assert (full.name, full.bytes, full.loss.value, full.largest_difference) == ("fp32", 10, 0, 0)
    assert (small.name, small.bytes) == ("int8", 4)
    assert small.loss.value == 4 / 4 - 3 / 4
    assert small.loss.low <= small.loss.value <= small.loss.high
    assert small.largest_difference == pytest.approx(0.5 * (0.9 - 0.3))  # on the test split
    assert small.test["accuracy"].value == 2 / 4


def test_each_bundle_answers_each_split_once(prepared: Job, recipe: Recipe, tmp_path: Path) -> None:
    asked: list[tuple[str, str]] = []

    def answers(job: Job, folder: Path, split: str) -> Answers:
        asked.append((folder.name, split))
        return recipe.serving.answers(job, folder, split)

    counting = serving_by(recipe, SimpleNamespace(**{**vars(recipe.serving), "answers": answers}))
    _, small = compare(prepared, counting, folders(tmp_path))
    assert sorted(asked) == [(name, split) for name in ("full", "small") for split in (TEST, VALIDATION)]
    assert small.answers[TEST].score.tolist() == [0.5 * 0.1, 0.5 * 0.9, 0.5 * 0.1, 0.5 * 0.3]


def test_intervals_are_as_wide_as_the_params_say(prepared: Job, recipe: Recipe, tmp_path: Path) -> None:
    below = folders(tmp_path)

    def width(confidence: float) -> float:
        job = replace(prepared, params=override(prepared.params, {"compress.confidence": confidence}))
        loss = compare(job, recipe, below)[1].loss
        return loss.high - loss.low

    # Of four rows one is lost: a resample loses 0 to 3 of 4, and .95 of them hold more of these than .6 do.
    assert width(0.6) < width(0.95)


def test_a_loss_is_what_a_metric_that_should_fall_has_risen(prepared: Job, recipe: Recipe, tmp_path: Path) -> None:
    _, small = compare(prepared, replace(recipe, primary="brier"), folders(tmp_path))
    full_brier, small_brier = 0.1**2, (3 * 0.1**2 + 0.7**2) / 4
    assert small.loss.value == pytest.approx(small_brier - full_brier)
    assert small.loss.value > 0


def test_a_loss_of_a_metric_in_units_of_the_data_is_a_share(prepared: Job, recipe: Recipe, tmp_path: Path) -> None:
    _, small = compare(prepared, replace(recipe, primary="brier", relative=True), folders(tmp_path))
    full_brier, small_brier = 0.1**2, (3 * 0.1**2 + 0.7**2) / 4
    assert small.loss.value == pytest.approx((small_brier - full_brier) / full_brier)


def test_a_row_has_the_size_the_speed_and_the_metrics(prepared: Job, recipe: Recipe, tmp_path: Path) -> None:
    row = variant_row(compare(prepared, recipe, folders(tmp_path))[1])
    assert row.keys() == {
        "name", "bytes", "p50_ms", "p99_ms", "per_s", "loss_on_validation", "largest_difference", "accuracy", "brier",
    }  # fmt: skip
    assert row["loss_on_validation"]["value"] == 0.25
    assert row["accuracy"]["value"] == 0.5


def test_answers_of_different_numbers_have_no_largest_difference(prepared: Job, recipe: Recipe, tmp_path: Path) -> None:
    """A smaller model finds one object less: its answer ends in a padding that the other's has not."""
    boxes = {"full": [[0.9, 0.8]] * 4, "small": [[0.9, np.nan]] * 4}

    def answers(_job: Job, folder: Path, _split: str) -> Answers:
        return Answers(TARGET, np.array(boxes[folder.name]))

    def first(target: np.ndarray, score: np.ndarray) -> float:
        return float(np.mean((score[:, 0] >= 0.5) == target))

    of_boxes = serving_by(
        recipe,
        SimpleNamespace(
            **{**vars(recipe.serving), "answers": answers, "metrics": lambda _job, _folder: {"accuracy": first}}
        ),
    )
    full, small = compare(prepared, of_boxes, folders(tmp_path))
    assert (full.largest_difference, small.largest_difference) == (0.0, None)
    assert variant_row(small)["largest_difference"] is None
