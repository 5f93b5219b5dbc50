"""`casebook new` of a folder of images and of a ready example; DVC and a source of many files."""

import shutil
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from components.core.errors import CasebookError
from components.core.files import file_digest
from components.core.job import Meta, Paths
from components.core.params.case import CaseParams
from components.core.params.load import load_params
from components.core.params.overrides import override
from components.core.params.source import HttpSource
from components.core.recipe import make_job
from components.core.yaml_files import dump_yaml, read_yaml
from components.recipes.detection.params.images import ImagesParams
from components.recipes.detection.preparation.prepare import prepare_images
from components.sources.http.manifest import read_manifest
from pipelines.commands.newasked import Asked
from pipelines.commands.newcase import new_case, new_example, read_example
from pipelines.commands.newimages import new_images, plan_images
from pipelines.commands.smoke import smoke_paths
from pipelines.steps import fetch
from tests.components.recipes.detection.preparation.folders import CELL, HEIGHT, WIDTH, voc
from tests.components.sources.http.server import serving, write_manifest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "blood_cells.yaml"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copyfile(ROOT / "params.yaml", tmp_path / "params.yaml")
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    voc(tmp_path / "lab", {f"{number}": [CELL, ("RBC", 3, 3, 9, 9)] for number in range(12)})
    return tmp_path


def added(before: str, after: str) -> list[str]:
    """The lines that were put in, in one place."""
    changes = SequenceMatcher(a=before.splitlines(), b=after.splitlines(), autojunk=False).get_opcodes()
    assert [change[0] for change in changes] == ["equal", "insert", "equal"], "one block, nothing else"
    return after.splitlines()[changes[1][3] : changes[1][4]]


def test_a_folder_of_images_becomes_a_case_that_can_be_fetched_and_prepared(root: Path) -> None:
    before = (root / "params.yaml").read_text(encoding="utf-8")
    new_images(root, "mine", "blood_cells", root / "lab")
    added(before, (root / "params.yaml").read_text(encoding="utf-8"))
    params = load_params(root / "params.yaml").case("mine")
    assert params.source.model_dump() == {
        "kind": "folder",
        "path": "lab",
        "watch": "lab",
        "licence": "unknown; say it here",
        "citation": "unknown; say it here",
    }
    assert params.recipe == read_example(EXAMPLE).recipe
    assert not any(key.startswith("prepare.") for key in params.smoke)
    assert params.evaluate["limits"] == "Not stated; say it here."
    job = make_job("mine", params, Paths(root))
    fetch.run(job)
    meta = prepare_images(job)
    assert meta == Meta.read(job.paths.prepared("mine"))
    assert sum(meta.rows.values()) == 12
    assert sum(boxes["RBC"] for boxes in meta.data["boxes"].values()) == 12


def test_some_of_the_images_are_drawn_with_their_boxes(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    plan_images(root, "mine", "blood_cells", root / "lab")
    assert "annotated images to look at: state/mine/new/boxes.png" in caplog.text
    with Image.open(root / "state" / "mine" / "new" / "boxes.png") as sheet:
        assert sheet.size[0] == 1200
        colours = {colour for _, colour in sheet.convert("RGB").getcolors(1 << 22) or []}
    assert {(0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)} <= colours, "a colour for each of the two classes"
    before = (root / "params.yaml").read_bytes()
    with pytest.raises(CasebookError, match="--boxes sideways: not one of"):
        new_images(root, "mine", "blood_cells", root / "lab", boxes=["sideways"])
    assert (root / "params.yaml").read_bytes() == before


def test_a_folder_elsewhere_is_named_in_full(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    away = tmp_path_factory.mktemp("away")
    shutil.copytree(root / "lab", away / "lab")
    assert new_images(root, "mine", "blood_cells", away / "lab")["source"]["path"] == str(away / "lab")


@pytest.mark.parametrize(
    ("name", "like", "told"),
    [
        ("Mine", "blood_cells", "cannot name a case"),
        ("finance_risk", "blood_cells", "has a case 'finance_risk' already"),
        ("mine", "nothing", "no case 'nothing'; there are: "),
        ("mine", "finance_risk", "'finance_risk' is no case of images; take --recipe detection"),
    ],
)
def test_what_cannot_become_a_case_of_images_is_told(root: Path, name: str, like: str, told: str) -> None:
    before = (root / "params.yaml").read_bytes()
    with pytest.raises(CasebookError, match=told):
        new_images(root, name, like, root / "lab")
    assert (root / "params.yaml").read_bytes() == before


def test_images_are_no_pattern_for_a_table(root: Path) -> None:
    (root / "rows.csv").write_text("a,b\n1,2\n")
    with pytest.raises(CasebookError, match="'blood_cells' is no case of tables"):
        new_case(root, "mine", "blood_cells", root / "rows.csv", Asked("b", None, None, None, 365.25))


def test_a_ready_example_is_taken_as_it_is_written(root: Path) -> None:
    before = (root / "params.yaml").read_text(encoding="utf-8")
    new_example(root, "blood_cells", root / "examples" / "blood_cells.yaml")
    lines = added(before, (root / "params.yaml").read_text(encoding="utf-8"))
    written = EXAMPLE.read_text(encoding="utf-8").splitlines()
    assert [line.strip() for line in lines if line.strip()] == [
        "blood_cells:",
        *(line.strip() for line in written if line.strip()),
    ]
    assert load_params(root / "params.yaml").case("blood_cells") == read_example(EXAMPLE)
    with pytest.raises(CasebookError, match="has a case 'blood_cells' already"):
        new_example(root, "blood_cells", root / "examples" / "blood_cells.yaml")


@pytest.mark.parametrize(
    ("text", "told"),
    [("a: [", "not YAML"), ("code: {}\n", r"mine\.yaml: \d+ key\(s\) are wrong"), ("", "wrong")],
)
def test_what_is_no_whole_block_is_told(root: Path, text: str, told: str) -> None:
    (root / "mine.yaml").write_text(text)
    before = (root / "params.yaml").read_bytes()
    with pytest.raises(CasebookError, match=told):
        new_example(root, "mine", root / "mine.yaml")
    with pytest.raises(CasebookError, match=r"nowhere\.yaml: not found; --from"):
        new_example(root, "mine", root / "nowhere.yaml")
    assert (root / "params.yaml").read_bytes() == before


def test_the_example_names_its_files_and_reads_them_as_the_data_has_them() -> None:
    block = read_example(EXAMPLE)
    assert isinstance(block.source, HttpSource)
    files = read_manifest(ROOT / block.source.manifest)
    assert sum(name.endswith(".jpg") for name in files) == 364
    assert sum(name.endswith(".xml") for name in files) == 364
    prepare = ImagesParams.model_validate(block.prepare)
    assert prepare.lists is not None
    assert set(prepare.lists.model_dump().values()) <= set(files)
    assert f"{prepare.images}/BloodImage_00000.jpg" in files
    assert f"{prepare.annotations}/BloodImage_00000.xml" in files


def test_a_smoke_run_elsewhere_finds_what_counts_from_the_checkout(root: Path) -> None:
    block = new_images(root, "mine", "blood_cells", root / "lab")
    folder = load_params(root / "params.yaml").case("mine").source
    assert smoke_paths(root, folder) == {"source.path": str(root / "lab"), "source.watch": str(root / "lab")}
    manifest = str(root / "examples" / "blood_cells.sha256")
    assert smoke_paths(root, read_example(EXAMPLE).source) == {"source.manifest": manifest, "source.watch": manifest}
    assert smoke_paths(root, load_params(root / "params.yaml").case("finance_risk").source) == {}
    for paths in (smoke_paths(root, folder), {}):
        assert override(CaseParams.model_validate(block), paths).source.kind == "folder"


def with_sources(checkout: Any, **sources: dict[str, Any]) -> None:
    """Cases that are like `toy`, but for their source."""
    params = read_yaml(checkout.root / "params.yaml")
    toy = params["cases"]["toy"]
    params["cases"] = {name: {**toy, "source": source} for name, source in sources.items()}
    (checkout.root / "params.yaml").write_text(dump_yaml(params), encoding="utf-8")


@pytest.mark.slow
def test_dvc_fetches_again_what_changed_and_nothing_else(checkout: Any) -> None:
    origin = {"licence": "own", "citation": "own"}
    files = {"images/a.jpg": b"a" * 1000, "b.xml": b"<b/>"}
    voc(checkout.root / "lab", {"a": [CELL]})
    with serving() as server:
        for name, content in files.items():
            server.add(f"/v1/{name}", content)
        write_manifest(checkout.root / "files.sha256", files)
        settings = {"connections": 2, "retries": 0, "timeout": 5.0}
        http = {"kind": "http", "base": f"{server.base}/v1", "manifest": "files.sha256", "watch": "files.sha256"}
        with_sources(
            checkout,
            web={**http, **settings, **origin},
            lab={"kind": "folder", "path": "lab", "watch": "lab", **origin},
        )
        targets = ("fetch@web", "fetch@lab")
        first = checkout.repro(*targets)
        assert first.code == 0, first.said
        raw = checkout.root / "data" / "raw"
        assert (raw / "web" / "images" / "a.jpg").read_bytes() == files["images/a.jpg"]
        assert (raw / "lab" / "boxes" / "a.xml").is_file()
        asked = len(server.asked)
        again = checkout.repro(*targets)
        assert "'fetch@web' didn't change" in again.said
        assert "'fetch@lab' didn't change" in again.said
        voc(checkout.root / "lab", {"b": [CELL]})
        files["c.xml"] = server.add("/v1/c.xml", b"<c/>")
        write_manifest(checkout.root / "files.sha256", files)
        third = checkout.repro(*targets)
        assert third.code == 0, third.said
        assert (raw / "lab" / "images" / "b.png").is_file()
        assert (raw / "web" / "c.xml").read_bytes() == b"<c/>"
        assert [path for path, _ in server.asked[asked:]] == ["/v1/c.xml"]
        # DVC's copy of the raw folder is whole, though its files are other names of those in state/.
        digests = {name: file_digest(raw / "web" / name) for name in files}
        shutil.rmtree(raw)
        assert checkout.run("dvc", "checkout", "fetch@web").code == 0
        assert {name: file_digest(raw / "web" / name) for name in files} == digests


@pytest.mark.slow
def test_the_smoke_run_of_a_folder_of_images_ends_with_a_registered_model(checkout: Any) -> None:
    shutil.copytree(ROOT / "examples", checkout.root / "examples")
    boxes = [CELL, ("RBC", 20, 3, 32, 19)]
    voc(checkout.root / "lab", {f"{number}": boxes for number in range(12)})
    random = np.random.default_rng(0)
    for path in (checkout.root / "lab" / "images").iterdir():
        pixels = random.integers(180, 220, (HEIGHT, WIDTH, 3), dtype=np.uint8)
        for _, x1, y1, x2, y2 in boxes:
            pixels[int(y1) : int(y2), int(x1) : int(x2)] //= 3
        Image.fromarray(pixels).save(path)
    made = checkout.run("python", "-m", "pipelines.cli", "new", "mine", "--images", "lab", "--like", "blood_cells")
    assert made.code == 0, made.said
    ended = checkout.run("python", "-m", "pipelines.cli", "run", "mine", "--smoke")
    assert ended.code == 0, ended.said
    folder = "state/smoke/mine/reports/mine"
    report = checkout.json(f"{folder}/release.json")
    assert (report["version"], report["promoted"]) == ("1", False)
    assert {"map50", "map50_95", "ap50_RBC", "ap50_cell", "count_error"} <= set(
        checkout.json(f"{folder}/metrics.json")["test"]
    )
    pictures = {path.stem for path in (checkout.root / folder / "evaluation" / "pictures").iterdir()}
    assert {"precision_recall", "froc", "boxes_worst_1"} <= pictures
