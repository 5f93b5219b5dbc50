"""DVC's own verbs on a released case: experiments in the checkout, beside it and queued, and what compares them."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipelines.summary import COLUMNS
from tests.pipelines.conftest import Checkout, copy_of, left_alive

pytestmark = pytest.mark.slow

# Whose commits those of DVC are: it reads dates in git's own form only.
PERSON = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in {"NAME": "A Person", "EMAIL": "person@example.org", "DATE": "1767225600 +0000"}.items()
}
CASEBOOK = ("python", "-m", "pipelines.cli")
REGISTRY = "select name, version from model_versions", "select alias, version from registered_model_aliases"
RUN = (
    "select r.name, t.value from runs r join tags t on r.run_uuid = t.run_uuid "
    "where t.key = 'casebook.experiment' and r.name not like '%search%'"
)


@dataclass
class Tried:
    checkout: Checkout
    said: dict[str, str]
    before: list[Any]  # of the registry
    clean: dict[str, str]  # what git says of the checkout after each


def registry(checkout: Checkout) -> list[Any]:
    return [sorted(checkout.rows(query)) for query in REGISTRY]


@pytest.fixture(scope="module")
def tried(pristine: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tried]:
    """Three experiments with one value of the release each: queued, in a folder of DVC's, in the checkout itself."""
    folder = tmp_path_factory.mktemp("tried")
    checkout = copy_of(pristine, folder / "checkout")
    checkout.commit()
    tried = Tried(checkout, {}, registry(checkout), {})
    key, target = "cases.toy.release.resamples", "release@toy"
    for name, commands in {
        "queued": [("--queue", "-n", "queued", "-S", f"{key}=130", target), ("--run-all",)],
        "beside": [("--temp", "-n", "beside", "-S", f"++{key}=140", target)],
        "here": [("-n", "here", "-S", f"{key}=150", target)],
    }.items():
        for arguments in commands:
            ended = checkout.run("dvc", "exp", "run", *arguments, **PERSON)
            assert ended.code == 0, ended.said
            tried.said[name] = ended.said
        tried.clean[name] = checkout.git("status", "--porcelain")
    yield tried
    assert not left_alive(folder)


def answer(checkout: Checkout, *command: str) -> Any:
    """What a verb prints as JSON."""
    ended = checkout.run(*command)
    assert ended.code == 0, ended.said
    start = min(place for mark in "{[" if (place := ended.said.find(mark)) >= 0)
    return json.JSONDecoder().raw_decode(ended.said[start:])[0]


def test_experiments_ask_the_gate_and_register_nothing(tried: Tried) -> None:
    assert registry(tried.checkout) == tried.before
    assert "toy experiment here: passes the gate; an experiment registers nothing" in tried.said["here"]
    assert "fit@toy' didn't change, skipping" in tried.said["here"]
    release = tried.checkout.json("reports/toy/release.json")
    assert (release["version"], release["experiment"], release["promoted"]) == (None, "here", False)
    assert "- experiment: `here`" in (tried.checkout.root / "reports/toy/card.md").read_text(encoding="utf-8")


def test_their_runs_carry_their_names_in_the_checkouts_own_store(tried: Tried) -> None:
    assert sorted(tried.checkout.rows(RUN)) == [(name, name) for name in ("beside", "here", "queued")]
    # Those of DVC's folders leave the checkout as it was.
    assert (tried.clean["queued"], tried.clean["beside"]) == ("", "")
    assert tried.clean["here"].split() == ["M", "dvc.lock", "M", "params.yaml"]
    assert tried.checkout.runs("fit") == [("toy v1", "FINISHED")]


def test_exp_show_has_a_dozen_columns(tried: Tried) -> None:
    ended = tried.checkout.run("dvc", "exp", "show", "--only-changed", "--csv")
    assert ended.code == 0, ended.said
    rows = list(csv.DictReader(ended.said[ended.said.index("Experiment,") :].splitlines()))
    assert len(rows[0]) <= 12, list(rows[0])
    found = {row["Experiment"]: (row["gate"], row["cases.toy.release.resamples"]) for row in rows if row["Experiment"]}
    assert found == {"here": ("passed", "150"), "beside": ("passed", "140"), "queued": ("passed", "130")}


def test_metrics_and_params_are_compared(tried: Tried) -> None:
    (path, found), *others = answer(tried.checkout, "dvc", "metrics", "diff", "--json").items()
    assert (path, others) == ("reports/toy/summary.json", [])
    assert found["gate"] == {"old": "promoted", "new": "passed"}
    assert answer(tried.checkout, "dvc", "params", "diff", "--json") == {
        "params.yaml": {"cases.toy.release.resamples": {"old": 100, "new": 150, "diff": 50}}
    }


def test_a_case_that_never_ran_is_a_line_and_no_error(tried: Tried) -> None:
    ended = tried.checkout.run("dvc", "metrics", "show", "--md")
    assert ended.code == 0, ended.said
    assert "Traceback" not in ended.said
    rows = [line for line in ended.said.splitlines() if "summary.json" in line]
    assert [line.split()[1] for line in rows] == ["reports/toy/summary.json", "reports/other/summary.json"]
    found = {row.pop("case"): row for row in answer(tried.checkout, *CASEBOOK, "metrics", "--json")}
    assert found["other"] == {**dict.fromkeys(COLUMNS), "gate": "never ran"}
    assert found["toy"] == {column: tried.checkout.json("reports/toy/summary.json")[column] for column in COLUMNS}


def test_curves_are_drawn_and_compared(tried: Tried) -> None:
    for verb, revisions in (("show", []), ("diff", ["HEAD"])):
        ended = tried.checkout.run("dvc", "plots", verb, *revisions, "--out", f"state/plots-{verb}")
        assert ended.code == 0, ended.said
        page = (tried.checkout.root / f"state/plots-{verb}/index.html").read_text(encoding="utf-8")
        for title in ("ROC", "Precision and recall", "Calibration", "Confusion", "Training"):
            assert f'"text": "{title}"' in page, (verb, title)
    roc = (tried.checkout.root / "reports/toy/plots/roc/test.csv").read_text(encoding="utf-8").splitlines()
    assert roc[:2] == ["false_positive_rate,true_positive_rate", "0.0,0.0"]
    assert roc[-1] == "1.0,1.0"
    names = {path.name for path in (tried.checkout.root / "reports/toy/plots/training").iterdir()}
    assert names == {"train_loss.csv", "val_auc.csv", "val_loss.csv"}


def test_the_dag_of_one_case(tried: Tried) -> None:
    ended = tried.checkout.run("dvc", "dag", "--dot", "release@toy")
    assert ended.code == 0, ended.said
    assert '"evaluate@toy" -> "release@toy"' in ended.said
    assert "@other" not in ended.said


def test_a_plain_run_registers_what_an_experiment_has_scored(tried: Tried, tmp_path: Path) -> None:
    """The same bundle is the version that there is; what was only scored is decided and written into the ledger."""
    checkout = copy_of(tried.checkout, tmp_path / "checkout")
    assert "experiment was 'here' and is None" in checkout.run(*CASEBOOK, "run", "toy", "--dry-run").said
    checkout.commit()
    ended = checkout.run(*CASEBOOK, "run", "toy")
    assert ended.code == 0, ended.said
    release = checkout.json("reports/toy/release.json")
    assert (release["version"], release["experiment"]) == ("1", None)
    assert checkout.json("reports/toy/summary.json")["gate"] == "promoted"


def test_run_with_values_is_an_experiment(finished: Checkout) -> None:
    finished.commit()
    ended = finished.run(*CASEBOOK, "run", "toy", "-S", "release.resample=120")
    assert ended.code == 1
    assert "has no key 'release.resample'; did you mean 'release.resamples'?" in ended.said
    ended = finished.run(*CASEBOOK, "run", "toy", "-S", "release.resamples=120", "--dry-run")
    assert ended.said.strip() == "dvc exp run -S ++cases.toy.release.resamples=120 release@toy"
    assert finished.git("status", "--porcelain") == ""
    ended = finished.run(*CASEBOOK, "run", "toy", "-S", "release.resamples=120", **PERSON)
    assert ended.code == 0, ended.said
    assert finished.params()["cases"]["toy"]["release"]["resamples"] == 120
    assert finished.json("reports/toy/release.json")["version"] is None
    assert finished.rows("select count(*) from model_versions") == [(1,)]
