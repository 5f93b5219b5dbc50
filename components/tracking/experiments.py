"""What the page of a case's experiment says above its runs, and the metric that they are compared by."""

from collections.abc import Mapping

from components.tracking.runs import NOTE
from components.tracking.track import Tracker, plain_name

PRIMARY = "mlflow.experiment.primaryMetric.name"
GREATER_IS_BETTER = "mlflow.experiment.primaryMetric.greaterIsBetter"
CHAMPION = "**Champion:** "  # begins the last paragraph of a description, which is the registry's


def describe_experiment(tracker: Tracker, case: str, about: str, metric: str, *, lower_is_better: bool) -> None:
    """Put `about` above the case's runs, before what is said of its champion, and `metric` as the primary one."""
    tags = tags_of_experiment(tracker, case)
    champion = "".join(tags.get(NOTE, "").partition(f"\n\n{CHAMPION}")[1:])
    told = {NOTE: about + champion, PRIMARY: plain_name(metric), GREATER_IS_BETTER: str(not lower_is_better).lower()}
    _tell(tracker, case, tags, told)


def tell_champion(tracker: Tracker, case: str, champion: str) -> None:
    """Put the champion's paragraph, which begins with `CHAMPION`, at the end of what stands above the case's runs."""
    tags = tags_of_experiment(tracker, case)
    about = tags.get(NOTE, "").partition(f"\n\n{CHAMPION}")[0]
    _tell(tracker, case, tags, {NOTE: f"{about}\n\n{champion}"})


def tags_of_experiment(tracker: Tracker, case: str) -> Mapping[str, str]:
    return dict(tracker.client.get_experiment(tracker.experiment(case)).tags)


def _tell(tracker: Tracker, case: str, before: Mapping[str, str], tags: Mapping[str, str]) -> None:
    for name, value in tags.items():
        if before.get(name) != value:
            tracker.client.set_experiment_tag(tracker.experiment(case), name, value)
