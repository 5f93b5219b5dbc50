"""A case with all that a stage of it is given: params, where to read and write, and the names of the files there."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

from components.core.blocks import Block, read_block
from components.core.bundle import Bundle, read_bundle
from components.core.errors import CasebookError, nearest_of
from components.core.files import read_json, write_json
from components.core.histories import CAUGHT_UP, HISTORIES
from components.core.params.case import CaseParams
from components.core.params.evaluate import EvaluateBlock
from components.core.params.overrides import override

TRAIN, VALIDATION, TEST, EXTERNAL = "train", "validation", "test", "external"
PREPARED_FILES = {TRAIN: "train.parquet", VALIDATION: "val.parquet", TEST: "test.parquet", EXTERNAL: "external.parquet"}
ORIGIN_FILE = "source.json"  # of a raw folder: what fetch says of it
FILE = "params.yaml"  # whose blocks they are, whichever file a stage is given them by
BUNDLE, SELECTION = "bundle", "selection"  # of a fitted folder: what serves, and what has not seen the validation
WEIGHTS = "learner.pt"  # of a fitted folder: the learner after the first fit
REFIT = "refit.json"  # of a fitted folder: what the second fit ended with, where there is one
FP32 = "fp32"  # the variant that is not compressed


@dataclass(frozen=True)
class Paths:
    """Where each stage of a case reads and writes, below one root folder."""

    root: Path

    def raw(self, case: str) -> Path:
        return self.root / "data" / "raw" / case

    def prepared(self, case: str) -> Path:
        return self.root / "data" / "prepared" / case

    def best(self, case: str) -> Path:
        return self.root / "models" / case / "best.json"

    def fitted(self, case: str) -> Path:
        return self.root / "models" / case / "fitted"

    def bundle(self, case: str) -> Path:
        return self.root / "models" / case / BUNDLE

    def histories(self, case: str) -> Path:
        return self.root / "models" / case / HISTORIES

    def caught_up(self, case: str) -> Path:
        return self.root / "models" / case / CAUGHT_UP

    def reports(self, case: str) -> Path:
        return self.root / "reports" / case

    def evaluation(self, case: str) -> Path:
        return self.reports(case) / "evaluation"

    def plots(self, case: str) -> Path:
        return self.reports(case) / "plots"

    def compression(self, case: str) -> Path:
        return self.reports(case) / "compression"

    def state(self, case: str) -> Path:
        return self.root / "state" / case


Prepare = TypeVar("Prepare", bound=Block)
Model = TypeVar("Model", bound=Block)
Evaluate = TypeVar("Evaluate", bound=EvaluateBlock)


@dataclass(frozen=True)
class Blocks(Generic[Prepare, Model, Evaluate]):
    """The types of the blocks that a recipe reads itself."""

    prepare: type[Prepare]
    model: type[Model]
    evaluate: type[Evaluate]


@dataclass(frozen=True)
class Job(Generic[Prepare, Model, Evaluate]):
    """One case with everything a stage of it is given.

    `params` may hold no more than the blocks that a stage reads. `blocks` are the types of those that the recipe
    reads itself: `prepare`, `model` and `evaluate`. `smoke` says that the numbers mean nothing: the same code on few
    rows, trials and epochs. `starts_from` is the bundle of the case that this one starts from, the same in every fold.
    """

    case: str
    params: CaseParams
    paths: Paths
    blocks: Blocks[Prepare, Model, Evaluate]
    smoke: bool = False
    starts_from: Path | None = None

    @property
    def start(self) -> Bundle | None:
        """The bundle of the case that this one starts from, checked; None where it starts from none.

        Raises:
            CasebookError: the folder is no whole bundle.
        """
        return None if self.starts_from is None else read_bundle(self.starts_from, threads=1)

    @cached_property
    def prepare(self) -> Prepare:
        return read_block(self.blocks.prepare, self.params.prepare, self._where("prepare"), FILE)

    @cached_property
    def model(self) -> Model:
        return read_block(self.blocks.model, self.params.model, self._where("model"), FILE)

    @cached_property
    def evaluate(self) -> Evaluate:
        return read_block(self.blocks.evaluate, self.params.evaluate, self._where("evaluate"), FILE)

    def check(self) -> None:
        """Read each block that is given.

        Raises:
            CasebookError: a key of one is unknown, missing or of the wrong type.
        """
        for name in ("prepare", "model", "evaluate"):
            if name in self.params.model_fields_set:
                getattr(self, name)

    def with_values(self, values: Mapping[str, Any]) -> Self:
        """The same job with dotted parameters such as `fit.lr` set.

        Raises:
            CasebookError: a path names no key, or a value does not fit its key.
        """
        job = replace(self, params=override(self.params, dict(values)))
        job.check()
        return job

    def _where(self, block: str) -> str:
        return f"params.cases.{self.case}.{block}"


AnyJob = Job[Any, Any, Any]


@dataclass(frozen=True)
class Meta:
    """What `prepare` leaves for its readers, as `meta.json`.

    `rows` counts the rows of each split and the rejected ones, `rejected` counts them by reason,
    `source` repeats `source.json`, and `data` is the case's own: columns, encoders, vocabularies.
    """

    case: str
    rows: dict[str, int]
    rejected: dict[str, int]
    source: dict[str, Any]
    data: dict[str, Any]

    def write(self, folder: Path) -> None:
        write_json(folder / "meta.json", asdict(self))

    @classmethod
    def read(cls, folder: Path) -> "Meta":
        return cls(**read_json(folder / "meta.json"))


def read_origin(raw: Path) -> dict[str, Any]:
    """What `fetch` says of a raw folder.

    Raises:
        CasebookError: it says nothing.
    """
    path = raw / ORIGIN_FILE
    if not path.is_file():
        raise CasebookError(f"{path}: not found, so {raw} is not what the fetch stage leaves; run fetch first")
    origin: dict[str, Any] = read_json(path)
    return origin


def read_variants(job: Job, declared: Mapping[str, type[Block]]) -> dict[str, Block]:
    """The params of each variant that is asked for, in that order.

    Raises:
        CasebookError: a variant is not declared, or a key of its block is unknown, missing or of the wrong type.
    """
    where, asked = f"params.cases.{job.case}.compress.variants", job.params.compress.variants
    if unknown := [name for name in asked if name not in declared]:
        known = nearest_of(unknown[0], declared)
        raise CasebookError(
            f"{FILE}: {where}: {unknown[0]!r} is none of this case's{known}, and {FP32} without being named"
        )
    return {name: read_block(declared[name], block, f"{where}.{name}", FILE) for name, block in asked.items()}
