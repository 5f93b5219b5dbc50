"""Whether what a registered version came from is still what it was."""

from collections.abc import Mapping
from pathlib import Path

from components.core.errors import CasebookError
from components.core.files import dvc_md5, json_digest
from components.core.params.case import CaseParams
from components.registry.champion import BUNDLE_MD5, CHAMPION, COMMIT, HISTORIES_MD5, champion_version, find_version
from components.registry.ledger import champions, history, known_model, records_of
from components.registry.ledger_check import compare
from components.registry.ledger_file import ledger_path, read_lines
from components.registry.ledger_writing import catch_up
from components.registry.mismatch import Mismatch
from components.registry.model_files import ModelTexts, bundle_in, histories_beside
from components.registry.register import model_of
from components.registry.trace import commit_of, folders_of, lock_of
from components.tracking.track import Tracker


def params_digest(params: CaseParams) -> str:
    """The digest under which a version remembers the params that made it."""
    unread = {"crossval", "smoke", "predict"}  # of the last only who asks for answers reads
    if params.start is None:  # versions of before there were starts had none, and no such key
        unread.add("start")
    return json_digest(params.model_dump(mode="json", exclude=unread))


def verify(tracker: Tracker, case: str, params: CaseParams, which: str = CHAMPION) -> list[Mismatch]:
    """What of a version's origin is not what it was: files, lock, params, commit, ledger; empty if all holds."""
    version = find_version(tracker, case, which)
    tags, commit = version.tags, version.tags.get(COMMIT)
    try:
        folder = model_of(tracker, case, version.version)
    except CasebookError as error:
        return [Mismatch("registered model", "whole", "damaged", str(error)), *_copies(tracker, case)]
    found = [_compared(BUNDLE_MD5, tags, dvc_md5(bundle_in(folder)), "the registry's files were changed: roll back")]
    if HISTORIES_MD5 in tags:
        kept = histories_beside(bundle_in(folder))
        registered = "missing" if kept is None else dvc_md5(kept)
        found.append(_compared(HISTORIES_MD5, tags, registered, "the registry's files were changed: roll back"))
    found += [_folder(name, tags, path) for name, path in folders_of(tracker.root, case)]
    found.append(_compared("params_digest", tags, params_digest(params), "params.yaml differs: `git diff` says where"))
    texts = ModelTexts(tracker, case, version.version)
    origin, lock = lock_of(tracker.root, version, texts)
    for name, path in folders_of(tracker.root, texts.made_as()):
        if (relative := path.relative_to(tracker.root).as_posix()) in lock:
            remedy = f"dvc.lock ({origin}) names other bytes for {relative}: the version's tags were edited"
            found.append(_compared(name, tags, lock[relative], remedy, "dvc.lock "))
    if commit_of(tracker.root, commit) is None:
        found.append(Mismatch(COMMIT, str(commit), "not in this clone", "`git fetch --all`"))
    found.append(_ledger(tracker, case, version.version))
    return [*(one for one in found if one is not None), *_copies(tracker, case)]


def _folder(name: str, tags: Mapping[str, str], path: Path) -> Mismatch | None:
    if not path.exists():
        return Mismatch(f"{name} {path}", tags.get(name, "unknown"), "missing", "`dvc checkout`, or `dvc repro`")
    remedy = f"{path} is not what the model was made from: `dvc checkout` at its commit"
    return _compared(name, tags, dvc_md5(path), remedy)


def _compared(name: str, tags: Mapping[str, str], found: str, remedy: str, prefix: str = "") -> Mismatch | None:
    registered = tags.get(name, "unknown")
    return None if registered == found else Mismatch(f"{prefix}{name}", registered, found, remedy)


def _ledger(tracker: Tracker, case: str, version: str) -> Mismatch | None:
    """A champion that the ledger does not know was made by hand, past the gate."""
    line = champions(history(tracker, case))
    if champion_version(tracker, case) != version or line[-1:] == [version]:
        return None
    return Mismatch(
        "ledger", f"version {line[-1]}" if line else "no champion", f"version {version}", "the alias was set by hand"
    )


def _copies(tracker: Tracker, case: str) -> list[Mismatch]:
    """The ledger's two copies, after the file has got what MLflow alone had."""
    catch_up(tracker, case)
    model, path = known_model(tracker, case), ledger_path(tracker.root, case)
    records = [] if model is None else records_of(case, model)
    return compare(case, path.relative_to(tracker.root), read_lines(path), records)
