"""A bundle becomes one version, whole and readable, however often it is tried."""

import json
import shutil
import warnings
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import mlflow
import pytest

from components.core.bundle import bundle_md5, read_bundle
from components.core.errors import CasebookError
from components.registry.model_files import FILES, ModelTexts, bundle_in
from components.registry.promote import settle
from components.registry.register import bundle_of, model_of, register
from components.tracking.track import Tracker, connect
from tests.components.registry.toys import CASE, EXAMPLE, METRICS, PASSED, make_release

pytestmark = pytest.mark.usefixtures("toy")


def versions(tracker: Tracker) -> list[str]:
    return sorted(str(one.version) for one in tracker.client.search_model_versions(f"name = '{CASE}'"))


def test_a_version_says_where_it_came_from_and_is_the_candidate(tracker: Tracker) -> None:
    release = make_release(tracker)
    version = register(tracker, release)
    found = tracker.client.get_model_version_by_alias(CASE, "candidate")
    assert str(found.version) == version == "1"
    assert found.run_id == release.run
    assert found.status == "READY"
    assert found.description == release.page
    assert tracker.client.get_registered_model(CASE).description == release.about
    assert found.tags == {**release.tags, "bundle_md5": bundle_md5(release.bundle), "smoke": "false"}
    outputs = tracker.client.get_run(release.run).outputs
    assert outputs is not None
    assert [f"models:/{one.model_id}" for one in outputs.model_outputs] == [found.source]


def test_the_model_folder_holds_bundle_card_lineage_and_code_and_no_pickle(tracker: Tracker) -> None:
    release = make_release(tracker)
    version = register(tracker, release)
    folder = model_of(tracker, CASE, version)
    assert bundle_md5(bundle_in(folder)) == bundle_md5(release.bundle)
    texts = ModelTexts(tracker, CASE, version)
    assert texts.lineage("card.md") == "# Toy\n\nResearch software.\n"
    assert texts.lineage("dvc.lock") == release.lineage["dvc.lock"]
    assert texts.lineage("nothing") is None
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert not [path for path in files if path.suffix in (".pkl", ".pyc", ".pickle", ".joblib")]
    assert (folder / "code" / "components" / "recipes" / "toy" / "serving" / "predictor.py").exists()
    code = {path.relative_to(folder / "code" / "components").as_posix() for path in (folder / "code").rglob("*.py")}
    assert {name for name in code if not name.startswith("core/") and not name.endswith("__init__.py")} == {
        "recipes/toy/serving/predictor.py",  # no other predictor, and nothing that this one does not import
        "registry/mlflow_model.py",
    }
    requirements = (folder / "requirements.txt").read_text().splitlines()
    assert all("==" in line for line in requirements)
    assert f"mlflow=={mlflow.__version__}" in requirements


def test_what_serving_needs_besides_is_required_in_the_version_that_is_installed(tracker: Tracker) -> None:
    release = replace(make_release(tracker), packages=("tifffile", "pillow"))
    folder = model_of(tracker, CASE, register(tracker, release))
    requirements = (folder / "requirements.txt").read_text().splitlines()
    assert {f"{name}=={version(name)}" for name in ("tifffile", "pillow", "mlflow", "pandas")} <= set(requirements)
    assert not [line for line in requirements if line.startswith("faiss")]


def test_the_signature_takes_missing_values_where_the_example_had_none(tracker: Tracker) -> None:
    register(tracker, make_release(tracker))
    info = mlflow.models.get_model_info(f"models:/{CASE}@candidate")
    assert info.signature is not None
    assert {column["name"]: column["type"] for column in info.signature.inputs.to_dict()} == {
        "age": "double",  # whole numbers in the example
        "income": "double",
        "home": "string",
    }
    assert [column["name"] for column in info.signature.outputs.to_dict()] == ["score", "decision", "reasons"]
    folder = model_of(tracker, CASE, "1")
    for name in ("input_example.json", "serving_input_example.json"):
        text = (folder / name).read_text()
        assert "NaN" not in text
        saved = json.loads(text)
        saved = saved.get("dataframe_split", saved)
        assert saved["columns"] == list(EXAMPLE.columns)
        assert saved["data"][1] == [41.0, None, None]


def test_whole_numbers_among_the_answers_stay_whole_and_nothing_is_said(tracker: Tracker) -> None:
    release = make_release(tracker)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="Hint")
        register(tracker, replace(release, answers=release.answers.assign(count=range(len(release.answers)))))
    info = mlflow.models.get_model_info(f"models:/{CASE}@candidate")
    assert info.signature is not None
    assert {column["name"]: column["type"] for column in info.signature.outputs.to_dict()}["count"] == "long"


def test_the_same_bundle_is_the_same_version(tracker: Tracker, root: Path) -> None:
    first = register(tracker, make_release(tracker))
    assert register(tracker, make_release(tracker)) == first
    assert register(connect(root), make_release(tracker)) == first
    assert versions(tracker) == ["1"]
    models = tracker.client.search_logged_models([tracker.experiment(CASE)])
    assert len(models) == 1


def test_another_bundle_is_another_version_and_the_older_one_comes_back_as_it_was(tracker: Tracker) -> None:
    assert register(tracker, make_release(tracker, 0.5)) == "1"
    assert register(tracker, make_release(tracker, 0.6)) == "2"
    assert register(tracker, make_release(tracker, 0.5)) == "1"
    assert str(tracker.client.get_model_version_by_alias(CASE, "candidate").version) == "1"
    assert versions(tracker) == ["1", "2"]


def test_a_smoke_model_is_never_taken_for_a_real_one_of_the_same_bytes(tracker: Tracker) -> None:
    assert register(tracker, make_release(tracker, smoke=True)) == "1"
    assert register(tracker, make_release(tracker)) == "2"
    assert tracker.client.get_model_version(CASE, "1").tags["smoke"] == "true"


def test_a_version_whose_files_are_damaged_is_mended_under_its_number(tracker: Tracker) -> None:
    release = make_release(tracker)
    version = register(tracker, release)
    folder = model_of(tracker, CASE, version)
    (folder / "MLmodel").unlink()
    (bundle_in(folder) / "weights.json").write_text("{}")
    with pytest.raises(CasebookError, match=r"version 1 cannot be read: missing or changed: MLmodel, .*weights\.json"):
        bundle_of(tracker, CASE, version)
    assert register(tracker, release) == version
    assert read_bundle(bundle_of(tracker, CASE, version), threads=1).json("weights")["income"] == 0.5
    assert versions(tracker) == ["1"]


def test_a_version_whose_folder_is_gone_is_mended(tracker: Tracker) -> None:
    release = make_release(tracker)
    version = register(tracker, release)
    shutil.rmtree(model_of(tracker, CASE, version))
    assert register(tracker, release) == version
    assert (model_of(tracker, CASE, version) / FILES).exists()


def test_a_version_that_cannot_be_mended_is_deleted_and_registered_anew(tracker: Tracker) -> None:
    release = make_release(tracker)
    folder = model_of(tracker, CASE, register(tracker, release))
    source = tracker.client.get_model_version(CASE, "1").source
    assert source is not None
    tracker.client.delete_logged_model(source.removeprefix("models:/"))
    shutil.rmtree(folder)
    anew = register(tracker, release)
    assert versions(tracker) == [anew]
    assert bundle_md5(bundle_of(tracker, CASE, anew)) == bundle_md5(release.bundle)


def test_a_champion_that_cannot_be_mended_is_not_deleted(tracker: Tracker) -> None:
    """The alias would go with it, and the next release would find no champion to hold against."""
    release = make_release(tracker)
    folder = model_of(tracker, CASE, register(tracker, release))
    tracker.client.set_registered_model_alias(CASE, "champion", "1")
    source = tracker.client.get_model_version(CASE, "1").source
    assert source is not None
    tracker.client.delete_logged_model(source.removeprefix("models:/"))
    shutil.rmtree(folder)
    assert register(tracker, release) == "2"
    assert versions(tracker) == ["1", "2"]


def test_the_bundle_of_a_version_that_does_not_exist_is_one_message(tracker: Tracker) -> None:
    with pytest.raises(CasebookError, match=r"toy_case version 7 cannot be read"):
        bundle_of(tracker, CASE, "7")


def test_released_again_a_version_has_the_page_of_today_and_the_status_of_the_ledger(tracker: Tracker) -> None:
    release = make_release(tracker)
    version = register(tracker, release)
    settle(tracker, CASE, version, PASSED, METRICS, None)
    before = tracker.client.get_model_version(CASE, version).description or ""
    again = replace(release, page=release.page.replace("3 test rows", "4 test rows"), about="Toys and others.")
    assert register(tracker, again) == version
    after = tracker.client.get_model_version(CASE, version).description
    assert after == before.replace("3 test rows", "4 test rows")
    assert "**Status:** champion since" in before
    described = tracker.client.get_registered_model(CASE).description or ""
    assert described.startswith("Toys and others.\n\n**Champion:** [version 1]")
