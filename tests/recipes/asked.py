"""The same rows in Python's hands and in a file, and what is answered to either as a table."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.models import Model
from mlflow.pyfunc import load_model
from mlflow.pyfunc.scoring_server import invocations

from components.core.bundle import read_bundle, write_bundle
from components.registry.package import model_folder

BOX = ("bbox", "area", "score")


def in_hand_and_on_disk(takes: str, example: pd.DataFrame, folder: Path) -> tuple[list[Any], Path]:
    """A list as `casebook.load(…).predict` takes it, and a file or folder as `casebook predict` does."""
    if takes == "images":
        (source := folder / "images").mkdir()
        paths = [source / f"{number}.png" for number in range(len(example))]
        for path, pixels in zip(paths, example["pixels"], strict=True):
            path.write_bytes(pixels)
        return paths, source
    if takes == "lines":
        lines, source = example["pinyin"].tolist(), folder / "lines.txt"
        source.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return lines, source
    example.to_csv(source := folder / "rows.csv", index=False)
    with source.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file)), source


def written(target: Path, source: Path) -> pd.DataFrame:
    """A file of answers; of COCO's boxes, with names in place of numbers."""
    if target.suffix == ".csv":
        return pd.read_csv(target)
    document = json.loads(target.read_text(encoding="utf-8"))
    images = {one["id"]: str(source / one["file_name"]) for one in document["images"]}
    kinds = {one["id"]: one["name"] for one in document["categories"]}
    boxes = [
        {"image": images[one["image_id"]], "category": kinds[one["category_id"]], **{name: one[name] for name in BOX}}
        for one in document["annotations"]
    ]
    return as_read(pd.DataFrame(boxes))


def as_read(answers: pd.DataFrame) -> pd.DataFrame:
    """Answers as they are after a CSV, which joins texts."""
    joined = answers.map(lambda cell: "; ".join(map(str, cell)) if isinstance(cell, list) else cell)
    return pd.read_csv(io.StringIO(joined.to_csv(index=False)))


def unsure(bundle: Path, folder: Path) -> Path:
    """A detector's bundle that serves whatever it finds: one that was hardly trained is sure of nothing."""
    found = read_bundle(bundle, threads=1)
    settings = found.manifest.settings
    lower = {"least": 0.0, "thresholds": [0.0 for _ in settings["thresholds"]], "most": 5}
    manifest = found.manifest.model_copy(update={"settings": {**settings, **lower}})
    write_bundle(folder, manifest, found.contents())
    return folder


def mlflow_answers(
    bundle: Path, example: pd.DataFrame, answers: pd.DataFrame, packages: Sequence[str], folder: Path
) -> list[dict[str, Any]]:
    """What a server answers to the rows of the example as JSON, from the bundle as a version of the registry has it."""
    with model_folder(Model(), bundle, {"card.md": "# Toy"}, example, answers, packages) as made:
        model = load_model(str(made.rename(folder / "model")))
    request = json.dumps({"dataframe_records": json.loads(example.to_json(orient="records"))})
    answered = invocations(request, "application/json", model, model.metadata.get_input_schema())
    assert answered.status == 200, answered.response
    found: list[dict[str, Any]] = json.loads(answered.response)["predictions"]
    return found
