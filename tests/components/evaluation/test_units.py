"""Units that are no rows of a table: episodes of a game, pictures. Nothing that compares answers asks for rows."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from components.compression.compare import compare
from components.core.job import Job
from components.core.recipe import Recipe, recipe_of
from components.core.results import Answers
from components.evaluation.bootstrap import (
    CountedMetric,
    Resampling,
    interval,
    intervals,
    mean_over_units,
    paired_difference,
)
from components.evaluation.gaps import largest_gap
from components.evaluation.scores import as_column, from_column
from tests.toy.jobs import toy_job

SETTINGS = Resampling(400, 0.9, 2)
REWARD = [[1.0, 1, 1], [1, 0, np.nan], [1, 1, np.nan], [0, np.nan, np.nan]]  # padded where an episode had ended


def episodes(rewards: list[list[float]]) -> Answers:
    """Nothing is known beforehand of an episode but the seed that it starts from."""
    return Answers(target=np.arange(len(rewards)), score=np.array(rewards))


def returns(_seed: np.ndarray, reward: np.ndarray) -> np.ndarray:
    return np.nansum(reward, axis=1)


def longest(_seed: np.ndarray, reward: np.ndarray) -> float:
    """A metric that is no mean and has no form over counts."""
    return float(np.isfinite(reward).sum(axis=1).max())


def pictures(error: float) -> Answers:
    """Five pictures of 4 x 6 points and three colours; `error` is that of the k-th one's points, times k."""
    target = np.random.default_rng(0).integers(0, 256, size=(5, 4, 6, 3)).astype(np.float32) / 255
    return Answers(target, target + np.float32(error) * np.arange(5, dtype=np.float32).reshape(5, 1, 1, 1))


def squared_error(target: np.ndarray, score: np.ndarray) -> np.ndarray:
    return np.square(score.astype(np.float64) - target).mean(axis=(1, 2, 3))


def test_a_mean_return_has_an_interval_over_episodes() -> None:
    answers = episodes(REWARD)
    metric = mean_over_units(returns)
    found = interval(metric, answers.target, answers.score, resampling=SETTINGS)
    assert found.value == (3 + 1 + 2 + 0) / 4
    assert 0 < found.low < found.value < found.high < 3
    assert isinstance(metric, CountedMetric)
    counts = np.array([[1.0, 1, 1, 1], [4, 0, 0, 0], [0, 1, 0, 3]])
    # The episodes' figures weighted, and the same as the episodes repeated.
    assert metric.over_counts(answers.target, answers.score, counts).tolist() == [6 / 4, 3, 1 / 4]
    repeated = [np.repeat(np.arange(4), row.astype(int)) for row in counts]
    assert [metric(answers.target[rows], answers.score[rows]) for rows in repeated] == [6 / 4, 3, 1 / 4]


def test_metrics_with_and_without_counts_share_episodes() -> None:
    answers = episodes(REWARD)
    metrics = {"return": mean_over_units(returns), "longest": longest}
    found = intervals(metrics, answers.target, answers.score, resampling=SETTINGS)
    assert (found["return"].value, found["longest"].value) == (1.5, 3)


def test_two_players_are_compared_on_the_same_episodes() -> None:
    better = np.array([[one + 0.5 for one in row] for row in REWARD])
    answers = episodes(REWARD)
    found = paired_difference(mean_over_units(returns), answers.target, better, answers.score, resampling=SETTINGS)
    # By half a point a step: of 3, 2, 2 and 1 steps.
    assert found.value == pytest.approx(0.5 * (3 + 2 + 2 + 1) / 4)
    assert found.share_below == 0


def test_pictures_are_compared_point_by_point() -> None:
    answers, metric = pictures(0.1), mean_over_units(squared_error)
    found = interval(metric, answers.target, answers.score, resampling=SETTINGS)
    assert found.value == pytest.approx(0.01 * (0 + 1 + 4 + 9 + 16) / 5, rel=1e-5)
    assert found.low < found.value < found.high
    assert largest_gap(answers.score, pictures(0.2).score) == pytest.approx(0.1 * 4, rel=1e-5)


@pytest.mark.parametrize("answers", [episodes(REWARD), pictures(0.1)])
def test_answers_are_the_same_when_read_back_from_what_the_stages_hand_on(tmp_path: Path, answers: Answers) -> None:
    pd.DataFrame({"score": as_column(answers.score)}).to_parquet(tmp_path / "answers.parquet", index=False)
    again = from_column(pd.read_parquet(tmp_path / "answers.parquet")["score"])
    assert again.shape == answers.score.shape
    assert largest_gap(again, answers.score) == 0


@pytest.mark.parametrize(
    ("whole", "smaller", "each", "loss"),
    [
        # The smaller player loses its first reward; the primary metric is to rise.
        (episodes(REWARD), episodes([[0.0, 1, 1], *REWARD[1:]]), returns, 1 / 4),
        # The smaller painter is off by twice as much, which is to fall: by (2² - 1²) of 0.01 * 30 / 5.
        (pictures(0.1), pictures(0.2), squared_error, 3 * 0.01 * 30 / 5),
    ],
)
def test_variants_are_compared_on_units_that_no_file_of_rows_knows(
    tmp_path: Path, whole: Answers, smaller: Answers, each: object, loss: float
) -> None:
    job: Job = toy_job("finance_risk", tmp_path)
    serving = SimpleNamespace(
        answers=lambda _job, folder, _split: whole if folder.name == "whole" else smaller,
        answer_rows=lambda _job, _folder: lambda _count: None,
        metrics=lambda _job, _folder: {"figure": mean_over_units(each)},
    )
    lower = frozenset({"figure"} if each is squared_error else ())
    recipe = replace(recipe_of(job), primary="figure", lower_is_better=lower)
    recipe = type("Recipe", (Recipe,), {"serving": serving})(**vars(recipe))
    for name in ("whole", "smaller"):
        (tmp_path / name).mkdir()
    first, second = compare(job, recipe, {name: tmp_path / name for name in ("whole", "smaller")})
    assert (first.loss.value, first.largest_difference) == (0, 0)
    assert second.loss.value == pytest.approx(loss, rel=1e-5)
    assert second.largest_difference == pytest.approx(1.0 if each is returns else 0.4, rel=1e-5)
    assert not list(tmp_path.rglob("*.parquet"))
