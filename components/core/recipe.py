"""A recipe: one kind of problem. Its folder holds a module for each part that a stage may ask for.

`Recipe` is its declaration. Parts are modules, imported when they are asked for, so that each stage pays for what it
uses; `components.core.parts` says what each must offer.
"""

import importlib
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias, cast

from components.core.blocks import Block, read_block
from components.core.errors import CasebookError, nearest_of
from components.core.job import FILE, AnyJob, Blocks, Job, Paths, read_variants
from components.core.params.case import CaseParams
from components.core.params.evaluate import EvaluateBlock
from components.core.parts import (
    Assembly,
    Calibrated,
    CatchesUp,
    Folds,
    Maker,
    Predict,
    Preparation,
    Remembering,
    Reporting,
    Serving,
    Stating,
    Trained,
    Training,
    Variants,
    Watch,
    Watching,
)
from components.core.recipe_names import part_module as part_module
from components.core.recipe_names import recipe_module as recipe_module
from components.core.recipe_names import recipes as recipes
from components.core.results import LEARNER, MODEL
from components.core.words import Words, spoken, word_of

CHECKS = "checks"  # of the options that `predict_file` is given: the case's block `predict`, read
SERVED = "served"  # what pages and pictures call the model that answers

# What a recipe's declaration holds its modules against, in this order, for the type checker alone.
Parts: TypeAlias = tuple[
    Preparation, Trained, Assembly, Serving, Reporting, Variants, Folds, Predict, Watching
]  # fmt: skip


def predict_command(job: AnyJob, source: Path | None, out: str) -> str:
    """`casebook predict` as it is typed in the checkout; IN is for rows that nobody knows of."""
    rows = "IN" if source is None else shlex.quote(str(source.relative_to(job.paths.root)))
    return f"casebook predict {job.case} {rows} --out {out}"


def of_raw_file(job: AnyJob) -> str:
    """The command that answers the rows that the case was made of: `prepare.file`, where the recipe has that key."""
    file = getattr(job.prepare, "file", None)
    return predict_command(job, None if file is None else job.paths.raw(job.case) / file, "answers.csv")


class NoChecks(Block):
    """Nothing is chosen."""


@dataclass(frozen=True)
class Recipe:
    """One kind of problem. `primary` is what the gate compares; metrics are better high unless in `lower_is_better`.

    `metrics` are the words for all of them, in order of importance, `baselines` those for who is to be beaten,
    `network` is what the network alone is called, `units` what a split is counted in. `probability_scores` are the
    metrics by which the gate looks at answers that are probabilities, such as the log loss, all of them better low: the
    part `serving` then has a `constant`, too. Where the model answers by what is stored of users, `histories` is true:
    the part `serving` then is a `Remembering` one, too, and there is a part `catch_up`.

    `variants` are the blocks of params of the smaller bundles that there are beside the uncompressed one; their makers
    are in the part of that name. `options` are those of `casebook predict`, `checks` the block `predict` of a case, by
    which the rows that it is asked are held against training's; `predict_suffix` says what kind of file
    the standard input is, and `answers` which endings of its target `predict_file` knows. `question` is a command that
    asks a champion of a case, for who has never asked one. `packages` are what serving needs besides the common ones.
    Where the primary metric is in units of the data, as an error in euros is, `relative` is true: what it may lose, and
    by how much it must win, are shares then. `stated` are metrics that measure a share which the answers state
    themselves, as the coverage of an interval is: the part `serving` then is a `Stating` one, too.

    `agree` refuses blocks of a case that do not agree, such as an evaluation by features that are not prepared, before
    any stage runs.
    """

    name: str
    prepare: type[Block]
    model: type[Block]
    evaluate: type[EvaluateBlock]
    primary: str
    lower_is_better: frozenset[str] = frozenset()
    variants: Mapping[str, type[Block]] = field(default_factory=dict)
    options: type[Block] | None = None
    checks: type[Block] = NoChecks
    predict_suffix: str = ".csv"
    answers: tuple[str, ...] = (".csv", ".parquet")
    question: Callable[[AnyJob], str] = of_raw_file
    packages: tuple[str, ...] = ()
    metrics: Words = field(default_factory=dict)
    baselines: Words = field(default_factory=dict)
    network: str = "network alone"
    units: str = "rows"
    probability_scores: tuple[str, ...] = ()
    agree: Callable[[AnyJob], None] | None = None
    histories: bool = False
    relative: bool = False
    stated: tuple[str, ...] = ()

    def called(self, key: str) -> str:
        """Who is judged, or by which metric, as people read it; `key` is one of `Scores.by_model` or of its metrics."""
        if key in (MODEL, LEARNER):
            return SERVED if key == MODEL else self.network
        return spoken(self.metrics if word_of(self.metrics, key) else self.baselines, key)

    @property
    def blocks(self) -> Blocks[Any, Any, Any]:
        return Blocks(self.prepare, self.model, self.evaluate)

    @property
    def preparation(self) -> Preparation:
        return cast(Preparation, self._part("preparation"))

    @property
    def training(self) -> Training:
        return cast(Trained, self._part("training")).TRAINING

    @property
    def assembly(self) -> Assembly:
        return cast(Assembly, self._part("assembly"))

    @property
    def serving(self) -> Serving:
        return cast(Serving, self._part("serving"))

    @property
    def calibrated(self) -> Calibrated:
        return cast(Calibrated, self._part("serving"))

    @property
    def stating(self) -> Stating:
        return cast(Stating, self._part("serving"))

    @property
    def remembering(self) -> Remembering:
        return cast(Remembering, self._part("serving"))

    @property
    def catches_up(self) -> CatchesUp:
        return cast(CatchesUp, self._part("catch_up"))

    @property
    def reporting(self) -> Reporting:
        return cast(Reporting, self._part("report"))

    @property
    def makers(self) -> Mapping[str, Maker]:
        return cast(Variants, self._part("variants")).VARIANTS

    @property
    def folds(self) -> Folds:
        return cast(Folds, self._part("folds"))

    @property
    def predict(self) -> Predict:
        return cast(Predict, self._part("predict"))

    @property
    def watch(self) -> Watch:
        return cast(Watching, self._part("watch")).WATCH

    def _part(self, part: str) -> object:
        return importlib.import_module(part_module(self.name, part))


def load_recipe(name: str) -> Recipe:
    """A recipe's declaration. Imports its params and nothing heavy.

    Raises:
        CasebookError: there is no recipe of that name.
    """
    if name not in recipes():
        raise CasebookError(f"params.yaml: no recipe {name!r}{nearest_of(name, recipes())}")
    recipe: Recipe = importlib.import_module(recipe_module(name)).RECIPE
    return recipe


def make_job(case: str, params: CaseParams, paths: Paths, *, smoke: bool = False) -> AnyJob:
    """The job of a case: its params with the blocks that its recipe declares, checked.

    Raises:
        CasebookError: there is no such recipe, or a key of a block is unknown, missing or of the wrong type.
    """
    recipe = load_recipe(params.recipe)
    start = params.start if "start" in params.model_fields_set else None
    job = Job(case, params, paths, recipe.blocks, smoke, None if start is None else paths.bundle(start))
    job.check()
    if "predict" in params.model_fields_set:
        read_checks(job)
    if "compress" in params.model_fields_set:
        read_variants(job, recipe.variants)
    if recipe.agree is not None and {"prepare", "evaluate"} <= params.model_fields_set:
        recipe.agree(job)
    return job


def read_checks(job: AnyJob) -> Block:
    """The block `predict` of a case, as its recipe declares it.

    Raises:
        CasebookError: a key of it is unknown or of the wrong type.
    """
    return read_block(recipe_of(job).checks, job.params.predict, f"params.cases.{job.case}.predict", FILE)


def recipe_of(job: AnyJob) -> Recipe:
    return load_recipe(job.params.recipe)
