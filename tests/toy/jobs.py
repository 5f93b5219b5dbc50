"""A case of `params.yaml` on its toy rows: the same code and the same params, but small."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.core.job import AnyJob, Paths
from components.core.params.case import CaseParams
from components.core.params.load import load_params
from components.core.params.overrides import override
from components.core.recipe import make_job
from components.core.yaml_files import read_yaml

CHECKOUT = Path(__file__).resolve().parents[2]
TOY = CHECKOUT / "tests" / "toy"


@dataclass(frozen=True)
class BesidePaths(Paths):
    """Raw and prepared data of one case alone, in `raw` and `prepared` below the root."""

    def raw(self, case: str) -> Path:  # noqa: ARG002
        return self.root / "raw"

    def prepared(self, case: str) -> Path:  # noqa: ARG002
        return self.root / "prepared"


def job_of_block(recipe: str, folder: Path, block: dict[str, Any]) -> AnyJob:
    """A case `toy` that has a `prepare` block and no other; see `BesidePaths`."""
    return make_job("toy", CaseParams.model_construct(recipe=recipe, prepare=block), BesidePaths(folder))


def toy_cases() -> list[str]:
    """Cases of `params.yaml` that have toy rows."""
    return sorted(name for name in load_params(CHECKOUT / "params.yaml").cases if (TOY / name).is_dir())


def toy_values(case: str, folder: Path) -> dict[str, Any]:
    """Dotted params and their values: toy data in `folder` for a source, and what `--smoke` and the toy set."""
    smoke = load_params(CHECKOUT / "params.yaml").case(case).smoke
    toy = read_yaml(TOY / case / "overrides.yaml")
    return {"source": toy_source(folder), "fit.accelerator": "cpu", **smoke, **toy}


def toy_source(folder: Path) -> dict[str, Any]:
    """A file of rows with those beside it, or else a folder of images."""
    said = {"licence": "made up", "citation": "made up"}
    found = [path for path in sorted(folder.iterdir()) if path.suffix in {".csv", ".parquet", ".txt"}]
    if not found:
        return {"kind": "folder", "path": str(folder / "images"), "watch": str(folder / "images"), **said}
    rows, *others = found
    return {
        "kind": "file",
        "path": str(rows),
        "watch": str(folder if others else rows),
        "beside": {path.name: None for path in others},
        "to": rows.name,
        "sha256": None,
        **said,
    }


def toy_params(case: str, **values: Any) -> CaseParams:
    """`values` may set more, with `__` for the dots: `fit__seed=1`."""
    more = {name.replace("__", "."): value for name, value in values.items()}
    params = load_params(CHECKOUT / "params.yaml").case(case)
    return override(params, {**toy_values(case, TOY / case), **more})


def toy_job(case: str, root: Path, **values: Any) -> AnyJob:
    return make_job(case, toy_params(case, **values), Paths(root))
