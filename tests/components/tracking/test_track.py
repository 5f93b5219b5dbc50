"""What a run's pages are given: params, metrics, pictures, tables, notes, data."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from mlflow.entities import Param, RunTag

from components.core.errors import CasebookError
from components.core.files import dvc_md5
from components.tracking.runs import new_run
from components.tracking.track import Tracker, cut_param, flat_params, plain_name, shortened


@pytest.fixture
def run(tracker: Tracker) -> str:
    return new_run(tracker, "case", "a run", {})


def paths_of(tracker: Tracker, run: str, folder: str | None = None) -> set[str]:
    return {one.path for one in tracker.client.list_artifacts(run, folder)}


def test_nested_params_have_dotted_names(tracker: Tracker, run: str) -> None:
    tracker.log_params(run, {"fit": {"lr": 1e-3, "names": ["a", "b"], "none": {}}, "model": {"k@2": None}})
    assert tracker.client.get_run(run).data.params == {
        "fit.lr": "0.001",
        "fit.names": '["a", "b"]',
        "fit.none": "{}",
        "model.k_at_2": "None",
    }


def test_a_long_param_is_cut_and_stands_whole_beside_the_others(tracker: Tracker, run: str) -> None:
    whole = "收" * 501
    tracker.log_params(run, {"model": {"columns": whole, "short": "x" * 500}})
    shown = tracker.client.get_run(run).data.params
    assert len(shown["model.columns"]) == 500
    assert shown["model.columns"].endswith(")")
    assert shown["model.short"] == "x" * 500
    assert paths_of(tracker, run, "params") == {"params/model.columns.txt"}
    location = tracker.client.get_run(run).info.artifact_uri
    assert (Path(str(location)) / "params" / "model.columns.txt").read_text(encoding="utf-8") == whole


def test_two_long_params_with_one_beginning_stay_different() -> None:
    assert cut_param("a" * 600) != cut_param("a" * 601)


def test_a_param_logged_again_is_kept_and_a_changed_one_is_told(tracker: Tracker, run: str) -> None:
    tracker.log_params(run, {"evaluate": {"resamples": 1000, "bands": 10}})
    tracker.log_params(run, {"evaluate": {"resamples": 2000, "bands": 10, "new": 1}})
    data = tracker.client.get_run(run).data
    assert data.params == {"evaluate.resamples": "1000", "evaluate.bands": "10", "evaluate.new": "1"}
    assert {key: value for key, value in data.tags.items() if key.startswith("changed.")} == {
        "changed.evaluate.resamples": "2000"
    }


def test_more_params_metrics_and_tags_than_one_batch_holds(tracker: Tracker, run: str) -> None:
    tracker.log_params(run, {f"p{i}": i for i in range(230)})
    tracker.log_metrics(run, {f"m{i}": i / 8 for i in range(1100)})
    tracker.log_tags(run, {f"t{i}": str(i) for i in range(230)})
    data = tracker.client.get_run(run).data
    assert len(data.params) == 230
    assert data.metrics == {f"m{i}": i / 8 for i in range(1100)}
    assert data.tags["t229"] == "229"


def test_metric_names_that_mlflow_refuses(tracker: Tracker, run: str) -> None:
    tracker.log_metrics(run, {"test/ndcg@10": 0.25, "auc (test)": 0.5})
    assert tracker.client.get_run(run).data.metrics == {"test/ndcg_at_10": 0.25, "auc _test_": 0.5}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)  # one run holds all names
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_any_name_becomes_one_that_mlflow_takes(tracker: Tracker, run: str, name: str) -> None:
    plain = f"test/{plain_name(name)}"
    assume(not {"", ".", ".."} & set(plain.split("/")))  # a path that is not itself, whatever its characters
    tracker.client.log_metric(run, plain, 0.5)
    tracker.client.log_param(run, plain, "same")
    data = tracker.client.get_run(run).data
    assert (data.metrics[plain], data.params[plain]) == (0.5, "same")


def test_pictures_tables_and_files_have_their_own_folders(tracker: Tracker, run: str, tmp_path: Path) -> None:
    pictures = tmp_path / "figures"
    pictures.mkdir()
    for name in ("roc.png", "pr.png"):
        (pictures / name).write_bytes(b"\x89PNG")
    tracker.log_pictures(run, pictures)
    tracker.log_table(run, pd.DataFrame({"name": ["int8", "fp32"], "bytes": [81, 297]}), "variants")
    tracker.log_table(run, pd.DataFrame({"name": ["int8"], "bytes": [82]}), "variants")
    tracker.log_json(run, {"b": 1, "a": "é"}, "scores.json")
    tracker.log_note(run, "# Card\n", "card.md")
    assert paths_of(tracker, run) == {"pictures", "tables", "scores.json", "card.md"}
    assert paths_of(tracker, run, "pictures") == {"pictures/roc.png", "pictures/pr.png"}
    root = Path(str(tracker.client.get_run(run).info.artifact_uri))
    assert (root / "tables" / "variants.csv").read_text() == "name,bytes\nint8,82\n"  # the last one, not both
    assert (root / "scores.json").read_text(encoding="utf-8") == '{\n  "a": "é",\n  "b": 1\n}\n'


def test_a_note_is_on_the_runs_page_as_far_as_it_fits(tracker: Tracker, run: str) -> None:
    note = "# Card\n\n## One\n\n" + "a" * 4000 + "\n\n## Two\n\n" + "é" * 4000
    tracker.log_note(run, note, "card.md")
    shown = tracker.client.get_run(run).data.tags["mlflow.note.content"]
    assert shown == "# Card\n\n## One\n\n" + "a" * 4000 + "\n\n\n… the rest is in the artifact `card.md`.\n"
    location = Path(str(tracker.client.get_run(run).info.artifact_uri))
    assert (location / "card.md").read_text(encoding="utf-8") == note


@given(st.text(max_size=300), st.integers(1, 300))
def test_a_note_is_cut_to_its_limit(markdown: str, limit: int) -> None:
    short = shortened(markdown, limit, "card.md")
    if len(markdown.encode()) <= limit:
        assert short == markdown
    else:
        kept, _, _ = short.rpartition("\n\n… the rest is in")
        assert markdown.startswith(kept)
        assert len(kept.encode()) <= limit


def test_a_dataset_is_told_once_with_the_md5_of_the_lock(tracker: Tracker, run: str, root: Path) -> None:
    data = root / "data" / "prepared" / "case"
    data.mkdir(parents=True)
    (data / "train.parquet").write_bytes(b"rows")
    md5 = dvc_md5(data)
    assert len(md5) == 32 + len(".dir")
    for _ in range(2):
        tracker.log_dataset(run, data, "train", md5, "training")
    tracker.log_dataset(run, data, "test", md5, "evaluation")
    inputs = tracker.client.get_run(run).inputs
    assert inputs is not None
    seen = {
        (one.dataset.name, one.dataset.digest, one.dataset.source, tuple((tag.key, tag.value) for tag in one.tags))
        for one in inputs.dataset_inputs
    }
    assert len(inputs.dataset_inputs) == 2
    assert ("train", md5, '{"uri": "data/prepared/case"}') in {one[:3] for one in seen}
    tags = {name: dict(pairs) for name, _, _, pairs in seen}
    assert tags["train"] == {"mlflow.data.context": "training", "dvc.path": "data/prepared/case", "dvc.md5": md5}
    assert tags["test"]["mlflow.data.context"] == "evaluation"


def test_each_case_has_one_experiment_with_artifacts_in_the_checkout(tracker: Tracker, root: Path) -> None:
    first = tracker.experiment("finance_risk")
    assert tracker.experiment("finance_risk") == first
    assert tracker.experiment("medical_cells") != first
    found = tracker.client.get_experiment_by_name("finance_risk")
    assert found is not None
    assert found.artifact_location == str(root / "mlartifacts" / "finance_risk")


def test_a_deleted_experiment_is_one_message(tracker: Tracker) -> None:
    tracker.client.delete_experiment(tracker.experiment("case"))
    with pytest.raises(CasebookError, match=r"'case' was deleted; .*mlflow experiments restore --experiment-id 1"):
        tracker.experiment("case")


def test_flat_params_of_plain_values() -> None:
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    assert dict(flat_params({"a": {"b": (1, 2)}, "c": True, "d": moment})) == {
        "a.b": "[1, 2]",
        "c": "True",
        "d": "2026-11-22 00:00:00+00:00",
    }


STRANGE = ("a//b", "/a", "a/", "..", "../a", ".", "", "a/../b", "..a", "a/./b", "a%", "a#", "x" * 400, "年/月", "a\nb")


@pytest.mark.parametrize("limit", [1, 20_000])
def test_columns_of_any_name_and_values_of_any_length_are_logged(tracker: Tracker, run: str, limit: int) -> None:
    """What MLflow refuses as a name ends no run, and no two params become one."""
    columns = {name: f"{number}" * limit for number, name in enumerate(STRANGE)}
    tracker.log_params(run, {"model": {"columns": columns}, **columns})
    shown = tracker.client.get_run(run).data.params
    assert len(shown) == 2 * len(STRANGE)
    assert {"model.columns.a/_/b", "model.columns.a_", "a/_/b", "_/a", "a/_"} <= shown.keys()
    if limit == 1:
        assert sorted(shown.values()) == sorted([*columns.values()] * 2)
    else:
        assert len(paths_of(tracker, run, "params")) == 2 * len(STRANGE)
    tracker.log_metrics(run, dict.fromkeys(STRANGE, 0.5))
    assert tracker.client.get_run(run).data.metrics["a/_/b"] == 0.5


@given(
    names=st.lists(st.text(st.characters(codec=None) | st.sampled_from("./"), max_size=300), unique=True, max_size=5)
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_every_name_becomes_one_that_mlflow_takes(tracker: Tracker, run: str, names: list[str]) -> None:
    made = [name for name, _ in flat_params(dict.fromkeys(names, 1))]
    assert len(set(made)) == len(names)
    tags = [RunTag(f"changed.{name}", "1") for name in made]
    tracker.client.log_batch(run, params=[Param(name, "1") for name in made], tags=tags)
