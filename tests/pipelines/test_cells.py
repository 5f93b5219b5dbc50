"""A third shape of data through the same dvc.yaml: from a simulator and a folder to a champion that finds objects."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tifffile

pytestmark = pytest.mark.slow

CASE = "nuclei"


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory, released_case: Callable[..., Any]) -> Any:
    return released_case("medical_cells", CASE, tmp_path_factory.mktemp("nuclei"))


def test_images_become_a_champion(released: Any) -> None:
    assert released.json(f"reports/{CASE}/release.json")["promoted"] is True
    metrics = released.json(f"reports/{CASE}/metrics.json")
    assert {"validation", "test", "external"} <= set(metrics)
    assert {"map50", "map50_95", "ap50_nucleus", "count_error", "froc", "f1@50"} <= set(metrics["test"])
    assert set(metrics["baselines"]) == {"segmentation"}
    assert {one["name"] for one in metrics["variants"]} == {"fp32", "int8_static", "pruned", "distilled"}
    assert released.rows("select name from runs where status = 'RUNNING'") == []


def test_the_card_says_what_is_simulated(released: Any) -> None:
    card = (released.root / "reports" / CASE / "card.md").read_text(encoding="utf-8")
    assert "simulated" in card
    assert "not a medical device" in card


def test_the_champion_answers_a_folder_and_names_what_it_cannot_read(released: Any, tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    shutil.copy(released.root / CASE / "images" / "image.tif", folder / "good.tif")
    command = ("python", "-m", "pipelines.cli", "predict", CASE, str(folder), "--out", str(tmp_path / "boxes.json"))
    ended = released.run(*command, "--draw", str(tmp_path / "drawn"))
    assert ended.code == 0, ended.said
    height, width = tifffile.imread(folder / "good.tif").shape
    found = json.loads((tmp_path / "boxes.json").read_text())
    assert found["images"] == [{"id": 1, "file_name": "good.tif", "height": height, "width": width}]
    assert (tmp_path / "drawn" / "good.tif.png").is_file()
    (folder / "bad.tif").write_bytes(b"II*\0 and no more")
    ended = released.run(*command)
    assert ended.code == 1
    assert "1 of 2 images cannot be read; the other 1 are in" in ended.said
    assert "bad.tif" in ended.said
    assert "Traceback" not in ended.said
