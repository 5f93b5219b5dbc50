"""`python -m benchmarks`: what it lists, and how a result is shown and kept. Nothing is timed here."""

import json
import subprocess
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from benchmarks import compression, crossval, detection, prognosis
from benchmarks.__main__ import BENCHMARKS, main
from benchmarks.predict import repeat_rows
from benchmarks.results import FOLDER, Limit, Result, load, markdown, save, show
from benchmarks.workspace import copied_checkout
from components.core.errors import CasebookError
from components.core.files import read_json
from tests.forks import TRAINING, forks

ROOT = Path(__file__).resolve().parents[2]
SMALL = Result("small", "A title", ["a", "b"], [["x|y", 0.91234], [None, 1234567]], [Limit("ratio", 0.8, at_least=0.9)])
METRICS = {"auc": 0.86, "ks": 0.57, "brier": 0.13}
FOUND = {
    "folds": [METRICS, METRICS],
    "mean": METRICS,
    "peers": {"learner": {"auc": 0.85, "ks": 0.56, "brier": 0.14}},
    "differences": {"learner": {"auc": {"folds": [0.01, 0.01], "mean": 0.01, "standard_error": 0.0}}},
}


@pytest.mark.slow
def test_help_lists_every_benchmark_and_each_can_be_imported(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    for name in BENCHMARKS:
        assert name in said
    script = f"from importlib import import_module as i; [i(f'benchmarks.{{n}}').measure for n in {list(BENCHMARKS)}]"
    done = forks(TRAINING).run("-c", script, cwd=ROOT)
    assert done.returncode == 0, done.stderr


def test_an_unknown_benchmark_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["throughputs"])
    assert ended.value.code == 2
    assert "no benchmark 'throughputs'; there are: throughput, overhead" in capsys.readouterr().err


@pytest.mark.slow
def test_what_a_search_waited_for_a_core_is_that_of_the_worker_that_was_at_it_longest() -> None:
    from benchmarks.distributed import Took, Waits

    waits = Waits(workers=2)
    no_process = 2**30
    # When it was seen, seconds that it ran, seconds that it had no core.
    waits.seen[no_process] = [(0.0, 7.0, 1.0), (1.0, 7.5, 1.5), (2.0, 8.0, 4.0), (3.0, 9.0, 9.0)]
    waits.seen[no_process + 1] = [(0.5, 3.0, 0.0), (2.5, 5.0, 0.25)]
    assert waits.between(1.2, 2.9) == pytest.approx(4.0 - 1.5)  # 0.5 + 2.5 s, and the other one 2 + 0.25 s
    assert Took(trials=10.0, without_core=4.0, whole=12.0).own == 6.0


@pytest.mark.slow
def test_without_a_gpu_precision_says_so_and_leaves_what_was_measured_elsewhere() -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    before = {path.name: path.read_bytes() for path in FOLDER.iterdir()}
    ended = forks(TRAINING).run("-m", "benchmarks", "precision", cwd=ROOT)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "precision: not measured; it needs a GPU, and torch sees none here.\n"
    assert {path.name: path.read_bytes() for path in FOLDER.iterdir()} == before


def test_a_result_is_a_markdown_table_with_its_limits() -> None:
    lines = markdown(SMALL).splitlines()
    assert lines[4:8] == ["| a | b |", "| --- | --- |", "| x/y | 0.9123 |", "|  | 1,234,567 |"]
    assert lines[-1] == "- ratio: 0.8000, wanted ≥ 0.9: MISSED"


def test_a_result_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    show(SMALL)
    said = capsys.readouterr().out
    assert "x|y" in said
    assert "MISSED" in said


def test_results_are_kept_beside_each_other(tmp_path: Path) -> None:
    save(SMALL, tmp_path)
    save(Result("other", "Another", ["a"], [[1]], [Limit("seconds", 2.0, at_most=3)]), tmp_path)
    assert load(tmp_path / "small.json") == SMALL
    readme = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert readme.index("## Another") < readme.index("## A title")
    assert "seconds: 2.0, wanted ≤ 3: met" in readme


def test_a_limit_that_is_no_number_is_missed() -> None:
    assert not Limit("ratio", float("nan"), at_least=0.9).met
    assert not Limit("seconds", float("nan"), at_most=3).met


def test_folds_stand_beside_every_peer() -> None:
    peers = read_json(crossval.PEERS)["finance_risk"]
    result = crossval.table("finance_risk", FOUND, peers)
    assert result.rows[1][-1] == "+0.0100 ± 0.0000 (+0.0100 +0.0100)"
    assert [row[0] for row in result.rows[2:]] == list(peers["metrics"])
    assert [limit.met for limit in result.limits] == [True, True, True]
    assert "+0.0085 over the best peer" in result.notes[0]


def test_the_external_cohort_stands_below_the_folds() -> None:
    peers = read_json(crossval.PEERS)["medical_prognosis"]
    metrics = dict.fromkeys(("c_index", "ibs", *(f"auc@{year}y" for year in range(1, 6))), 0.7)
    one = {name: {"folds": [0.0], "mean": 0.0, "standard_error": 0.0} for name in metrics}
    folds = {"folds": [metrics], "mean": metrics, "peers": {"cox": metrics}, "differences": {"cox": one}}
    external = {name: {"value": value, "low": 0.6, "high": 0.8} for name, value in metrics.items()}
    result = prognosis.with_external(crossval.table("medical_prognosis", folds, peers), external, peers)
    assert [(limit.what, limit.met) for limit in result.limits] == [
        ("mean c_index", True),
        ("external c_index", True),
        ("external ibs", False),
    ]
    assert sum(note.startswith("external") for note in result.notes) == 1 + len(peers["external"])


def test_variants_stand_beside_the_first() -> None:
    interval = {"value": 0.8, "low": 0.7, "high": 0.9}
    row = {"bytes": 100, "p50_ms": 1.0, "p99_ms": 2.0, "per_s": 3.0, "auc": interval, "loss_on_validation": interval}
    variants = [{**row, "name": "fp32", "largest_difference": 0.0}]
    variants.append({**row, "name": "int8", "bytes": 25, "largest_difference": 0.0123})
    result = compression.table("finance_risk", {"picked": "int8", "variants": variants})
    assert [row[:3] for row in result.rows] == [["fp32", 100, 1.0], ["int8 (picked)", 25, 0.25]]
    assert result.rows[1][-3:] == ["0.8000 [0.7000, 0.9000]", "0.8000 [0.7000, 0.9000]", "0.012"]


def test_rows_are_repeated_to_the_wanted_number(tmp_path: Path) -> None:
    pd.DataFrame({"a": [1, 2, 3]}).to_parquet(tmp_path / "raw.parquet")
    repeat_rows(tmp_path / "raw.parquet", tmp_path / "many.parquet", 120_001)
    assert pq.read_table(tmp_path / "many.parquet")["a"].to_pylist()[:4] == [1, 2, 3, 1]
    assert pq.read_metadata(tmp_path / "many.parquet").num_rows == 120_001


def test_the_copy_is_a_clean_checkout_of_what_git_would_have(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    for name, text in {".gitignore": "/state/\n", "a.txt": "a", "state/fetch/x/w.whl": "w", "state/other": "o"}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    with copied_checkout(root) as copy:
        status = subprocess.run(["git", "status", "--porcelain"], cwd=copy, capture_output=True, text=True, check=True)
        files = sorted(p.relative_to(copy).as_posix() for p in copy.rglob("*") if p.is_file() and ".git/" not in str(p))
    assert status.stdout == ""
    assert files == [".gitignore", "a.txt", "state/fetch/x/w.whl"]


def test_json_of_a_result_is_plain(tmp_path: Path) -> None:
    save(SMALL, tmp_path)
    content = json.loads((tmp_path / "small.json").read_text(encoding="utf-8"))
    assert content["limits"] == [{"what": "ratio", "value": 0.8, "at_least": 0.9, "at_most": None}]


def test_boxes_have_a_row_for_each_split_baseline_and_variant() -> None:
    def scored(value: float) -> dict[str, dict[str, float]]:
        return {name: {"value": value, "low": 0.0, "high": 1.0} for name in ("map50", "map50_95")}

    metrics = {
        "test": scored(0.9),
        "external": scored(0.8),
        "baselines": {"segmentation": scored(0.5)},
        "variants": [
            {"name": "fp32", "bytes": 7, "p50_ms": 1.0, "p99_ms": 2.0, "per_s": 3.0, "map50": 0.9, "map50_95": 0.6}
        ],
    }
    rows = detection.case_rows("cells", metrics)
    assert [row[1:5] for row in rows] == [
        ["test", "as served", 0.9, 0.9],
        ["external", "as served", 0.8, 0.8],
        ["test", "segmentation", 0.5, 0.5],
        ["test", "variant fp32", 0.9, 0.6],
    ]
    assert rows[-1][5:] == [7, 1.0, 2.0, 3.0]
    met, missed = detection.case_limits("cells", metrics, {"test": {"map50": 0.9}, "external": {"map50": 0.85}})
    assert (met.met, missed.met) == (True, False)


def test_without_a_run_of_either_case_there_is_nothing_to_show(tmp_path: Path) -> None:
    with pytest.raises(CasebookError, match="run `casebook run medical_cells` first"):
        detection.measure("any", tmp_path)


def test_a_small_table_is_behind_by_its_mean_difference_in_standard_errors() -> None:
    from benchmarks.small_tables import table

    def folds(auc: list[float], loss: list[float]) -> list[dict[str, float]]:
        return [{"auc": one, "log_loss": other} for one, other in zip(auc, loss, strict=True)]

    plain = folds([0.8, 0.8, 0.8], [0.5, 0.5, 0.5])
    behind = {"rows": 400, "plain": plain, "model": folds([0.79, 0.78, 0.77], [0.4, 0.4, 0.4])}
    ahead = {"rows": 500, "plain": plain, "model": folds([0.81, 0.85, 0.86], [0.5, 0.52, 0.51])}
    served = [{"learner": 0.0, "logistic": 1.0}, {"learner": 0.5, "logistic": 0.5}, {"learner": 0.0, "logistic": 1.0}]
    found = table({"one": {**behind, "served": served}, "two": {**ahead, "served": served}})
    assert found.rows[0][:5] == ["one", 400, "0.7800", "0.8000", "-0.0200 ± 0.0058"]
    assert found.rows[0][-1] == "logistic 2, blend 1"
    told = {limit.what: limit.value for limit in found.limits}
    assert told["one, auc: standard errors behind"] == pytest.approx(0.02 / (0.01 / 3**0.5))
    assert told["two, auc: standard errors behind"] == 0
    assert told["two, log_loss: standard errors behind"] == pytest.approx(0.01 / (0.01 / 3**0.5))
    assert told["mean difference in auc over the tables"] == pytest.approx((-0.02 + 0.04) / 2)
    assert [limit.what for limit in found.limits if not limit.met] == ["one, auc: standard errors behind"]
