from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.image
import optuna
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from components.tuning.figures import study_pictures


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


Draw = Callable[[optuna.Study], dict[str, Axes]]


@pytest.fixture
def draw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Draw:
    """The panel of each picture of a study, by the name of its file."""
    panels: dict[str, Axes] = {}
    save = Figure.savefig

    def kept(figure: Figure, path: Path, **options: Any) -> None:
        (panels[path.stem],) = figure.axes
        save(figure, path, **options)

    def pictures(study: optuna.Study) -> dict[str, Axes]:
        study_pictures(study, tmp_path, "val/loss")
        return panels

    monkeypatch.setattr(Figure, "savefig", kept)
    return pictures


def test_the_history_shows_what_was_best_so_far_and_where_pruned_trials_ended(study: optuna.Study, draw: Draw) -> None:
    panel = draw(study)["search_history"]
    complete, pruned, best, won = panel.lines
    assert list(complete.get_ydata()) == [3, 1, 2]
    assert list(pruned.get_xdata()) == [3]
    assert list(pruned.get_ydata()) == [9]
    assert list(best.get_ydata()) == [3, 1, 1]
    assert (list(won.get_xdata()), list(won.get_ydata())) == ([1], [1])
    assert panel.figure.get_suptitle() == "Search: trial 1 has the best val/loss, 1.0000"
    assert panel.get_ylabel() == "val/loss (lower is better)"


def test_what_is_best_depends_on_the_direction(draw: Draw) -> None:
    study = optuna.create_study(direction="maximize")
    for value in (0.7, 0.6, 0.8):
        study.add_trial(optuna.trial.create_trial(value=value))
    assert list(draw(study)["search_history"].lines[2].get_ydata()) == [0.7, 0.7, 0.8]


def test_importance_goes_to_what_mattered(study: optuna.Study, draw: Draw) -> None:
    for value in (4.0, 5.0, 6.0, 7.0, 8.0):
        distribution = optuna.distributions.FloatDistribution(0, 10)
        study.add_trial(
            optuna.trial.create_trial(
                value=value,
                params={"x": value, "y": (value * 7) % 5},
                distributions={"x": distribution, "y": distribution},
            )
        )
    panel = draw(study)["search_importance"]
    names = [label.get_text() for label in panel.get_yticklabels()]
    importance = dict(zip(names, (bar.get_width() for bar in panel.patches), strict=True))
    assert importance["x"] > importance["y"]
    assert sum(importance.values()) == pytest.approx(1)
    assert panel.figure.get_suptitle() == "What val/loss depended on: most on x"


def test_pictures_are_images(study: optuna.Study, tmp_path: Path) -> None:
    folder = study_pictures(study, tmp_path / "pictures", "val/loss")
    assert {path.name for path in folder.iterdir()} >= {"search_history.png"}
    for path in folder.iterdir():
        image = matplotlib.image.imread(path)
        assert image.min() < 0.5 < image.max()


def test_a_study_without_trials_has_no_picture(tmp_path: Path) -> None:
    folder = study_pictures(optuna.create_study(), tmp_path, "val/loss")
    assert list(folder.iterdir()) == []
