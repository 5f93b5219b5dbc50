"""A checkout with cases of the form before recipes: params, examples, profiles and lock in the form of today."""

from dataclasses import dataclass
from pathlib import Path

from components.core.files import whole_file, write_text
from components.core.params.load import load_params
from components.core.yaml_files import read_yaml
from pipelines.leaving.params import FILE
from pipelines.migrate.lock import Judged, accept, judged
from pipelines.migrate.texts import migrated_file, migrated_params

EXAMPLES = "examples"


@dataclass(frozen=True)
class Migrated:
    """The cases and files that are rewritten, and what becomes of each stage that has run."""

    cases: list[str]
    files: list[str]
    stages: list[Judged]


def migrate(root: Path, *, dry_run: bool) -> Migrated:
    """Rewrite what is of the old form. All of it is read first: if one block cannot be rewritten, nothing is.

    Raises:
        CasebookError: a block is of no recipe, or wrong.
    """
    before = read_yaml(root / FILE)["cases"]
    text, names = migrated_params((root / FILE).read_text(encoding="utf-8"), FILE)
    found = {path: migrated_file(path.read_text(encoding="utf-8"), path.name) for path in _examples(root)}
    files = {path: new for path, new in found.items() if new is not None}
    told = [path.relative_to(root).as_posix() for path in files]
    if dry_run:
        return Migrated(names, told, judged(root, names, before))
    if names:
        with whole_file(root / FILE) as temporary:
            temporary.write_text(text, encoding="utf-8")
            load_params(temporary, FILE)
    for path, new in files.items():
        write_text(path, new)
    return Migrated(names, told, accept(root, names, before) if names else [])


def _examples(root: Path) -> list[Path]:
    return sorted((root / EXAMPLES).glob("*.yaml"))
