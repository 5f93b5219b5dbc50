"""What `benchmarks.tuned_peers` compares and reckons; nothing is timed here, and no peer is tuned."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
import pytest

from benchmarks.tuned import tables, tabm_peer, tune
from benchmarks.tuned.compare import Folds, difference, of_ours, of_peer
from benchmarks.tuned.peers import PEERS, Answer, Peer, Rows, Settings
from benchmarks.tuned.rows import losses, misses
from benchmarks.tuned.shown import PEERS as NAMES
from benchmarks.tuned.shown import shown
from benchmarks.tuned.tables import TABLES, Table
from benchmarks.tuned_peers import REQUIREMENTS
from tests.toy.jobs import CHECKOUT


def folds(*loss: list[float], seconds: float = 10.0) -> Folds:
    return of_ours([{"loss": one, "miss": [0.0] * len(one), "seconds": seconds} for one in loss])


def test_rows_are_judged_by_log_loss_and_squared_error() -> None:
    said, target = np.array([[0.5, 0.25, 0.25], [0.0, 0.9, 0.1]]), np.array([1, 0])
    assert losses(said, target).tolist() == pytest.approx([np.log(4), np.log(1e7)])
    assert misses(said, target).tolist() == [1, 1]
    assert losses(np.array([3.0, 1.0]), np.array([1.0, 1.5])).tolist() == [4.0, 0.25]
    assert misses(np.array([3.0, 1.0]), np.array([1.0, 1.5])).tolist() == [2.0, 0.5]


def test_a_peer_has_the_best_of_the_trials_that_had_begun() -> None:
    trials = [{"begun": 0.0}, {"begun": 6.0}, {"begun": 14.0}]
    best = [{"begun": 0.0, "loss": [3.0], "miss": [1.0]}, {"begun": 14.0, "loss": [1.0], "miss": [0.0]}]
    found = [{"trials": trials, "best": best, "spent": 20.0}]
    early, late = of_peer(found, 10.0), of_peer(found, 14.5)
    assert (early.loss[0].tolist(), early.trials, early.seconds) == ([3.0], 2, [14.0])
    assert (late.loss[0].tolist(), late.trials, late.seconds) == ([1.0], 3, [20.0])


def test_the_difference_of_log_losses_has_errors_over_rows_and_over_folds() -> None:
    found = difference(folds([1.0, 2.0], [3.0, 3.0]), folds([1.0, 1.0], [2.0, 3.0]), root=False)
    assert found.mean == pytest.approx((0.5 + 0.5) / 2)
    # In each fold the rows differ by 0 and 1: variance 1/2 over two rows.
    assert found.by_rows == pytest.approx((0.25 + 0.25) ** 0.5 / 2)
    assert found.by_folds == 0


def test_the_error_of_a_difference_of_roots_is_that_of_rows_at_twice_the_root() -> None:
    ours, theirs = folds([1.0, 7.0], [4.0, 4.0]), folds([9.0, 9.0], [16.0, 16.0])
    found = difference(ours, theirs, root=True)
    assert found.mean == pytest.approx(((2 - 3) + (2 - 4)) / 2)
    assert found.by_rows == pytest.approx((18 / (2 * 2) ** 2 / 2) ** 0.5 / 2)
    assert found.by_folds == pytest.approx(np.std([-1, -2], ddof=1) / 2**0.5)


def test_a_table_is_shown_against_its_best_peer_and_counted_where_it_lies_behind() -> None:
    mine = {"one": folds([0.5, 0.7], [0.6, 0.6]), "two": folds([1.0, 4.0], [4.0, 5.0])}
    worse, better = folds([0.9, 0.9], [0.9, 0.9]), folds([0.4, 0.5], [0.5, 0.4])
    theirs = {
        "one": {who: better if who == "tabm" else worse for who in NAMES},
        "two": dict.fromkeys(NAMES, folds([9.0, 9.0], [9.0, 9.0])),
    }
    found = shown({"one": "classes", "two": "number"}, mine, theirs)
    assert [row[:4] for row in found.rows] == [["one", 4, "log loss", "0.6000"], ["two", 4, "RMSE", "1.8512"]]
    assert found.rows[0][-4] == "TabM"
    # The rows of each fold differ by 0.1 and 0.2: variance 0.005 over two rows.
    assert found.rows[0][-3] == f"+0.1500 ± {(2 * 0.0025) ** 0.5 / 2:.4f} (folds ± 0.0000)"
    assert [limit.value for limit in found.limits[:3]] == [1, 1, pytest.approx(0.15 / 0.45)]
    assert [limit.value for limit in found.limits[3:]][:2] == [0, 0]
    assert [limit.met for limit in found.limits] == [True, True, False, True, True, True]
    assert found.details["one"]["tabm"]["casebook less this"]["mean"] == pytest.approx(0.15)


def test_six_tables_of_each_kind_are_pinned_and_no_case_has_them() -> None:
    stated = (CHECKOUT / "params.yaml").read_text(encoding="utf-8")
    assert [sum(table.kind == kind for table in TABLES.values()) for kind in ("classes", "number")] == [6, 6]
    for table in TABLES.values():
        assert re.fullmatch("[0-9a-f]{64}", table.sha256)
        assert table.part not in stated


def test_a_table_is_cut_to_the_rows_and_columns_that_are_used() -> None:
    rows = pd.DataFrame({"rownames": range(8), "a": range(8), "b": 0, "kind": [1, 2, 1, 2, None, 1, 2, 1]})
    table = Table("classes", "x/y", "", "kind", ("b",), 2, lambda rows: rows["a"] > 0, {1: "one", 2: "two"})
    found = tables.cut(rows, table)
    assert found.to_dict("list") == {"a": [1, 3, 6], "kind": ["two", "two", "two"]}


def test_each_class_is_spread_over_the_folds() -> None:
    rows = pd.DataFrame({"kind": ["rare"] * 5 + ["common"] * 20})
    places = tables.folds_of(rows, Table("classes", "x/y", "", "kind"))
    assert sorted(places[:5]) == [0, 1, 2, 3, 4]
    assert np.bincount(places).tolist() == [5] * 5


def test_the_environment_of_the_peers_is_pinned_whole_by_versions_of_ours() -> None:
    lines = [line for line in REQUIREMENTS.read_text("utf-8").splitlines() if not line.startswith("#")]
    pins = dict(line.split("==") for line in lines)
    ours = dict(re.findall(r"^([\w.-]+)==(\S+)", (CHECKOUT / "constraints.txt").read_text("utf-8"), re.MULTILINE))
    shared = ("lightgbm", "numpy", "optuna", "pandas", "rtdl_num_embeddings", "scikit-learn", "tabm")
    assert {name: pins[name] for name in shared} == {name: ours[name] for name in shared}
    assert pins["torch"] == "2.13.0"
    assert "catboost" in pins


def constant(settings: Settings, rows: Rows, held: Rows, seed: int, most: float) -> Answer:  # noqa: ARG001
    """Answers the mean of its training rows and what it was set to."""
    assert most in {2 * budget / 5 for budget in (1.0, 3.0, 5.0)}  # of each of five fits, of twice the budget
    return lambda frame: np.full(len(frame), rows.target.mean() + settings["shift"])


def space(trial: optuna.Trial) -> None:
    trial.suggest_float("shift", -1.0, 1.0)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Of a study whose every trial takes a second, of a peer that can do nothing."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    monkeypatch.setitem(tune.PEERS, "constant", Peer({"shift": 0.5}, space, constant))
    seconds = iter(np.arange(0.0, 1000.0, 1.0))
    monkeypatch.setattr(tune, "seconds", lambda: float(next(seconds)))
    csv, out = tmp_path / "rows.csv", tmp_path / "fold.json"
    pd.DataFrame({"a": range(12), "b": ["x", "y"] * 6, "answer": [1.0, 3.0] * 6}).to_csv(csv, index=False)
    given = {"csv": str(csv), "out": str(out), "target": "answer", "kind": "number", "peer": "constant", "key": "k"}
    return {**given, "folds": [0] * 10 + [1, 1], "fold": 1, "budget": 3.0}


def test_a_peer_begins_with_the_first_settings_and_answers_by_the_mean_of_its_models(settings: dict[str, Any]) -> None:
    found = tune.tune(settings)
    assert found["trials"][0]["settings"] == {"shift": 0.5}
    assert len(found["trials"]) == 3
    assert found["spent"] == 3.0
    first = found["best"][0]
    assert first["begun"] == 0.0
    # Five parts of ten rows: their means are 2, 2 ... so that 2.5 is answered to a row of 1 and one of 3.
    assert first["miss"] == pytest.approx([1.5, 0.5], abs=0.3)
    assert first["loss"] == pytest.approx(np.square(first["miss"]))
    assert json.loads(Path(settings["out"]).read_text("utf-8")) == found


def test_a_study_goes_on_from_what_was_kept_and_anew_with_another_key(settings: dict[str, Any]) -> None:
    before = tune.tune(settings)["trials"]
    after = tune.tune({**settings, "budget": 5.0})
    assert after["trials"][:3] == before
    assert (len(after["trials"]), after["spent"]) == (5, 5.0)
    assert tune.tune({**settings, "budget": 5.0}) == after
    assert len(tune.tune({**settings, "budget": 1.0, "key": "other"})["trials"]) == 1


def test_categories_are_those_of_the_training_rows(settings: dict[str, Any]) -> None:
    csv = Path(settings["csv"])
    csv.write_text("a,b,answer\n1,x,1\n2,,2\n3,y,1\n", encoding="utf-8")
    train, test = tune.read({**settings, "folds": [0, 0, 1], "kind": "classes"})
    assert (train.texts, train.classes, train.target.tolist()) == (["b"], 2, [0, 1])
    assert train.frame["b"].cat.categories.tolist() == ["x"]
    assert test.frame["b"].isna().tolist() == [True]


@pytest.mark.parametrize("name", [name for name in PEERS if name != "catboost"])  # which is not of this environment
@pytest.mark.parametrize("classes", [3, 0])
def test_each_peer_answers_what_it_is_asked(name: str, classes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tabm_peer, "EPOCHS", 15)
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"a": random.normal(size=90), "b": pd.Categorical(random.choice(["x", "y"], 90))})
    frame.loc[:5, "a"] = np.nan
    target = random.integers(3, size=90) if classes else frame["a"].fillna(0).to_numpy() * 10 + 100
    rows = Rows(frame, target, classes)
    small = {**PEERS[name].first, **({"d_block": 64} if name == "tabm" else {})}
    answer = PEERS[name].fit(small, rows.take(np.arange(60)), rows.take(np.arange(60, 90)), 0, 60.0)
    said = answer(frame.iloc[60:])
    assert said.shape == ((30, 3) if classes else (30,))
    if classes:
        assert said.sum(axis=1) == pytest.approx(np.ones(30), abs=1e-6)
    else:
        assert np.corrcoef(said, target[60:])[0, 1] > 0.7


def test_a_network_trains_no_further_epoch_after_its_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    told = [0.0]

    def seconds() -> float:  # one more each time it is asked
        told.append(told[-1] + 1.0)
        return told[-1]

    monkeypatch.setattr(tabm_peer, "seconds", seconds)
    frame = pd.DataFrame({"a": np.linspace(0, 1, 90), "b": pd.Categorical(["x", "y"] * 45)})
    rows = Rows(frame, frame["a"].to_numpy(), 0)
    small = {**PEERS["tabm"].first, "d_block": 64}
    PEERS["tabm"].fit(small, rows.take(np.arange(60)), rows.take(np.arange(60, 90)), 0, 3.0)
    assert told[1:] == [1.0, 2.0, 3.0, 4.0]  # as it begins, and after each of three epochs
