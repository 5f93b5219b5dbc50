"""A bundle as an MLflow model folder: served by code that travels with it, free of pickles, checkable file by file."""

import importlib
import shutil
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from mlflow.models import Model, ModelSignature, infer_signature
from mlflow.types import ColSpec, Schema

from components.core.bundle import read_bundle
from components.core.closure import closure
from components.core.files import file_digest, write_json
from components.core.histories import HISTORIES
from components.core.job import BUNDLE
from components.registry.model_files import FILES, LINEAGE

COMPONENTS = Path(__file__).resolve().parents[1]
SERVED = "components.registry.mlflow_model"  # what MLflow runs where it serves
MODEL_CODE = COMPONENTS.parent.joinpath(*SERVED.split(".")).with_suffix(".py")
SERVING_PACKAGES = (
    "mlflow",
    "numpy",
    "onnxruntime",
    "pandas",
    "pandera",
    "pyarrow",
    "pydantic",
    "ruamel.yaml",
    "scikit-learn",
    "scipy",
)


@contextmanager
def model_folder(
    model: Model,
    bundle: Path,
    lineage: Mapping[str, str],
    example: pd.DataFrame,
    answers: pd.DataFrame,
    packages: Sequence[str],
    *,
    histories: Path | None = None,
    required: Sequence[str] = (),
) -> Iterator[Path]:
    """Yield a temporary MLflow model folder of `bundle`, with the texts of `lineage` beside it, and the `histories`.

    `example` are a few raw rows and `answers` what the bundle answers to them: the signature and
    the input example come from them; of its columns a request needs the `required` ones, or all if none is named.
    `packages` are those that serving needs besides the common ones.
    """
    import mlflow.pyfunc

    signature, rows = _signature(example, answers, read_params(bundle), required)
    with TemporaryDirectory(prefix="casebook-") as draft:
        staged, folder = Path(draft) / "staged", Path(draft) / "model"
        mlflow.pyfunc.save_model(
            folder,
            python_model=MODEL_CODE,
            mlflow_model=model,
            artifacts={
                BUNDLE: str(_staged(staged / BUNDLE, bundle)),
                LINEAGE: str(_staged_lineage(staged, lineage)),
                **({} if histories is None else {HISTORIES: str(_staged(staged / HISTORIES, histories))}),
            },
            code_paths=[str(_staged_code(staged, read_predictor(bundle)))],
            # Given, or MLflow loads the model in a process of its own to guess them.
            pip_requirements=[f"{name}=={version(name)}" for name in sorted({*SERVING_PACKAGES, *packages})],
            signature=signature,
            input_example=rows,
        )
        write_json(folder / FILES, _digests(folder))
        yield folder


def read_predictor(bundle: Path) -> str:
    """The module that answers with a bundle."""
    return str(read_bundle(bundle, threads=1).manifest.module)


def read_params(bundle: Path) -> dict[str, Any] | None:
    """What a request may ask for beside its rows, with the defaults; None where there is nothing."""
    return getattr(importlib.import_module(read_predictor(bundle)), "PARAMS", None)


def _digests(folder: Path) -> dict[str, str]:
    for compiled in list(folder.rglob("__pycache__")):
        shutil.rmtree(compiled)
    return {
        path.relative_to(folder).as_posix(): file_digest(path) for path in sorted(folder.rglob("*")) if path.is_file()
    }


def _staged(copy: Path, folder: Path) -> Path:
    return Path(shutil.copytree(folder, copy))  # MLflow names the artifact after its folder


def _staged_lineage(staged: Path, lineage: Mapping[str, str]) -> Path:
    folder = staged / LINEAGE
    folder.mkdir(parents=True)
    for name, text in lineage.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def _staged_code(staged: Path, predictor: str) -> Path:
    """What MLflow's model and the predictor may import of ours, and no more."""
    root = COMPONENTS.parent
    for path in closure(root, [SERVED, predictor]):
        copy = staged / path.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    return staged / COMPONENTS.name


def _signature(
    example: pd.DataFrame, answers: pd.DataFrame, params: dict[str, Any] | None, required: Sequence[str]
) -> tuple[ModelSignature, pd.DataFrame]:
    """The signature, and the example as it asks for it.

    Integer columns are declared double: one missing value turns a column of integers into floats.
    """
    rows = example.astype(dict.fromkeys(example.select_dtypes("integer"), "float64"))
    with warnings.catch_warnings():
        # Said of integer answers as well, but no answer is ever missing.
        warnings.filterwarnings("ignore", message="Hint: Inferred schema contains integer")
        signature = infer_signature(rows, answers, params)
    if required:
        inputs = [ColSpec(one.type, one.name, one.name in required) for one in signature.inputs]
        signature = ModelSignature(Schema([*inputs]), signature.outputs, signature.params)
    # MLflow would write NaN into the example, which is no JSON.
    return signature, rows.astype(object).where(rows.notna(), None)
