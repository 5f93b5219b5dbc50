"""What one block of a case names of another: features that the evaluation compares by."""

from components.core.errors import CasebookError, nearest
from components.core.job import AnyJob
from components.recipes.next_item.params.interactions import InteractionsParams
from components.recipes.next_item.params.params import EvaluateParams


def check_features(job: AnyJob) -> None:
    """Raises CasebookError if the evaluation compares by features that the side files do not give."""
    spec, evaluate = job.prepare, job.evaluate
    assert isinstance(spec, InteractionsParams)
    assert isinstance(evaluate, EvaluateParams)
    users, items = spec.users.columns if spec.users else {}, spec.items.columns if spec.items else {}
    where = f"params.yaml: cases.{job.case}.evaluate"
    if unknown := [name for name in evaluate.user_features if name not in users]:
        raise _no_feature(f"{where}.user_features", unknown[0], "prepare.users.columns", list(users), "[]")
    sets = [name for name, column in items.items() if column.kind == "set"]
    if evaluate.genres is not None and evaluate.genres not in sets:
        raise _no_feature(f"{where}.genres", evaluate.genres, "prepare.items.columns, of the kind set", sets, "null")


def _no_feature(key: str, name: str, where: str, there: list[str], none: str) -> CasebookError:
    known = f"there are {', '.join(there)}{nearest(name, there)}" if there else "there are none"
    return CasebookError(f"{key}: {name!r} is no feature of {where}: {known}; correct it, or set it to {none}")
