"""A checkout with cases of the form before recipes: params, examples, profiles and lock in the form of today."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from components.core.errors import CasebookError
from components.core.files import write_text
from components.core.params.load import load_params
from components.core.params.old import is_old
from components.core.yaml_files import read_yaml
from pipelines.code import resolve
from pipelines.leaving.lockfile import LOCK, dvc_held
from pipelines.leaving.params import FILE
from pipelines.migrate.lock import Judged, accepted_lock, judged
from pipelines.migrate.texts import migrated_file, migrated_params

EXAMPLES = "examples"


@dataclass(frozen=True)
class Migrated:
    """The cases and files that are rewritten, and what becomes of each stage that has run."""

    cases: list[str]
    files: list[str]
    stages: list[Judged]


def migrate(root: Path, *, dry_run: bool) -> Migrated:
    """Rewrite what is of the old form. All of it is tried in another folder first: if anything is wrong, nothing is.

    `dvc.lock` is written before `params.yaml`: a call that is ended between them is gone on with by the next one.

    Raises:
        CasebookError: a block is of no recipe, or wrong; another DVC is at work.
    """
    before = _cases(root)
    text, names = migrated_params((root / FILE).read_text(encoding="utf-8"), FILE)
    with TemporaryDirectory() as folder:
        trial = Path(folder)
        write_text(trial / FILE, text)
        variants = {name: case.compress.variants.keys() for name, case in load_params(trial / FILE).cases.items()}
        files = _files(root, variants)
        if names:
            resolve(trial)
        stages = judged(root, trial, {name: before[name] for name in names if is_old(before[name])})
    found = Migrated(names, [path.relative_to(root).as_posix() for path in files], stages)
    if dry_run:
        return found
    if any(not one.why for one in stages):
        with dvc_held(root):
            write_text(root / LOCK, accepted_lock((root / LOCK).read_text(encoding="utf-8"), stages))
    for path, new in files.items():
        write_text(path, new)
    if names:
        write_text(root / FILE, text)
        resolve(root)
    return found


def _cases(root: Path) -> dict[str, Any]:
    try:
        content = read_yaml(root / FILE)
    except FileNotFoundError:
        raise CasebookError(f"{root / FILE}: not found; run this in the root of a checkout") from None
    cases = content.get("cases") if isinstance(content, dict) else None
    if not isinstance(cases, dict):
        raise CasebookError(f"{root / FILE}: has no map of cases; it is no params.yaml of a checkout")
    return cases


def _files(root: Path, variants: Mapping[str, Collection[str]]) -> dict[Path, str]:
    """The examples and profiles that are not of today's form, and what they are then."""
    read = {path: path.read_text(encoding="utf-8") for path in sorted((root / EXAMPLES).glob("*.yaml"))}
    found = {path: migrated_file(text, path.relative_to(root).as_posix(), variants) for path, text in read.items()}
    return {path: new for path, new in found.items() if new is not None}
