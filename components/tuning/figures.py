"""Pictures of a study."""

import warnings
from pathlib import Path

import optuna
from matplotlib.figure import Figure
from optuna.trial import TrialState


def study_pictures(study: optuna.Study, folder: Path) -> Path:
    """Write `search_history.png` and `search_importance.png`; the second needs two complete trials."""
    folder.mkdir(parents=True, exist_ok=True)
    _history(study).savefig(folder / "search_history.png", dpi=120)
    importance = _importance(study)
    if importance:
        _bars(importance).savefig(folder / "search_importance.png", dpi=120)
    return folder


def _history(study: optuna.Study) -> Figure:
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    pruned = [
        trial for trial in study.get_trials(deepcopy=False, states=(TrialState.PRUNED,)) if trial.intermediate_values
    ]
    better = min if study.direction == optuna.study.StudyDirection.MINIMIZE else max
    values = [trial.values[0] for trial in complete]
    so_far = [better(values[: count + 1]) for count in range(len(values))]
    axes.plot([trial.number for trial in complete], values, "o", color="#0072B2", label="complete")
    last = [trial.intermediate_values[max(trial.intermediate_values)] for trial in pruned]
    axes.plot([trial.number for trial in pruned], last, "x", color="#999999", label="pruned, its last value")
    axes.step([trial.number for trial in complete], so_far, where="post", color="#D55E00", label="best so far")
    axes.set(title="Search history", xlabel="trial", ylabel="monitored metric")
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def _importance(study: optuna.Study) -> dict[str, float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the evaluator is marked experimental by optuna itself
        try:
            return optuna.importance.get_param_importances(study)
        except (RuntimeError, ValueError):  # too few complete trials, or all of the same value
            return {}


def _bars(importance: dict[str, float]) -> Figure:
    figure = Figure(figsize=(7, 0.5 * len(importance) + 1.5), layout="constrained")
    axes = figure.add_subplot()
    names = list(importance)[::-1]
    bars = axes.barh(names, [importance[name] for name in names], color="#0072B2")
    axes.bar_label(bars, fmt="%.2f", padding=3)
    axes.set(title="What the metric depended on", xlabel="importance (shares of 1)")
    axes.set_xlim(0, max(importance.values()) * 1.15 or 1)
    return figure
