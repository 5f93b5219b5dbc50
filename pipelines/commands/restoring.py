"""`casebook restore-registry`: of which cases, from which files, and what is said of it."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from components.core.errors import CasebookError
from components.core.files import nearest_path
from components.registry.ledger_file import FOLDER, ledger_path
from components.registry.restore import Restored, restore_registry
from components.tracking.address import artifact_folder
from components.tracking.track import Tracker, connect
from pipelines.leaving.folders import held

ARTIFACTS = "mlartifacts"


def restore_all(root: Path, cases: Sequence[str], files: Path | None, *, named: bool) -> list[Restored]:
    """Build again what MLflow has lost of the cases; where they were not `named`, of those that have a ledger file.

    Raises:
        CasebookError: there is no such file or folder, a case is at work, or as `restore_registry`.
    """
    if files is not None and not files.is_dir():
        raise CasebookError(f"{files}: no folder{nearest_path(files)}; give the one below which the models' files lie")
    chosen = [case for case in cases if named or ledger_path(root, case).exists()]
    if not chosen:
        raise CasebookError(f"{FOLDER}/: no ledger of any case is there; `casebook restore FILE` brings a backup back")
    tracker, found = connect(root), []
    for case in chosen:
        with held(root, case):
            found.append(restore_registry(tracker, case, _places(root, tracker, files)))
    return found


def _places(root: Path, tracker: Tracker, files: Path | None) -> list[Path]:
    """Where models' files may lie: the folder that is given, the store's own, a server's on this disk."""
    own = (artifact_folder(tracker.uri), root / ARTIFACTS)
    return [path for path in dict.fromkeys((files, *own)) if path is not None and path.is_dir()]


def in_words(found: Iterable[Restored]) -> Iterator[str]:
    for one in found:
        if not (one.versions or one.gone):
            yield f"{one.case}: MLflow has everything that its ledger file knows"
            continue
        champion = f"champion version {one.champion}" if one.champion is not None else "no champion"
        decisions = f"{one.decisions} decision{'' if one.decisions == 1 else 's'}"
        versions = (
            f"version{'s' if len(one.versions) > 1 else ''} {', '.join(one.versions)}" if one.versions else "no version"
        )
        yield f"{one.case}: MLflow has {decisions} back, {versions}, {champion}"
        if one.gone:
            yield (
                f"  of version {', '.join(one.gone)} there are no whole files: `casebook gc` has deleted them, or they "
                "are lost; if they lie elsewhere, give that folder with --from"
            )
        if one.champion is None:
            yield f"  `casebook run {one.case}` registers what this checkout has, and asks the gate"
