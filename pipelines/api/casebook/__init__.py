"""Champions from Python: `casebook.load("finance_risk").predict(rows)` answers what `casebook predict` writes.

Installed as the package `casebook`. It loads no torch, and MLflow only where the registry cannot be read without it.
"""

import importlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from components.core.blocks import Block, read_block
from components.core.bundle import read_bundle
from components.core.errors import CasebookError as CasebookError
from components.core.forgotten import FORGOTTEN
from components.core.job import Paths
from components.core.params.load import load_case
from components.core.recipe import CHECKS, load_recipe
from components.recipes.shared.asking import ask
from components.registry.finding import open_registry, served
from components.registry.known import histories_of
from components.registry.ledger import history, metrics_of
from components.registry.model_files import card_beside
from pipelines.environment import variables

if TYPE_CHECKING:
    import pandas as pd

HOME = "CASEBOOK_HOME"  # the variable that names the checkout, for who does not work in it
PARAMS = "params.yaml"


@dataclass(frozen=True)
class Model:
    """A registered version that answers.

    `metrics` are those of what is served on the test rows, as the gate took them: `value`, `low` and `high` by name.
    `card` is the file of its model card.
    """

    case: str
    version: str
    metrics: Mapping[str, Mapping[str, float | None]] = field(repr=False)
    card: Path = field(repr=False)
    _predictor: Any = field(repr=False)

    @overload
    def predict(self, rows: "pd.DataFrame", **options: Any) -> "pd.DataFrame": ...

    @overload
    def predict(self, rows: Sequence[Any], **options: Any) -> list[dict[str, Any]]: ...

    def predict(self, rows: Any, **options: Any) -> Any:
        """Answers to rows as the raw data has them: a DataFrame for a DataFrame, a list of dicts for a list of dicts.

        A model of text takes a list of lines, one of images a list of paths. The options are those of `casebook
        predict`, where lists of ids are given as they are: `top=5, deny=["7"]`.

        Raises:
            CasebookError: the rows are none that the model takes, or it takes no such option; of a table, they are not
                written as those of training, and `accept_strange=True` does not say to go on.
        """
        return ask(self._predictor, self.case, rows, options)


def load(case: str, version: str | int | None = None, root: str | Path | None = None) -> Model:
    """The champion of a case, or the version of that number or alias.

    The checkout is `root`; or else what CASEBOOK_HOME names; or the folder here, or above it, that has a params.yaml.

    Raises:
        CasebookError: there is no checkout, case, champion or version, the registry does not answer, or not all files
            of the version are there.
    """
    home = _checkout(root)
    with _environment(home):
        registry = open_registry(home)
        try:
            found = served(registry, case, None if version is None else str(version))
        except CasebookError:
            load_case(home / PARAMS, case)  # a mistyped case is said first
            raise
        metrics = metrics_of(history(registry, case), found.version)
    module = importlib.import_module(read_bundle(found.bundle, threads=1).manifest.module)
    predictor = module.open_predictor(found.bundle)
    if (histories := histories_of(Paths(home), case, found)) is not None:
        predictor.know(histories)
    if hasattr(predictor, "forget"):  # it keeps rows of people, some of whom may have asked to be forgotten since
        predictor.forget(load_case(home / PARAMS, case).prepare.get(FORGOTTEN, ()))
    if hasattr(predictor, CHECKS):
        predictor.checks = partial(_checks, home / PARAMS, case)
    return Model(case, found.version, metrics, card_beside(found.bundle), predictor)


def _checks(params: Path, case: str) -> Block:
    """How strictly rows are held against training's: read when some are strange, as most never are."""
    block = load_case(params, case)
    return read_block(load_recipe(block.recipe).checks, block.predict, f"params.cases.{case}.predict", params.name)


def _checkout(root: str | Path | None) -> Path:
    given = root if root is not None else os.environ.get(HOME)
    here = Path(given or Path.cwd()).expanduser().resolve()
    for folder in (here,) if given else (here, *here.parents):
        if (folder / PARAMS).is_file():
            return folder
    where = f"{here} has no {PARAMS}" if given else f"neither {here} nor a folder above it has a {PARAMS}"
    raise CasebookError(f"no checkout of casebook: {where}; give root=, or set {HOME} to the checkout")


@contextmanager
def _environment(root: Path) -> Iterator[None]:
    """What commands of the checkout are started with, for as long as the registry is asked: the caller's stays."""
    added = {name: value for name, value in variables(root).items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
