"""`casebook restore-registry`: of which cases, from which files, and what is said of it."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from components.core.bundle import bundle_md5
from components.core.errors import CasebookError
from components.core.files import dvc_md5, nearest_path
from components.core.job import Job, Paths
from components.core.params.load import load_params
from components.core.recipe import make_job, recipe_of
from components.registry.champion import BUNDLE_MD5, HISTORIES_MD5
from components.registry.ledger_file import FOLDER, ledger_path, read_lines
from components.registry.model_folders import ModelFolders
from components.registry.restore import Restored, restore_registry
from components.registry.restored_model import packed
from components.tracking.address import artifact_folder
from components.tracking.track import Tracker, connect
from pipelines.leaving.folders import held
from pipelines.steps.release import describe

log = logging.getLogger(__name__)

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
        places = _places(root, tracker, files)
        with held(root, case), _own(root, case, places) as own:
            found.append(restore_registry(tracker, case, [*places, *own]))
    return found


def _places(root: Path, tracker: Tracker, files: Path | None) -> list[Path]:
    """Where models' files may lie: the folder that is given, the store's own, a server's on this disk."""
    own = (artifact_folder(tracker.uri), root / ARTIFACTS)
    return [path for path in dict.fromkeys((files, *own)) if path is not None and path.is_dir()]


@contextmanager
def _own(root: Path, case: str, places: Sequence[Path]) -> Iterator[list[Path]]:
    """The checkout's own bundle, packed as a release packs it, if a version of the ledger is of it that no other place
    has, and all that goes with it is there.
    """
    job = make_job(case, load_params(root / "params.yaml").case(case), Paths(root))
    version = _version_of_bundle(job, places)
    if version is None:
        yield []
        return
    try:
        release = describe(job, recipe_of(job), "", dict(version["tags"]), "")
        if HISTORIES_MD5 not in version["tags"]:  # registered before such were kept beside the weights
            release = replace(release, histories=None, required=())
    except (CasebookError, OSError, KeyError) as error:
        log.warning("%s: the bundle in models/ cannot be registered with what is beside it: %s", case, error)
        yield []
        return
    with packed(release, version["model"]) as folder:
        yield [folder]


def _version_of_bundle(job: Job, places: Sequence[Path]) -> Mapping[str, Any] | None:
    """What the ledger knows of the version that has the checkout's bundle, if its own folder is gone."""
    bundle = job.paths.bundle(job.case)
    md5 = bundle_md5(bundle) if bundle.is_dir() else None
    lines = read_lines(ledger_path(job.paths.root, job.case)).lines
    versions = [line.version for line in lines if line.version is not None]
    known = [one for one in versions if one["tags"].get(BUNDLE_MD5) == md5 and _has_histories(job, one["tags"])]
    if not known or ModelFolders(places).take(known[-1], {}) is not None:
        return None
    return known[-1]


def _has_histories(job: Job, tags: Mapping[str, str]) -> bool:
    """Whether the checkout has what the version kept of users, where it kept any."""
    folder, md5 = job.paths.histories(job.case), tags.get(HISTORIES_MD5)
    return md5 is None or (folder.is_dir() and dvc_md5(folder) == md5)


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
            yield (
                f"  `casebook run {one.case} --force` makes another version; the gate cannot compare it with one whose "
                "files are gone, and a person has to allow it"
            )
