from pathlib import Path

import matplotlib.image
import optuna
import pytest

from components.tuning.figures import _history, _importance, study_pictures


@pytest.fixture
def study() -> optuna.Study:
    """Values 3, 1, 2 of x alone, and one trial that was pruned at 9."""
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    distribution = optuna.distributions.FloatDistribution(0, 10)
    for value, y in ((3.0, 5.0), (1.0, 5.0), (2.0, 5.0)):
        study.add_trial(
            optuna.trial.create_trial(
                value=value, params={"x": value, "y": y}, distributions={"x": distribution, "y": distribution}
            )
        )
    study.add_trial(
        optuna.trial.create_trial(state=optuna.trial.TrialState.PRUNED, intermediate_values={0: 8.0, 1: 9.0})
    )
    return study


def test_the_history_shows_what_was_best_so_far_and_where_pruned_trials_ended(study: optuna.Study) -> None:
    complete, pruned, best = _history(study).axes[0].lines
    assert list(complete.get_ydata()) == [3, 1, 2]
    assert list(pruned.get_xdata()) == [3]
    assert list(pruned.get_ydata()) == [9]
    assert list(best.get_ydata()) == [3, 1, 1]


def test_what_is_best_depends_on_the_direction() -> None:
    study = optuna.create_study(direction="maximize")
    for value in (0.7, 0.6, 0.8):
        study.add_trial(optuna.trial.create_trial(value=value))
    assert list(_history(study).axes[0].lines[2].get_ydata()) == [0.7, 0.7, 0.8]


def test_importance_goes_to_what_mattered(study: optuna.Study) -> None:
    for value in (4.0, 5.0, 6.0, 7.0, 8.0):
        distribution = optuna.distributions.FloatDistribution(0, 10)
        study.add_trial(
            optuna.trial.create_trial(
                value=value,
                params={"x": value, "y": (value * 7) % 5},
                distributions={"x": distribution, "y": distribution},
            )
        )
    importance = _importance(study)
    assert importance["x"] > importance["y"]
    assert sum(importance.values()) == pytest.approx(1)


def test_pictures_are_images(study: optuna.Study, tmp_path: Path) -> None:
    folder = study_pictures(study, tmp_path / "pictures")
    assert {path.name for path in folder.iterdir()} >= {"search_history.png"}
    for path in folder.iterdir():
        image = matplotlib.image.imread(path)
        assert image.min() < 0.5 < image.max()


def test_a_study_without_trials_has_a_history_only(tmp_path: Path) -> None:
    folder = study_pictures(optuna.create_study(), tmp_path)
    assert [path.name for path in folder.iterdir()] == ["search_history.png"]
