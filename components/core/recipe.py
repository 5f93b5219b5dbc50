"""A recipe: one kind of problem. Its folder holds a module for each part that a stage may ask for.

`Recipe` is its declaration. Parts are modules, imported when they are asked for, so that each stage pays for what it
uses; a Protocol says what a part must offer, and mypy holds the modules against it where a recipe is declared.
"""

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

from components.core.blocks import Block
from components.core.contracts import (
    Answers,
    AnyJob,
    Blocks,
    Job,
    Maker,
    Meta,
    Metric,
    Paths,
    Predictor,
    Report,
    Training,
    Watch,
    read_variants,
)
from components.core.errors import CasebookError, nearest
from components.core.params.case import CaseParams

if TYPE_CHECKING:  # the data stages and the server must not pay for importing these
    import pandas as pd
    from lightning.pytorch import LightningModule


PACKAGE = "components.recipes"
FOLDER = Path(__file__).resolve().parents[1] / "recipes"


class Preparation(Protocol):
    def prepare(self, job: AnyJob, /) -> Meta:
        """Check, set aside, split and encode the raw rows: all of `data/prepared/<case>`."""


class Trained(Protocol):
    @property
    def TRAINING(self) -> Training: ...  # noqa: N802 - a constant of the part


class Assembly(Protocol):
    def assemble(self, job: AnyJob, learner: "LightningModule", folder: Path, /) -> "LightningModule":
        """Add the baselines and the blend to the trained learner, and write `bundle/` into the folder of the fit.

        Returns the learner whose graph `bundle/` holds: the one given, or that of a second fit.
        """

    def network_gap(self, job: AnyJob, served: "LightningModule", fitted: Path, /) -> float:
        """The largest difference, over validation rows, between what that learner and its graph answer."""


class Serving(Protocol):
    """Of any bundle folder, through the code that serves."""

    def open_predictor(self, bundle: Path, /) -> Predictor: ...

    def answers(self, job: AnyJob, bundle: Path, split: str, /) -> Answers:
        """Targets and scores of a split's units."""

    def answer_rows(self, job: AnyJob, bundle: Path, /) -> Callable[[int], object]:
        """A function that answers n rows, for timing."""

    def example(self, job: AnyJob, /) -> "pd.DataFrame":
        """A few raw rows as a client would send them, for the model's signature."""

    def metrics(self, job: AnyJob, bundle: Path, /) -> Mapping[str, Metric]:
        """What answers are judged by, at the bundle's threshold where it has one."""


class Reporting(Protocol):
    def report(self, job: AnyJob, fitted: Path, /) -> Report:
        """Judge the fitted bundle on each split."""


class Variants(Protocol):
    @property
    def VARIANTS(self) -> Mapping[str, Maker]: ...  # noqa: N802 - a constant of the part


class Folds(Protocol):
    def write_folds(self, job: AnyJob, folder: Path, /) -> Iterator[AnyJob]:
        """A job for each fold, its data prepared below `folder`, all that is fitted on its training part alone."""


class Predict(Protocol):
    def predict_file(self, bundle: Path, source: Path, target: Path, options: Mapping[str, Any], /) -> int:
        """Stream a raw file through a bundle to a file, and count the rows written."""


class Watching(Protocol):
    @property
    def WATCH(self) -> Watch: ...  # noqa: N802 - a constant of the part


# What a recipe's declaration holds its modules against, in this order, for the type checker alone.
Parts: TypeAlias = tuple[
    Preparation, Trained, Assembly, Serving, Reporting, Variants, Folds, Predict, Watching
]  # fmt: skip


@dataclass(frozen=True)
class Recipe:
    """One kind of problem. `primary` is what the gate compares; metrics are better high unless in `lower_is_better`.

    `variants` are the blocks of params of the smaller bundles that there are beside the uncompressed one; their makers
    are in the part of that name. `options` are those of `casebook predict`, `predict_suffix` says what kind of file
    the standard input is. `packages` are those that serving needs besides the common ones.
    """

    name: str
    prepare: type[Block]
    model: type[Block]
    evaluate: type[Block]
    primary: str
    lower_is_better: frozenset[str] = frozenset()
    variants: Mapping[str, type[Block]] = field(default_factory=dict)
    options: type[Block] | None = None
    predict_suffix: str = ".csv"
    packages: tuple[str, ...] = ()

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


def part_module(recipe: str, part: str) -> str:
    """The dotted name of a part: a module of the recipe's folder, or in a folder of its own the module of its name."""
    name = f"{PACKAGE}.{recipe}.{part}"
    return f"{name}.{part}" if (FOLDER / recipe / part).is_dir() else name


def recipe_module(recipe: str) -> str:
    """The dotted name of a recipe's declaration."""
    return f"{PACKAGE}.{recipe}.recipe"


def recipes() -> tuple[str, ...]:
    """The names of all recipes, found as folders: adding one edits no list."""
    return tuple(sorted(path.parent.name for path in FOLDER.glob("*/recipe.py")))


def load_recipe(name: str) -> Recipe:
    """A recipe's declaration. Imports its params and nothing heavy.

    Raises:
        CasebookError: there is no recipe of that name.
    """
    if name not in recipes():
        raise CasebookError(
            f"params.yaml: no recipe {name!r}{nearest(name, recipes())}; there are: {', '.join(recipes())}"
        )
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
    if "compress" in params.model_fields_set:
        read_variants(job, recipe.variants)
    return job


def recipe_of(job: AnyJob) -> Recipe:
    return load_recipe(job.params.recipe)
