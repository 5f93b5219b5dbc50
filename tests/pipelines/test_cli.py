"""`casebook …` as a person calls it: exit codes, JSON, and one message for what is wrong."""

import json
import logging
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

import casebook as api
from components.core.bundle import read_bundle, write_bundle
from components.core.errors import CasebookError
from components.core.files import dvc_md5
from components.core.params.load import read_whole
from components.core.results import Check, Decision, Interval
from components.core.yaml_files import dump_yaml, read_yaml
from components.monitoring.log import refused_rows
from components.registry.pages import UNDECIDED
from components.registry.promote import settle
from components.registry.register import Release, register
from components.tracking import store
from components.tracking.runs import run_of_fit
from components.tracking.track import connect
from pipelines import cli
from tests.components.recipes.detection.preparation.folders import CELL, voc
from tests.forks import TRAINING, forks

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
CASE = "finance_risk"
CASES = (
    "cluster_jobs, finance_risk, house_prices, medical_cells, medical_mortality, medical_prognosis, pinyin_hanzi, "
    "recommender"
)
TOY_ROWS = ROOT / "tests" / "toy" / CASE / "rows.csv"
PASSED = Decision(True, (Check("floor auc", True, "auc 0.8500, at least 0.8000"),))
METRICS = {"auc": Interval(0.85, 0.83, 0.87)}
STAGES = ("search", "fit", "compress", "evaluate")


@dataclass
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def problem(self) -> str:
        """The one message of a command that ended with 1."""
        assert (self.code, self.out) == (1, ""), self
        assert self.err.startswith("casebook: ")
        assert self.err.count("casebook:") == 1
        assert "Traceback" not in self.err
        return self.err.removeprefix("casebook: ").strip()


Casebook = Callable[..., Said]


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory, fitted: Any) -> Path:
    """A folder with params.yaml and a registry: version 1, then 2, a champion each. `copy_of` it to change it."""
    root = tmp_path_factory.mktemp("released")
    shutil.copyfile(ROOT / "params.yaml", root / "params.yaml")
    tracker = connect(root)
    bundle = read_bundle(fitted.bundle, threads=1)
    for version, bands in (("1", []), ("2", [0.5])):
        settings = {**bundle.manifest.settings, "bands": bands}
        folder = root / "bundles" / version
        write_bundle(folder, bundle.manifest.model_copy(update={"settings": settings}), bundle.contents())
        example = fitted.recipe.serving.example(fitted.job)
        release = Release(
            case=CASE,
            run=run_of_fit(tracker, CASE, version * 32),
            bundle=folder,
            example=example,
            answers=fitted.recipe.serving.open_predictor(folder).predict(example),
            lineage={
                "source.json": '{"kind": "file"}',
                "dvc.lock": "stages: {}",
                "params.json": "{}",
                "card.md": "# C",
            },
            tags={"git_commit": "c" * 40, "data_md5": "d" * 32 + ".dir"},
            smoke=False,
            packages=fitted.recipe.packages,
            about="A case.",
            page=UNDECIDED,
        )
        assert register(tracker, release) == version
        settle(tracker, CASE, version, PASSED, METRICS, None if version == "1" else "1")
    return root


@pytest.fixture
def casebook(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Casebook:
    """Call the command in a folder, in this process."""

    def call(folder: Path, *arguments: object) -> Said:
        for name in ("MLFLOW_TRACKING_URI", "PREFECT_HOME", "PYTHONPYCACHEPREFIX"):
            monkeypatch.setenv(name, "")  # so that what the command sets is undone
            monkeypatch.delenv(name)
        monkeypatch.chdir(folder)
        monkeypatch.setattr(logging.root, "handlers", [])  # those of an earlier call write to its own stderr
        monkeypatch.setattr(sys, "argv", ["casebook", *map(str, arguments)])
        capfd.readouterr()
        try:
            code = cli.main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        said = capfd.readouterr()
        return Said(code, said.out, said.err)

    return call


def test_help_is_there_for_every_command(casebook: Casebook, tmp_path: Path) -> None:
    said = casebook(tmp_path, "--help")
    assert said.code == 0
    for name in [
        "list",
        "run",
        "search",
        "fit",
        "evaluate",
        "compress",
        "promote",
        "rollback",
        "history",
        "trace",
        "verify",
        "crossval",
        "predict",
        "new",
        "new-recipe",
        "remove",
        "rename",
        "gc",
    ]:
        assert f"\n  {name} " in said.out
        assert "Usage: casebook" in casebook(tmp_path, name, "--help").out


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["fit"],
        ["history", CASE, "--yaml"],
        ["gc"],
        ["gc", "--keep", "0"],
        ["rename", CASE],
        ["new", "x"],
        ["new", "x", "--csv", "y"],
        ["new", "x", "--query", "y", "--target", "z"],
        ["new", "x", "--csv", "y", "--target", "z", "--watermark", "t"],
        ["new", "x", "--images", "y", "--from", "z"],
        ["new", "x", "--images", "y", "--target", "z"],
        ["new", "x", "--images", "y", "--time", "z"],
        ["new", "x", "--images", "y", "--event-value", "z"],
        ["new", "x", "--from", "y", "--like", "z"],
        ["new", "x", "--from", "y", "--recipe", "binary"],
        ["new", "x", "--csv", "y", "--target", "t", "--recipe", "binary", "--like", "z"],
        ["new-recipe"],
    ],
)
def test_wrong_usage_ends_with_two(casebook: Casebook, tmp_path: Path, arguments: list[str]) -> None:
    said = casebook(tmp_path, *arguments)
    assert said.code == 2
    assert "Traceback" not in said.err


def test_the_list_names_cases_and_champions(
    casebook: Casebook, released: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)  # the page is as wide as this says
    said = casebook(released, "list", "--json")
    assert said.code == 0
    decided = casebook(released, "history", CASE, "--json").json[-1]["time"]
    nothing = dict.fromkeys(("value", "low", "high", "promoted_at", "last_run_at", "known_until"))
    others = [
        {
            "case": name,
            "recipe": recipe,
            "source": "wheel",
            "champion": None,
            "metric": metric,
            **nothing,
            "last_run": "never ran",
        }
        for name, recipe, metric in (
            ("cluster_jobs", "multiclass", "log_loss"),
            ("house_prices", "regression", "rmse"),
            ("medical_cells", "detection", "map50_95"),
            ("medical_mortality", "competing_risks", "ibs"),
            ("medical_prognosis", "survival", "c_index"),
            ("pinyin_hanzi", "conversion", "char_accuracy"),
            ("recommender", "next_item", "ndcg@10"),
        )
    ]
    served = {"champion": "2", "metric": "auc", "value": 0.85, "low": 0.83, "high": 0.87, "promoted_at": decided}
    runs = {"last_run": "promoted", "last_run_at": decided}
    mine = {"case": CASE, "recipe": "binary", "source": "wheel", **served, **runs, "known_until": None}
    assert said.json == sorted([mine, *others], key=lambda one: one["case"])
    table = casebook(released, "list").out
    age, ago = r"(new|\d+ minutes? old)", r"(just now|\d+ minutes? ago)"
    row = rf"{CASE} +│ binary +│ version 2, {age} +│ auc 0.8500 \[0.8300, 0.8700\] │ promoted {ago}"
    assert re.search(row, table), table


def test_the_champion_has_the_shape_that_others_rely_on(casebook: Casebook, released: Path) -> None:
    found = casebook(released, "champion", CASE, "--json").json
    assert list(found) == ["name", "version", "run_id", "commit", "data_md5", "promoted_at", "metrics", "overrides"]
    assert (found["name"], found["version"], found["commit"]) == (CASE, "2", "c" * 40)
    assert found["data_md5"] == "d" * 32 + ".dir"
    assert found["metrics"]["auc"] == {"value": 0.85, "low": 0.83, "high": 0.87}
    first = casebook(released, "history", CASE, "--json").json[0]
    earlier = casebook(released, "champion", CASE, "--at", first["time"], "--json").json
    assert (earlier["version"], earlier["promoted_at"]) == ("1", first["time"])


def test_a_moment_without_a_champion_and_a_moment_that_is_none(casebook: Casebook, released: Path) -> None:
    assert "no champion at 2001-01-01" in casebook(released, "champion", CASE, "--at", "2001-01-01").problem
    assert "yesterday" in casebook(released, "champion", CASE, "--at", "yesterday").problem


def test_history_and_rollback(casebook: Casebook, released: Path, tmp_path: Path) -> None:
    shutil.copytree(released, tmp_path / "here")
    said = casebook(tmp_path / "here", "rollback", CASE)
    assert (said.code, said.out.strip()) == (0, f"{CASE}: version 1 is champion again, after 2")
    entries = casebook(tmp_path / "here", "history", CASE, "--json").json
    assert [(one["action"], one["version"], one["before"], one["after"]) for one in entries] == [
        ("promoted", "1", None, "1"),
        ("promoted", "2", "1", "2"),
        ("rolled_back", "1", "2", "1"),
    ]
    assert entries[0]["checks"] == [["floor auc", True, "auc 0.8500, at least 0.8000"]]
    assert "no champion before version 1" in casebook(tmp_path / "here", "rollback", CASE).problem
    assert (
        "version 7 never passed the gate; those that did: 1, 2"
        in casebook(tmp_path / "here", "rollback", CASE, "--to", "7").problem
    )


def test_trace_of_a_version_and_of_none(casebook: Casebook, released: Path) -> None:
    found = casebook(released, "trace", CASE, "--version", "1", "--json").json
    assert (found["case"], found["version"], found["source"]) == (CASE, "1", {"kind": "file"})
    assert "has no version '9'" in casebook(released, "trace", CASE, "--version", "9").problem


def test_champion_trace_and_history_are_for_people(casebook: Casebook, released: Path) -> None:
    told = casebook(released, "champion", CASE).out.splitlines()
    assert re.fullmatch(
        f"{CASE}, version 2: champion since [0-9-]+ [0-9:]+ UTC, (just now|[0-9]+ minutes? ago)", told[0]
    )
    assert told[1] == "  auc      0.8500 [0.8300, 0.8700]"
    assert "  made of  commit cccccccc, data md5 dddddddddddd" in told
    card = Path(next(line for line in told if line.startswith("  card ")).split()[1])
    assert card.read_text(encoding="utf-8") == "# C"
    assert told[-1] == f"  ask it   casebook predict {CASE} data/raw/{CASE}/rows.parquet --out answers.csv"
    followed = casebook(released, "trace", CASE).out
    assert followed.startswith(f"{CASE}, version 2: champion and candidate; promoted\n  ← run ")
    assert "  ← source    file\n" in followed
    table = casebook(released, "history", CASE).out
    assert re.search(r"promoted . 2 +. 1 → 2 +. passed 1 checks; auc", table)


LOADED = """
import json, sys
from pipelines import cli
loaded, heavy = {}, {"mlflow", "torch", "lightning", "sqlalchemy", "prefect", "dvc"}
for words in (["list"], ["history", sys.argv[1]], ["champion", sys.argv[1]], ["trace", sys.argv[1]]):
    sys.argv[:1], case = ["casebook"], sys.argv[-1]
    sys.argv[1:] = words
    try:
        code = cli.main()
    except SystemExit as end:
        code = end.code
    loaded[words[0]] = [code, *sorted(heavy & sys.modules.keys())]
    sys.argv[1:] = [case]
import casebook
model = casebook.load(sys.argv[1])
loaded["load"] = [len(model.predict(json.load(sys.stdin))), *sorted(heavy & sys.modules.keys())]
print(json.dumps(loaded), file=sys.stderr)
"""


def test_what_is_asked_of_a_registry_in_the_checkout_loads_no_mlflow(released: Path) -> None:
    """One process for all: what the first of them loads, the last has loaded."""
    rows = pd.read_csv(TOY_ROWS, dtype=str, keep_default_na=False).head(3).to_dict("records")
    done = subprocess.run(
        [sys.executable, "-c", LOADED, CASE],
        input=json.dumps(rows),
        cwd=released,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}:{ROOT / 'pipelines' / 'api'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stderr.splitlines()[-1]) == {
        **{command: [0] for command in ("list", "history", "champion", "trace")},
        "load": [3],
    }


# From Python


def test_a_champion_is_loaded_by_name_and_answers_as_predict_does(
    casebook: Casebook, released: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert casebook(released, "predict", CASE, TOY_ROWS, "--out", tmp_path / "o.parquet", "--no-log").code == 0
    (released / "below").mkdir(exist_ok=True)
    monkeypatch.chdir(released / "below")
    model = api.load(CASE)
    assert (model.case, model.version, model.metrics) == (
        CASE,
        "2",
        {"auc": {"value": 0.85, "low": 0.83, "high": 0.87}},
    )
    assert model.card.read_text(encoding="utf-8") == "# C"
    rows = pd.read_csv(TOY_ROWS, dtype=str, keep_default_na=False)
    written = pd.read_parquet(tmp_path / "o.parquet")
    pd.testing.assert_frame_equal(model.predict(rows), written, check_dtype=False)
    pd.testing.assert_frame_equal(
        pd.DataFrame(model.predict(rows.to_dict("records"))), written, check_dtype=False, rtol=0, atol=1e-9
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CASEBOOK_HOME", str(released))
    assert api.load(CASE, 1).version == "1"
    assert api.load(CASE, root=released).version == "2"


def test_what_cannot_be_loaded_is_one_message(
    released: Path, fresh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = dict(os.environ)
    with pytest.raises(CasebookError, match=r"no checkout of casebook: neither .* nor a folder above it has a params"):
        api.load(CASE)
    with pytest.raises(CasebookError, match=rf"no checkout of casebook: {tmp_path} has no params.yaml; give root="):
        api.load(CASE, root=tmp_path)
    with pytest.raises(CasebookError, match=f"{CASE}: no champion in .*`casebook run {CASE}`"):
        api.load(CASE, root=fresh)
    with pytest.raises(CasebookError, match=f"{CASE} has no version '9'"):
        api.load(CASE, 9, root=released)
    with pytest.raises(CasebookError, match="no case 'finance_rist'"):
        api.load("finance_rist", root=released)
    with pytest.raises(CasebookError, match="the rows lack"):
        api.load(CASE, root=released).predict([{"Age": 30}])
    assert dict(os.environ) == before


def test_verify_ends_with_one_and_says_what_is_not_as_it_was(casebook: Casebook, released: Path) -> None:
    said = casebook(released, "verify", CASE, "--json")
    assert said.code == 1
    assert {"what", "registered", "found", "remedy"} == set(said.json[0])
    assert any("data/raw" in one["what"] and one["found"] == "missing" for one in said.json)


def test_what_has_no_champion_says_how_to_get_one(casebook: Casebook, tmp_path: Path, fresh: Path) -> None:
    rows = tmp_path / "rows.csv"
    shutil.copyfile(TOY_ROWS, rows)
    for arguments in (["champion", CASE], ["predict", CASE, rows, "--out", tmp_path / "out.parquet"]):
        assert f"{CASE}: no champion" in (problem := casebook(fresh, *arguments).problem)
        assert f"`casebook run {CASE}`" in problem
    for command in ("trace", "verify"):
        assert f"{CASE} has no alias 'champion'" in casebook(fresh, command, CASE).problem
    assert casebook(fresh, "history", CASE, "--json").json == []
    assert "no champion before" in casebook(fresh, "rollback", CASE).problem


@pytest.fixture
def fresh(released: Path, tmp_path: Path) -> Path:
    """A folder with params.yaml whose store is still to be made."""
    (tmp_path / "fresh").mkdir()
    shutil.copyfile(released / "params.yaml", tmp_path / "fresh" / "params.yaml")
    return tmp_path / "fresh"


@pytest.mark.parametrize(
    "command",
    ["search", "fit", "evaluate", "compress", "promote", "rollback", "history", "champion", "trace", "verify"],
)
def test_an_unknown_case_is_named_with_those_there_are(casebook: Casebook, released: Path, command: str) -> None:
    said = casebook(released, command, "finance_rist").problem
    assert said == f"params.yaml: no case 'finance_rist'; did you mean 'finance_risk'? There are: {CASES}"


def test_an_unknown_case_of_run_predict_crossval_and_new(casebook: Casebook, released: Path) -> None:
    told = f"params.yaml: no case 'x'; there are: {CASES}"
    assert casebook(released, "run", CASE, "x").problem == told
    assert casebook(released, "run", "x", "--smoke").problem == told
    assert casebook(released, "predict", "x", TOY_ROWS, "--out", "o.parquet").problem == told
    assert casebook(released, "crossval", "x").problem == told
    assert casebook(released, "new", "y", "--like", "x", "--csv", TOY_ROWS, "--target", "Status").problem == told


@pytest.mark.parametrize(
    ("dotted", "value", "told"),
    [
        ("fit.learning_rate", 0.1, "params.cases.finance_risk.fit.learning_rate: unknown key"),
        ("fit.lr", "fast", "params.cases.finance_risk.fit.lr: Input should be a valid number, not 'fast' (str)"),
        ("model.network.wdith", 3, "params.cases.finance_risk.model.network.wdith: unknown key; did you mean 'width'?"),
        ("model.network.width", "3", "model.network.width: Input should be a valid integer, not '3' (str)"),
    ],
)
def test_a_wrong_key_or_type_is_named_by_its_place(
    casebook: Casebook, fresh: Path, dotted: str, value: Any, told: str
) -> None:
    params = read_whole(fresh / "params.yaml")
    node = params["cases"][CASE]
    *parents, last = dotted.split(".")
    for parent in parents:
        node = node[parent]
    node[last] = value
    (fresh / "params.yaml").write_text(dump_yaml(params))
    assert told in casebook(fresh, "crossval", CASE).problem


def test_a_folder_that_is_no_checkout(casebook: Casebook, tmp_path: Path) -> None:
    assert casebook(tmp_path, "run").problem == "params.yaml: not found; run this in the root of a checkout"
    said = casebook(tmp_path, "doctor", "--json")
    assert said.code == 1
    assert {one["what"] for one in said.json if one["remedy"]} >= {"packages", "params.yaml"}


def test_a_locked_store_is_one_message(
    casebook: Casebook, released: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(released, tmp_path / "here")
    monkeypatch.setattr(store, "PATIENCE", 0.2)
    database = tmp_path / "here" / "mlflow.db"
    casebook(tmp_path / "here", "list")  # it writes the artifacts' new addresses
    with closing(sqlite3.connect(database, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        assert "mlflow.db: the MLflow store is locked" in casebook(tmp_path / "here", "rollback", CASE).problem
        # To read, no lock is needed.
        assert casebook(tmp_path / "here", "list", "--json").json[1]["champion"] == "2"
        assert len(casebook(tmp_path / "here", "history", CASE, "--json").json) == 2
        assert casebook(tmp_path / "here", "predict", CASE, TOY_ROWS, "--out", tmp_path / "o.csv").code == 0


def test_a_store_that_is_none_is_one_message(casebook: Casebook, fresh: Path) -> None:
    (fresh / "mlflow.db").write_text("rows\n" * 1000)
    assert "not an MLflow store" in casebook(fresh, "list").problem


# predict


def test_predict_answers_every_row(casebook: Casebook, released: Path, tmp_path: Path) -> None:
    said = casebook(released, "predict", CASE, TOY_ROWS, "--out", tmp_path / "scores.parquet")
    assert said.code == 0, said
    assert said.err.strip().endswith("scores.parquet: 400 rows")
    answers = pd.read_parquet(tmp_path / "scores.parquet")
    assert list(answers.columns) == ["row", "score", "decision", "reasons", "warnings"]
    assert answers["row"].tolist() == list(range(1, 401))
    assert answers["score"].between(0, 1).all()
    declined = answers["decision"] == "decline"
    assert 0 < declined.sum() < 400
    assert (answers.loc[~declined, "reasons"].str.len() == 0).all()
    assert casebook(released, "predict", CASE, TOY_ROWS, "--out", tmp_path / "s.csv", "--version", "1").code == 0
    assert pd.read_csv(tmp_path / "s.csv")["score"].to_numpy() == pytest.approx(answers["score"].to_numpy())


def test_the_name_of_the_answers_says_their_form(casebook: Casebook, released: Path, tmp_path: Path) -> None:
    for name in ("s.JSON", "s.csv.gz", "s.xlsx"):
        said = casebook(released, "predict", CASE, ROOT / "examples" / "applicants.csv", "--out", tmp_path / name)
        assert said.code == 0, said
    frames = (
        pd.read_json(tmp_path / "s.JSON"),
        pd.read_csv(tmp_path / "s.csv.gz"),
        pd.read_excel(tmp_path / "s.xlsx", engine="openpyxl"),
    )
    for frame in frames:
        assert frame["row"].tolist() == [1, 2, 3]
        assert frame["score"].tolist() == pytest.approx(frames[0]["score"].tolist(), abs=1e-12)
    rows = tmp_path / "rows.csv"
    shutil.copy(ROOT / "examples" / "applicants.csv", rows)
    for out, problem in (("s.txt", "ends with .txt"), ("rows.csv", "the file that is asked"), (".", "a folder")):
        said = casebook(released, "predict", CASE, rows, "--out", tmp_path / out)
        assert (said.code, problem in said.problem) == (1, True), said
    assert rows.read_bytes() == (ROOT / "examples" / "applicants.csv").read_bytes()


def test_the_examples_applicants_are_answered(casebook: Casebook, released: Path, tmp_path: Path) -> None:
    said = casebook(released, "predict", CASE, ROOT / "examples" / "applicants.csv", "--out", tmp_path / "answers.csv")
    assert said.code == 0, said
    answers = pd.read_csv(tmp_path / "answers.csv")
    assert answers["row"].tolist() == [1, 2, 3]
    assert set(answers["decision"]) <= {"approve", "decline"}


def test_the_python_that_readme_shows_answers(released: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    *lines, last = readme.partition("```python\n")[2].partition("\n```")[0].splitlines()
    monkeypatch.chdir(released)
    names: dict[str, Any] = {}
    exec("\n".join([*lines, f"answers = {last}"]), names)  # noqa: S102 - the page is ours
    (answer,) = names["answers"]
    assert list(answer) == ["row", "score", "decision", "reasons", "warnings"]
    assert 0 < answer["score"] < 1


def test_predict_answers_the_standard_input(
    casebook: Casebook, released: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert casebook(released, "predict", CASE, TOY_ROWS, "--out", tmp_path / "s.csv").code == 0
    for out in ([], ["--out", tmp_path / "piped.csv"]):
        with TOY_ROWS.open(encoding="utf-8") as rows:
            monkeypatch.setattr(sys, "stdin", rows)
            said = casebook(released, "predict", CASE, "-", *out)
        assert said.code == 0, said
        answers = (tmp_path / "piped.csv").read_text(encoding="utf-8") if out else said.out
        assert answers == (tmp_path / "s.csv").read_text(encoding="utf-8")


def test_the_standard_input_is_called_so(
    casebook: Casebook, released: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").write_text("", encoding="utf-8")
    with (tmp_path / "empty").open(encoding="utf-8") as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        problem = casebook(released, "predict", CASE, "-").problem
    assert problem.startswith("standard input: ")
    assert "standard input.csv" not in problem


def test_a_file_needs_a_place_for_its_answers(casebook: Casebook, released: Path) -> None:
    problem = casebook(released, "predict", CASE, TOY_ROWS).problem
    assert problem == f"{TOY_ROWS}: say with --out where its answers go, such as --out answers.csv"


def test_help_tells_of_a_cases_own_options(casebook: Casebook, released: Path) -> None:
    said = casebook(released, "predict", "recommender", "--help")
    assert said.code == 0
    words = " ".join(said.out.replace("│", " ").split())
    assert "Options of recommender: --top: items for each user; --allow:" in words
    assert f"Options of {CASE}: --accept-strange: answer" in casebook(released, "predict", CASE, "--help").out
    assert "Options of" not in casebook(released, "predict", "--help").out


def test_an_option_that_the_case_does_not_take_is_named(casebook: Casebook, released: Path, tmp_path: Path) -> None:
    out = tmp_path / "o.parquet"
    problem = casebook(released, "predict", CASE, TOY_ROWS, "--out", out, "--top", "5", "--deny", "x.txt").problem
    assert problem == (f"{CASE}: predict does not take --deny, --top for this case; it takes --accept-strange")
    assert not out.exists()


def test_without_a_champion_what_else_could_answer_is_told(
    casebook: Casebook, released: Path, fresh: Path, tmp_path: Path
) -> None:
    ask = ("predict", CASE, TOY_ROWS, "--out", tmp_path / "o.csv")
    assert "casebook run finance_risk --smoke` makes it" in casebook(fresh, *ask, "--smoke").problem
    shutil.copytree(released / "bundles" / "2", fresh / "state" / "smoke" / CASE / "models" / CASE / "bundle")
    assert casebook(fresh, *ask).problem.endswith("; there is a smoke model (--smoke)")
    said = casebook(fresh, *ask, "--smoke")
    assert said.code == 0
    assert "this is the model of a smoke run: its answers mean nothing" in said.err
    assert len(pd.read_csv(tmp_path / "o.csv")) == 400
    assert casebook(fresh, *ask, "--smoke", "--version", "1").code == 2
    here = Path(shutil.copytree(released, tmp_path / "here"))
    connect(here).client.delete_registered_model_alias(CASE, "champion")
    assert "; there is version 2, which was not promoted (--version 2)" in casebook(here, *ask).problem
    assert casebook(here, *ask, "--version", "2").code == 0


def test_predict_takes_a_new_category_with_a_warning_that_counts(
    casebook: Casebook, released: Path, tmp_path: Path
) -> None:
    rows = pd.read_csv(TOY_ROWS, dtype=str, keep_default_na=False)
    rows.loc[[3, 5, 8], "Job"] = "astronaut"
    rows.to_csv(tmp_path / "rows.csv", index=False)
    said = casebook(released, "predict", CASE, tmp_path / "rows.csv", "--out", tmp_path / "o.parquet")
    assert said.code == 0
    told = "column Job: 3 of 399 cells are of classes that training did not have and score as rare ones, such as 'astro"
    assert said.err.count("column Job:") == 1  # of the whole file, and not again for the log
    assert told in said.err
    warnings = pd.read_parquet(tmp_path / "o.parquet")["warnings"]
    assert [row for row in range(400) if any("astronaut" in one for one in warnings[row])] == [3, 5, 8]
    assert "Job = 'astronaut' is no class of training" in warnings[3].tolist()


def test_predict_takes_infinite_and_unreadable_numbers_as_missing(
    casebook: Casebook, released: Path, tmp_path: Path
) -> None:
    rows = pd.read_csv(TOY_ROWS, dtype=str, keep_default_na=False)
    rows.loc[[1, 2], "Income"] = ["inf", "plenty"]
    rows.to_csv(tmp_path / "rows.csv", index=False)
    said = casebook(released, "predict", CASE, tmp_path / "rows.csv", "--out", tmp_path / "o.parquet")
    assert said.code == 0
    assert "column Income: 2 of 370 cells cannot be read and count as missing, such as 'inf' and 'plenty'" in said.err
    assert pd.read_parquet(tmp_path / "o.parquet")["score"].notna().all()


BAD_FILES: list[tuple[str, bytes, str]] = [
    ("empty.csv", b"", "empty.csv: the file is empty; it needs a header line and rows"),
    ("header.csv", b"Age,Home,Status\n", "header.csv: it has a header but no rows"),
    ("latin.csv", b"Age,Home,Status\n30,caf\x81,bad\n", "latin.csv: not UTF-8: byte 0x81"),
    ("ragged.csv", b"Age,Home,Status\n30,own,bad\n31,own\n", "ragged.csv: row 3"),
    ("book.csv", b"PK\x03\x04rest of it", "book.csv: a file of gzip, a zip archive or a workbook, but damaged"),
    ("twice.csv", b"Age,Age,Status\n30,31,bad\n", "column name(s) stand more than once, such as 'Age'"),
]


@pytest.mark.parametrize(("name", "content", "told"), BAD_FILES, ids=[name for name, _, _ in BAD_FILES])
def test_a_bad_file_is_one_message_at_predict_and_at_new(
    casebook: Casebook, released: Path, fresh: Path, tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    (tmp_path / name).write_bytes(content)
    out = tmp_path / "o.parquet"
    # A model that knows no column of these would not get as far as the fault.
    problem = casebook(released, "predict", CASE, tmp_path / name, "--out", out).problem
    assert told in problem or "the rows lack" in problem
    assert not out.exists()
    before = (fresh / "params.yaml").read_bytes()
    assert told in casebook(fresh, "new", "mine", "--csv", tmp_path / name, "--target", "Status").problem
    assert (fresh / "params.yaml").read_bytes() == before


def test_missing_columns_at_predict_are_named(casebook: Casebook, released: Path, tmp_path: Path) -> None:
    pd.read_csv(TOY_ROWS).drop(columns=["Job", "Income"]).to_csv(tmp_path / "rows.csv", index=False)
    problem = casebook(released, "predict", CASE, tmp_path / "rows.csv", "--out", tmp_path / "o.parquet").problem
    assert "lack 2 column(s) that the model uses: 'Income', 'Job'" in problem
    assert not (tmp_path / "o.parquet").exists()


def test_a_renamed_column_is_suggested(casebook: Casebook, released: Path, tmp_path: Path) -> None:
    pd.read_csv(TOY_ROWS).rename(columns={"Income": "income", "Home": "HOME"}).to_csv(tmp_path / "r.csv", index=False)
    problem = casebook(released, "predict", CASE, tmp_path / "r.csv", "--out", tmp_path / "o.parquet").problem
    told = (
        "the rows lack 2 column(s) that the model uses: 'Home' (the file has 'HOME'), 'Income' (the file has 'income')"
    )
    assert problem == f"{tmp_path / 'r.csv'}: {told}"


def test_rows_in_another_writing_are_refused_unless_told_to_go_on(
    casebook: Casebook, released: Path, tmp_path: Path
) -> None:
    """`about 192` for 192: nothing is written, monitoring has the rows, and the option goes on."""
    rows = pd.read_csv(TOY_ROWS, dtype=str, keep_default_na=False)
    rows["Income"] = rows["Income"].where(rows["Income"] == "", "about " + rows["Income"])
    rows.to_csv(tmp_path / "rows.csv", index=False)
    asked = ("predict", CASE, tmp_path / "rows.csv", "--out", tmp_path / "o.csv")
    before = refused_rows(released, CASE, days=1)
    problem = casebook(released, *asked).problem
    assert problem.startswith(f"{tmp_path / 'rows.csv'}: 1 column(s) are not written as those of training:\n")
    told = (
        "  Income: 370 of 370 cells cannot be read and count as missing (100.0%; predict.max_unreadable allows 1.0%), "
    )
    assert f"{told}such as 'about 192', 'about 82' and" in problem
    assert "--accept-strange" in problem
    assert not (tmp_path / "o.csv").exists()
    assert refused_rows(released, CASE, days=1) == before + 400
    said = casebook(released, *asked, "--accept-strange")
    assert said.code == 0, said
    answers = pd.read_csv(tmp_path / "o.csv")
    assert answers["warnings"][0] == "Income: 'about 192' cannot be read"
    assert refused_rows(released, CASE, days=1) == before + 400
    model = api.load(CASE, root=released)
    with pytest.raises(api.CasebookError, match="accept_strange=True in Python"):
        model.predict(rows.to_dict("records"))
    scores = [one["score"] for one in model.predict(rows.to_dict("records"), accept_strange=True)]
    assert scores == pytest.approx(answers["score"].tolist())
    problem = casebook(released, "predict", "recommender", TOY_ROWS, "--out", "o.csv", "--accept-strange").problem
    assert problem.startswith("recommender: predict does not take --accept-strange for this case; it takes --allow")


def test_the_share_of_unreadable_cells_is_the_cases(casebook: Casebook, released: Path, tmp_path: Path) -> None:
    params = (released / "params.yaml").read_text(encoding="utf-8")
    rows = pd.read_csv(TOY_ROWS, dtype=str, keep_default_na=False)
    rows.loc[rows.index[:10], "Age"] = "old"
    rows.to_csv(tmp_path / "rows.csv", index=False)
    asked = ("predict", CASE, tmp_path / "rows.csv", "--out", tmp_path / "o.csv", "--no-log")
    told = "Age: 10 of 400 cells cannot be read and count as missing (2.5%; predict.max_unreadable allows 1.0%)"
    assert told in casebook(released, *asked).problem
    stated = params.replace("  cluster_jobs:\n", "    predict: {max_unreadable: 0.03}\n  cluster_jobs:\n", 1)
    (released / "params.yaml").write_text(stated, encoding="utf-8")
    try:
        assert casebook(released, *asked).code == 0
        model = api.load(CASE, root=released)
        assert len(model.predict(rows)) == 400
        with pytest.raises(api.CasebookError, match=r"10 of 100 cells .* allows 3\.0%"):
            model.predict(rows.head(100))
    finally:
        (released / "params.yaml").write_text(params, encoding="utf-8")


def test_a_file_or_a_version_that_is_not_there(casebook: Casebook, released: Path, tmp_path: Path) -> None:
    out = tmp_path / "o.parquet"
    assert casebook(released, "predict", CASE, "nowhere.csv", "--out", out).problem == "nowhere.csv: not found"
    mistyped = TOY_ROWS.with_name("rwos.csv")
    told = f"{mistyped}: not found; did you mean '{TOY_ROWS}'?"
    assert casebook(released, "predict", CASE, mistyped).problem == told
    problem = casebook(released, "predict", CASE, TOY_ROWS, "--out", out, "--version", "7").problem
    assert f"{CASE} has no version '7'" in problem


# new


@pytest.mark.parametrize(
    ("name", "target", "more", "told"),
    [
        ("My-Case", "Status", [], "'My-Case' cannot name a case: use at most 60 small letters"),
        (CASE, "Status", [], "params.yaml has a case 'finance_risk' already"),
        ("mine", "Statu", [], "no column 'Statu'; there are: Status"),
        ("mine", "Age", ["--recipe", "binary"], "a yes-or-no case needs exactly two"),
        ("mine", "Status", ["--positive", "ugly"], "has no value 'ugly', only 'bad' and 'good'"),
    ],
)
def test_what_cannot_become_a_case_is_told(
    casebook: Casebook, fresh: Path, name: str, target: str, more: list[str], told: str
) -> None:
    before = (fresh / "params.yaml").read_bytes()
    said = casebook(fresh, "new", name, "--csv", TOY_ROWS, "--target", target, *more)
    assert said.code == 1
    assert told in said.err
    assert "Traceback" not in said.err
    assert (fresh / "params.yaml").read_bytes() == before


def test_a_target_that_is_always_the_same_is_told(casebook: Casebook, fresh: Path, tmp_path: Path) -> None:
    pd.read_csv(TOY_ROWS).assign(Status="good").to_csv(tmp_path / "rows.csv", index=False)
    problem = casebook(fresh, "new", "mine", "--csv", tmp_path / "rows.csv", "--target", "Status").problem
    assert "column Status (the target) has 1 different value(s)" in problem


def test_a_dry_new_prints_the_block_and_writes_nothing(casebook: Casebook, fresh: Path) -> None:
    before = (fresh / "params.yaml").read_bytes()
    said = casebook(fresh, "new", "mine", "--csv", TOY_ROWS, "--target", "Status", "--dry-run")
    assert said.code == 0
    block = yaml.safe_load(said.out)["mine"]["prepare"]
    assert block["target"] == {"column": "Status", "positive": "bad", "negative": "good"}
    assert (fresh / "params.yaml").read_bytes() == before


def test_a_time_and_an_event_are_a_cohort_without_a_word_more(casebook: Casebook, fresh: Path) -> None:
    rows = ROOT / "tests" / "toy" / "medical_prognosis" / "cohort.csv"
    said = casebook(fresh, "new", "mine", "--csv", rows, "--time", "dtime", "--event", "death", "--dry-run")
    assert said.code == 0, said
    assert set(yaml.safe_load(said.out)["mine"]["prepare"]["target"]) == {"time", "event", "per_year"}


@pytest.mark.parametrize("option", ["--time", "--event"])
def test_one_of_them_alone_asks_for_the_other(casebook: Casebook, fresh: Path, option: str) -> None:
    rows = ROOT / "tests" / "toy" / "medical_prognosis" / "cohort.csv"
    said = casebook(fresh, "new", "mine", "--csv", rows, option, "death", "--dry-run")
    assert said.code == 1
    assert "name them with --time and --event" in said.err


def test_a_ready_example_and_a_folder_like_it_become_cases(casebook: Casebook, fresh: Path) -> None:
    shutil.copytree(ROOT / "examples", fresh / "examples", dirs_exist_ok=True)
    voc(fresh / "lab", {f"{number}": [CELL] for number in range(9)})
    example = casebook(fresh, "new", "blood_cells", "--from", "examples/blood_cells.yaml")
    assert (example.code, example.out.splitlines()[-1]) == (
        0,
        "params.yaml has the case blood_cells; look it over, commit it, then: casebook run blood_cells",
    )
    mine = casebook(fresh, "new", "mine", "--images", "lab", "--like", "blood_cells")
    assert mine.code == 0
    assert "9 images with boxes of cell (9)" in mine.err
    assert {"blood_cells", "mine"} <= set(read_yaml(fresh / "params.yaml")["cases"])
    before = (fresh / "params.yaml").read_bytes()
    told = casebook(fresh, "new", "other", "--images", "nowhere", "--like", "blood_cells").problem
    assert told.startswith("nowhere: no such folder")
    assert (fresh / "params.yaml").read_bytes() == before


# What calls `dvc repro`, on a checkout of its own


def real(checkout: Any, *arguments: str) -> Said:
    done = forks(TRAINING).run("-m", "pipelines.cli", *arguments, cwd=checkout.root, env=checkout.environment)
    return Said(done.returncode, done.stdout, done.stderr)


@pytest.mark.slow
def test_stages_by_name_and_their_dry_runs(finished: Any) -> None:
    assert real(finished, "run", "toy").code == 0
    done = real(finished, "run", "toy", "--dry-run")
    assert (done.code, done.out) == (0, ""), "nothing has changed"
    for place, stage in enumerate(STAGES, start=3):
        dry = real(finished, stage, "other", "--dry-run")
        assert dry.code == 0, dry
        told = [line.split(":")[0] for line in dry.out.splitlines()]
        assert told[:2] == ["fetch@other", "prepare@other"]
        assert told[-1] == f"{stage}@other"
        assert len(told) <= place
    assert not (finished.root / "data" / "raw" / "other").exists()
    finished.set("compress.variants.pruned.amount", 0.5)
    dry = real(finished, "compress", "toy", "--dry-run")
    assert dry.out.strip() == "compress@toy: compress.variants.pruned.amount was 0.6 and is 0.5"
    finished.set("compress.variants.pruned.amount", 0.6)
    again = real(finished, "promote", "toy")
    assert (again.code, again.out.splitlines()[-1]) == (0, "toy version 1: champion")


@pytest.mark.slow
def test_the_gates_refusal_ends_with_three_and_its_reasons_and_a_person_may_override_it(finished: Any) -> None:
    finished.set("release.floors", {"auc": 0.999})
    finished.commit()
    said = real(finished, "promote", "toy")
    assert said.code == 3, said
    assert "toy version 1: refused" in said.out
    assert "at least 0.9990" in said.out
    assert "Traceback" not in said.err
    word = ["--who", "Ada Lovelace", "--because", "the board sees it on Friday", "--until", "2030-12-31"]
    allowed = real(finished, "promote", "toy", "--override", *word)
    assert allowed.code == 0, allowed
    assert "toy version 1: champion" in allowed.out.splitlines()
    (shown,) = real(finished, "champion", "toy", "--json").json["overrides"]
    assert (shown["check"], shown["who"], shown["until"]) == ("floor auc", "Ada Lovelace", "2030-12-31")


@pytest.mark.slow
def test_the_registry_commands_on_a_real_release(finished: Any, tmp_path: Path) -> None:
    champion = real(finished, "champion", "toy", "--json").json
    assert champion["commit"] == finished.git("rev-parse", "HEAD").strip()
    assert champion["data_md5"] == dvc_md5(finished.root / "data" / "prepared" / "toy")
    trace = real(finished, "trace", "toy", "--json").json
    assert trace["run"]["id"] == champion["run_id"]
    assert trace["lock"]["outs"]["data/prepared/toy"] == champion["data_md5"]
    assert trace["source"]["kind"] == "file"
    assert real(finished, "verify", "toy").out.strip() == "toy: everything matches"
    rows = finished.root / "tests/toy/finance_risk/rows.csv"
    assert real(finished, "predict", "toy", str(rows), "--out", str(tmp_path / "o.parquet")).code == 0
    assert len(pd.read_parquet(tmp_path / "o.parquet")) == 400
    (finished.root / "data/prepared/toy/train.parquet").write_bytes(b"other bytes")
    changed = real(finished, "verify", "toy", "--json")
    assert changed.code == 1
    assert [one["what"] for one in changed.json] == ["data_md5"]


@pytest.mark.slow
def test_a_stage_that_fails_ends_with_one_and_says_why(finished: Any) -> None:
    (finished.root / "tests/toy/finance_risk/rows.csv").write_text("Age,Home\n30,own\n")
    said = real(finished, "run", "toy")
    assert said.code == 1
    assert "column" in said.err
    assert "Traceback" not in said.err


@pytest.mark.slow
def test_cross_validation_gives_folds_mean_and_peers(finished: Any) -> None:
    finished.set("crossval.folds", 2)
    said = real(finished, "crossval", "toy", "--no-tune", "--json")
    assert said.code == 0, said
    found = said.json
    assert len(found["folds"]) == 2
    assert found["mean"]["auc"] == pytest.approx((found["folds"][0]["auc"] + found["folds"][1]["auc"]) / 2)
    assert set(found["peers"]) == {"learner", "logistic", "lightgbm"}
    difference = found["differences"]["logistic"]["auc"]
    assert difference["mean"] == pytest.approx(found["mean"]["auc"] - found["peers"]["logistic"]["auc"])
