"""Another name for what MLflow has of a case: its experiment and its registered model, which it can rename itself."""

from components.core.errors import CasebookError
from components.registry.keep import experiment_of, has_model
from components.registry.ledger_file import ledger_path
from components.registry.pages import write_pages
from components.tracking.track import Tracker


def check_free(tracker: Tracker, new: str) -> None:
    """Raises CasebookError if MLflow has anything of the name, be it of a case that params.yaml has no more."""
    taken = [what for what, found in _found(tracker, new) if found]
    if taken:
        raise CasebookError(
            f"{tracker.uri}: MLflow has {' and '.join(taken)} {new!r} already; "
            "take another name, or delete what is there"
        )


def rename(tracker: Tracker, old: str, new: str) -> None:
    """Give what MLflow has of the case `old` the name `new`; cut off, the same call goes on.

    Versions, aliases, and the ledger, in tags of the registered model and in its file, are under the new name as they
    were. The file goes first: under the old name it would tell that MLflow has lost that case.

    Raises:
        CasebookError: there is an experiment, or a registered model, of either name, or the experiment was deleted.
    """
    had_model, had_experiment = has_model(tracker, old), experiment_of(tracker, old)
    if had_model and has_model(tracker, new):
        raise CasebookError(_both(tracker, "registered models", old, new))
    if had_experiment is not None and experiment_of(tracker, new) is not None:
        raise CasebookError(_both(tracker, "experiments", old, new))
    experiment = None if had_experiment is None else tracker.experiment(old)
    if ledger_path(tracker.root, old).exists():
        ledger_path(tracker.root, old).replace(ledger_path(tracker.root, new))
    if had_model:
        tracker.client.rename_registered_model(old, new)
    if experiment is not None:
        tracker.client.rename_experiment(experiment, new)
    if has_model(tracker, new) and experiment_of(tracker, new) is not None:
        write_pages(tracker, new, ())  # their links go by name


def _found(tracker: Tracker, name: str) -> list[tuple[str, bool]]:
    return [
        ("a registered model", has_model(tracker, name)),
        ("an experiment", experiment_of(tracker, name) is not None),
    ]


def _both(tracker: Tracker, what: str, old: str, new: str) -> str:
    return (
        f"{tracker.uri}: MLflow has {what} {old!r} and {new!r}; rename or delete one of them there, then run this again"
    )
