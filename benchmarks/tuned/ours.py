"""Our side: the case that `casebook new` makes of a table, fitted on each fold by the calls of `casebook crossval`."""

import logging
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import PredefinedSplit

from benchmarks.tuned.rows import losses, misses, seconds
from benchmarks.tuned.tables import RECIPES, Kind, Table
from benchmarks.workspace import clean_environment
from components.core.closure import closure, digest
from components.core.errors import CasebookError
from components.core.files import read_json, write_json
from components.core.job import BUNDLE, TEST, TRAIN, VALIDATION, AnyJob, Meta, Paths
from components.core.params.load import load_params
from components.core.recipe import load_recipe, make_job, part_module, recipe_module, recipe_of
from components.kits.tables.encoding.spec import ROW, TARGET
from components.kits.tables.folds import cut_anew
from components.kits.tables.outcome.number import number_strata
from components.training.fit import fit
from pipelines.environment import ROOT
from pipelines.steps import fetch, prepare

log = logging.getLogger(__name__)

Found = dict[str, Any]  # of a fold: `seconds`, and `loss` and `miss` of each row of its test part
PARTS = ("preparation", "training", "assembly", "serving")
STRATA: Mapping[Kind, Callable[[np.ndarray], np.ndarray]] = {"classes": np.asarray, "number": number_strata}


def code(kind: Kind) -> str:
    """A digest of all that makes our answers, without comments."""
    recipe = RECIPES[kind]
    modules = [recipe_module(recipe), *(part_module(recipe, part) for part in PARTS), "pipelines.commands.newcase"]
    return digest(ROOT, closure(ROOT, modules))


def ours(
    name: str, table: Table, csv: Path, folds: Sequence[int], checkout: Path, kept: Sequence[Path], key: str
) -> list[Found]:
    """What each fold came to; those whose file in `kept` has this key are not fitted again."""
    if not all(_is_kept(file, key) for file in kept):
        jobs = cut_again(new_case(name, table, csv, checkout), table, folds, checkout / "state" / name / "tuned")
        for file, job in zip(kept, jobs, strict=True):
            if not _is_kept(file, key):
                with get_context("spawn").Pool(1) as pool:
                    write_json(file, {"key": key, **pool.apply(judge, (job,))})
                log.warning("%s: %s done", name, file.stem)
    return [read_json(file) for file in kept]


def _is_kept(file: Path, key: str) -> bool:
    return file.is_file() and read_json(file)["key"] == key


def new_case(name: str, table: Table, csv: Path, checkout: Path) -> AnyJob:
    """The prepared case, of the recipe that `casebook new` picks by itself.

    Raises:
        CasebookError: it has picked another one, or left out rows, so that the peers would answer more than we.
    """
    command = [sys.executable, "-m", "pipelines.cli", "new", name, "--csv", str(csv), "--target", table.target]
    environment = clean_environment() | {"PYTHONPATH": str(checkout)}
    done = subprocess.run(
        [*command, *table.said], cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CasebookError(f"{' '.join(command[3:])} ended with {done.returncode}: {done.stderr[-2000:]}")
    job: AnyJob = make_job(name, load_params(checkout / "params.yaml").case(name), Paths(checkout))
    if (picked := job.params.recipe) != RECIPES[table.kind]:
        raise CasebookError(f"{name}: `casebook new` picked {picked!r}, and {RECIPES[table.kind]!r} is compared here")
    fetch.run(job)
    prepare.run(job)
    return job


def cut_again(job: AnyJob, table: Table, folds: Sequence[int], folder: Path) -> Iterator[AnyJob]:
    """A job for each fold, of the rows that the peers have in it."""
    prepared = job.paths.prepared(job.case)
    if (key := Meta.read(prepared).data["key"]) != [ROW]:
        raise CasebookError(f"{job.case}: `casebook new` took {key} for the key of a row; leave it out of the table")
    rows = sum(Meta.read(prepared).rows[split] for split in (TRAIN, VALIDATION, TEST))
    if rows != len(folds):
        raise CasebookError(f"{job.case}: {len(folds) - rows} of {len(folds)} rows were set aside in prepare")
    cut = PredefinedSplit(np.asarray(folds))
    kind = load_recipe(job.params.recipe).prepare
    yield from cut_anew(job, folder, cut, kind=kind, label=TARGET, strata=STRATA[table.kind])


def judge(job: AnyJob) -> Found:
    """Fits a fold and answers its test rows; what a process pays once, such as imports, does not count."""
    recipe, fitted = recipe_of(job), job.paths.fitted(job.case)
    training, assembly = recipe.training, recipe.assembly
    begun = seconds()
    learner, _ = fit(job, training, state=job.paths.state(job.case) / "fit")
    assembly.assemble(job, learner, fitted)
    spent = seconds() - begun
    answers = recipe.serving.answers(job, fitted / BUNDLE, TEST)
    said = answers.score if recipe.name == RECIPES["classes"] else answers.score[:, 0]
    judged = {name: by(said, answers.target).tolist() for name, by in (("loss", losses), ("miss", misses))}
    return {"seconds": spent, **judged}
