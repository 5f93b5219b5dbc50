"""Pictures of a study. They have no style of the reports': a search is not to begin anew when that changes."""

import warnings
from pathlib import Path

import optuna
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from optuna.trial import FrozenTrial, TrialState

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#6E6E6E"


def study_pictures(study: optuna.Study, folder: Path, monitor: str) -> Path:
    """Write `search_history.png` of trials that ended and `search_importance.png`, which needs two complete ones.

    `monitor` is the metric that was compared.
    """
    folder.mkdir(parents=True, exist_ok=True)
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if complete:
        _history(study, complete, monitor).savefig(folder / "search_history.png", dpi=150)
    importance = _importance(study)
    if importance:
        _bars(importance, monitor).savefig(folder / "search_importance.png", dpi=150)
    return folder


def _history(study: optuna.Study, complete: list[FrozenTrial], monitor: str) -> Figure:
    figure = Figure(figsize=(8, 4.6), layout="constrained")
    axes = figure.add_subplot()
    pruned = [
        trial for trial in study.get_trials(deepcopy=False, states=(TrialState.PRUNED,)) if trial.intermediate_values
    ]
    lower = study.direction == optuna.study.StudyDirection.MINIMIZE
    better = min if lower else max
    values = [trial.values[0] for trial in complete]
    so_far = [better(values[: count + 1]) for count in range(len(values))]
    axes.plot([trial.number for trial in complete], values, "o", color=BLUE, markersize=8, label="complete")
    last = [trial.intermediate_values[max(trial.intermediate_values)] for trial in pruned]
    label = "pruned: stopped early, its last value"
    axes.plot([trial.number for trial in pruned], last, "x", color=GREY, markersize=8, label=label if pruned else None)
    axes.step([trial.number for trial in complete], so_far, where="post", color=ORANGE, label="best so far")
    place = values.index(so_far[-1])
    won = complete[place].number
    axes.plot(won, values[place], "o", color=ORANGE, markersize=13, markerfacecolor="none", markeredgewidth=2)
    _plain(figure, axes, f"Search: trial {won} has the best {monitor}, {values[place]:.4f}")
    axes.set(xlabel="trial", ylabel=f"{monitor} ({'lower' if lower else 'higher'} is better)")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.margins(0.08, 0.12)
    figure.legend(loc="outside lower left", ncols=3, frameon=False)
    return figure


def _importance(study: optuna.Study) -> dict[str, float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the evaluator is marked experimental by optuna itself
        try:
            return optuna.importance.get_param_importances(study)
        except (RuntimeError, ValueError):  # too few complete trials, or all of the same value
            return {}


def _bars(importance: dict[str, float], monitor: str) -> Figure:
    figure = Figure(figsize=(8, 0.55 * len(importance) + 1.6), layout="constrained")
    axes = figure.add_subplot()
    names = list(importance)[::-1]
    bars = axes.barh(names, [importance[name] for name in names], color=BLUE, height=0.65)
    axes.bar_label(bars, fmt="{:.0%}", padding=4)
    _plain(figure, axes, f"What {monitor} depended on: most on {names[-1]}")
    axes.set_xlabel("share of what complete trials differ by")
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.grid(visible=False, axis="y")
    axes.set_xlim(0, max(importance.values()) * 1.15 or 1)
    return figure


def _plain(figure: Figure, axes: Axes, title: str) -> None:
    figure.suptitle(title, x=0.02, ha="left", fontweight="bold", fontsize=13)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#E6E6E6")
    axes.set_axisbelow(True)
