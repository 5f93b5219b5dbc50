"""`casebook rename`: a case under another name, with everything it has; nothing is computed anew."""

import shutil
from pathlib import Path

from components.core.errors import CasebookError
from components.core.files import read_json, write_json
from components.core.job import Paths
from components.core.params.load import load_params
from components.registry import rename as registry
from components.registry.ledger_file import ledger_path
from pipelines.commands.newcase import NAME
from pipelines.leaving import lockfile, params
from pipelines.leaving.folders import OWN, SMOKE, STAGED, folders, held
from pipelines.leaving.registry import store

JOURNAL = "state/rename.json"  # while one is under way: what the same command goes on with after a kill


def rename(root: Path, old: str, new: str) -> None:
    """Give the case `old` the name `new` in params, lock, folders, studies and MLflow; the params come last.

    Raises:
        CasebookError: there is no such case, it is at work or another one rests on it, or the name is unfit or taken.
    """
    begun = _begun(root, old, new)
    cases = load_params(root / params.FILE).cases
    if begun and old not in cases and new in cases:
        (root / JOURNAL).unlink()
        return
    check(root, old, new, begun=begun)
    with lockfile.dvc_held(root) as repo, held(root, old):
        _check_free(lockfile.resting_on(repo, old), old)
        write_json(root / JOURNAL, {"old": old, "new": new})
        if (tracker := store(root)) is not None:
            registry.rename(tracker, old, new)
        _move(root, old, new)
        _mend_state(root, old, new)
        lockfile.rename_case(root, old, new)
        params.rename_case(root, old, new)
        (root / JOURNAL).unlink()


def check(root: Path, old: str, new: str, *, begun: bool = False) -> None:
    """Raises CasebookError if the case is not there, or the name is no name, or taken in params, folders or MLflow."""
    known = load_params(root / params.FILE)
    known.case(old)
    if not NAME.match(new):
        raise CasebookError(f"{new!r} cannot name a case: use small letters, digits and _, such as `my_loans`")
    if new in known.cases:
        raise CasebookError(f"params.yaml has a case {new!r} already; remove it first, or take another name")
    if begun:
        return
    ledger = [path for path in [ledger_path(root, new)] if path.exists()]
    if there := [*folders(root, new), *ledger]:
        shown = ", ".join(str(path.relative_to(root)) for path in there)
        raise CasebookError(f"{shown}: in the way of {new!r}; move it away, or take another name")
    if (tracker := store(root)) is not None:
        registry.check_free(tracker, new)


def _begun(root: Path, old: str, new: str) -> bool:
    """Whether this very rename was cut off."""
    if not (root / JOURNAL).exists():
        return False
    found = read_json(root / JOURNAL)
    if found != {"old": old, "new": new}:
        raise CasebookError(
            f"{JOURNAL}: the renaming of {found['old']!r} was cut off; "
            f"finish it first: casebook rename {found['old']} {found['new']}"
        )
    return True


def _check_free(resting: list[str], old: str) -> None:
    if resting:
        raise CasebookError(
            f"{old}: {', '.join(resting)} names it; a stage that is told another name runs anew, so let it "
            "rest on something else first"
        )


def _move(root: Path, old: str, new: str) -> None:
    shutil.rmtree(root / SMOKE / old, ignore_errors=True)
    for top in (*STAGED, *OWN):
        if (root / top / old).is_dir():
            (root / top / old).replace(root / top / new)


def _mend_state(root: Path, old: str, new: str) -> None:
    """Studies are named after their case. Checkpoints name their own folder: a fit that was cut off begins anew."""
    state = Paths(root).state(new)
    for checkpoint in list(state.rglob("*.ckpt")):
        checkpoint.unlink()
    if (state / "search").is_dir():
        from components.tuning.leaving import rename_studies

        rename_studies(state / "search", old, new)
