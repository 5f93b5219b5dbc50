"""The stage `code`: writes for every stage of every case the file that it depends on, `resolved/<case>/<stage>.yaml`.

Such a file holds all values that the stage reads, and a digest of all code that it may run, found by its imports. So
DVC runs a stage again after an edit of what it reads and of nothing else; a comment or a docstring is read by none.
"""

import hashlib
import logging
import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from components.core.closure import closure, digest
from components.core.errors import BAD_INPUT, DONE, CasebookError
from components.core.files import whole_file
from components.core.job import Paths
from components.core.params.case import CaseParams
from components.core.params.load import load_case, load_params
from components.core.params.overrides import read_given
from components.core.recipe import make_job, part_module, recipe_module
from pipelines.environment import ROOT, prepare_environment
from pipelines.provenance import experiment

log = logging.getLogger(__name__)

RESOLVED = "resolved"
MARK = "experiment"  # the key under which the file of `release` names the experiment that it was written in
NOTHING = "models/None/bundle"  # what dvc.yaml makes of `start: null`; a file, so that every case has this path

# The parts of its recipe that a stage may ask for; one that asks for another fails the test of dependencies.
PARTS: Mapping[str, tuple[str, ...]] = {
    "fetch": (),
    "prepare": ("preparation",),
    "search": ("training",),
    "fit": ("training", "assembly"),
    "compress": ("variants", "serving"),
    "evaluate": ("report", "serving"),
    "release": ("serving",),
}

# The blocks of a case that a stage reads; it is given no others.
READS: Mapping[str, tuple[str, ...]] = {
    "fetch": ("source",),
    "prepare": ("prepare",),
    "search": ("model", "fit", "search", "start"),
    "fit": ("model", "fit", "start"),
    "compress": ("model", "fit", "evaluate", "compress", "start"),
    "evaluate": ("model", "evaluate"),
    "release": ("source", "prepare", "model", "search", "fit", "evaluate", "compress", "release", "start"),
}


def resolve(root: Path) -> list[Path]:
    """Bring `resolved/` below `root` up to date with `params.yaml` and the code, and return the files that changed.

    Raises:
        CasebookError: `params.yaml` is wrong; nothing is written.
    """
    params = load_params(root / "params.yaml")
    for name, case in params.cases.items():
        make_job(name, case, Paths(root))  # the blocks that the recipes read are checked here, before any stage runs
    wanted = {
        resolved_file(root, name, stage): content_of(case, stage)
        for name, case in sorted(params.cases.items())
        for stage in PARTS
    }
    _put(root / NOTHING, "What a case starts from whose `start` is null.\n")  # DVC warns of a file without content
    changed = [path for path, content in wanted.items() if _put(path, content)]
    return changed + _remove_others(root / RESOLVED, wanted)


def _put(path: Path, content: str) -> bool:
    if path.is_file() and path.read_text(encoding="utf-8") == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as temporary:
        temporary.write_text(content, encoding="utf-8")
    return True


def _remove_others(folder: Path, wanted: Iterable[Path]) -> list[Path]:
    """Remove what is of no stage of a case of today, and name it."""
    folder.mkdir(exist_ok=True)
    keep = set(wanted)
    others = [path for path in sorted(folder.rglob("*")) if path.is_file() and path not in keep]
    for path in others:
        path.unlink()
    for below in sorted(folder.iterdir()):
        if below.is_dir() and not any(below.iterdir()):
            shutil.rmtree(below)
    return others


def resolved_file(root: Path, case: str, stage: str) -> Path:
    return root / RESOLVED / case / f"{stage}.yaml"


def content_of(case: CaseParams, stage: str) -> str:
    """The text of a resolved file. That of `release` names the experiment: a plain run after it is another release."""
    values = case.model_dump(mode="json", include=set(READS[stage]))
    content = {"recipe": case.recipe, "code": code_digest(case, stage), **{name: values[name] for name in READS[stage]}}
    if stage == "release" and (found := experiment()) is not None:
        content[MARK] = found.name
    written: str = yaml.dump(content, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=120)
    return written


def code_digest(case: CaseParams, stage: str) -> str:
    """32 hexadecimal digits of all code that a stage of the case may run."""
    return digest(ROOT, files_of(case, stage))


def files_of(case: CaseParams, stage: str) -> frozenset[Path]:
    """Every file of ours that a stage may import, with the templates beside them."""
    entries = ["pipelines.stages", f"pipelines.steps.{stage}", recipe_module(case.recipe)]
    entries += [part_module(case.recipe, part) for part in PARTS[stage]]
    if stage == "fetch":
        entries.append(f"components.sources.{case.source.kind}.fetch")
    return closure(ROOT, entries)


def forget_experiments(root: Path) -> None:
    """Take the mark out of what each `release` reads: a plain run then registers what an experiment has only scored.

    DVC by itself does not see that the experiment is over, as nothing else that `code` depends on has changed.
    """
    for path in sorted((root / RESOLVED).glob("*/release.yaml")):
        _put(path, without_mark(path.read_text(encoding="utf-8")))


def without_mark(text: str) -> str:
    """A resolved file's text less the name of an experiment, which is its last line."""
    return re.sub(rf"^{MARK}: .*\n\Z", "", text, flags=re.MULTILINE)


def read_resolved(root: Path, case: str, stage: str) -> CaseParams:
    """The blocks that a stage reads, after checking that its file is of today's params and code.

    Raises:
        CasebookError: it is not, there is no such case, or `params.yaml` is wrong.
    """
    path, today = resolved_file(root, case, stage), load_case(root / "params.yaml", case)
    if not path.is_file():
        raise CasebookError(f"{path.relative_to(root)}: not found; `dvc repro code` writes it, as `dvc repro` does")
    written, wanted = path.read_text(encoding="utf-8"), content_of(today, stage)
    # `dvc exp run` leaves a file alone that a plain run has brought up to date: it has no mark, and is as good.
    if written not in (wanted, without_mark(wanted)):
        raise CasebookError(
            f"{path.relative_to(root)} is not of today's params.yaml and code ({_difference(written, wanted)}); "
            f"run `dvc repro code` first, or `dvc repro {stage}@{case}` without -s"
        )
    content = yaml.load(written, Loader=yaml.CSafeLoader)
    content.pop("code")
    content.pop(MARK, None)
    return read_given(content, path.name)


def changes(root: Path, params: CaseParams, case: str, stage: str, locked: Mapping[str, Any]) -> list[str]:
    """What of a stage's values and code differs from what it last ran with, by `locked`, the stages of `dvc.lock`.

    Empty where nothing does, or where the stage has never run.
    """
    path = resolved_file(root, case, stage)
    name = path.relative_to(root).as_posix()
    ran = next((dep["md5"] for dep in locked.get(f"{stage}@{case}", {}).get("deps", []) if dep["path"] == name), None)
    wanted = content_of(params, stage)
    if ran is None or _md5(wanted) == ran:
        return []
    written = path.read_text(encoding="utf-8") if path.is_file() else ""
    return [_difference(written, wanted)] if _md5(written) == ran else ["its values or its code differ"]


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _difference(written: str, wanted: str, shown: int = 3) -> str:
    """`fit.lr was 0.005 and is 0.003`, for the first few keys."""
    try:
        before = dict(_flat(yaml.load(written, Loader=yaml.CSafeLoader)))
    except yaml.YAMLError:
        return "it is no YAML"
    after = dict(_flat(yaml.load(wanted, Loader=yaml.CSafeLoader)))
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    told = [
        "the code is another" if name == "code" else f"{name} was {before.get(name)!r} and is {after.get(name)!r}"
        for name in names[:shown]
    ]
    return ", ".join(told) + (f", and {len(names) - shown} more" if len(names) > shown else "")


def _flat(node: Any, prefix: str = "") -> Iterable[tuple[str, Any]]:
    if not isinstance(node, dict):
        yield prefix.removesuffix("."), node
        return
    for name, value in node.items():
        yield from _flat(value, f"{prefix}{name}.")


def main() -> int:
    from pipelines.stages import set_up_logging

    prepare_environment(Path.cwd())
    set_up_logging()
    try:
        for path in resolve(Path.cwd()):
            log.info("%s", path.relative_to(Path.cwd()))
    except CasebookError as error:
        log.error("%s", error)
        return BAD_INPUT
    return DONE


if __name__ == "__main__":
    sys.exit(main())
