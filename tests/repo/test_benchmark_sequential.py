"""What `benchmarks.sequential` reckons from what it timed; nothing is timed here."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import sequential, sequential_peers
from benchmarks.sequential import PINS, quality_rows, seconds_an_epoch, seconds_to
from benchmarks.workspace import peers_python
from components.core.job import PREPARED_FILES, TRAIN, Paths
from components.core.recipe import make_job
from tests.toy.jobs import toy_params


def found(*epochs: tuple[float, float]) -> sequential.Found:
    return {"parameters": 1, "epochs": [{"seconds": s, "share": 1.0, "ndcg": ndcg, "hr": 0.0} for s, ndcg in epochs]}


def test_the_time_to_a_quality_is_that_of_the_first_epoch_as_good() -> None:
    curve = found((2.0, 0.1), (3.0, 0.3), (4.0, 0.2))
    assert seconds_to(0.1, curve) == 2.0
    assert seconds_to(0.2, curve) == 2.0 + 3.0
    assert seconds_to(0.4, curve) is None


def test_each_is_shown_at_its_best_and_when_casebook_got_there() -> None:
    rows = quality_rows({"casebook": found((2.0, 0.1), (2.0, 0.3)), "rectools": found((9.0, 0.05), (9.0, 0.2))})
    assert [len(row) for row in rows] == [len(sequential.COLUMNS)] * 2
    assert [row[-3:] for row in rows] == [[0.3, 4.0, None], [0.2, 18.0, 4.0]]


def test_an_epoch_that_was_timed_in_part_is_reckoned_whole() -> None:
    part = {"parameters": 1, "epochs": [{"seconds": 3.0, "share": 0.1}, {"seconds": 5.0, "share": 0.1}]}
    assert seconds_an_epoch(part) == pytest.approx((30.0 + 50.0) / 2)


def test_histories_are_cut_to_what_fills_a_window(tmp_path: Path) -> None:
    job = make_job("recommender", toy_params("recommender"), Paths(tmp_path / "whole"))
    prepared = job.paths.prepared("recommender")
    prepared.mkdir(parents=True)
    users = np.repeat([0, 1], [150, 3])
    pd.DataFrame({"user": users, "item": np.arange(153)}).to_parquet(prepared / PREPARED_FILES[TRAIN])
    short = sequential.shortened(job, tmp_path / "short")
    train = pd.read_parquet(short.paths.prepared("recommender") / PREPARED_FILES[TRAIN])
    assert train["item"].tolist() == [*range(150 - 101, 150), 150, 151, 152]
    assert sequential.asked(short) == 100 + 2
    assert sequential.asked(job) == 149 + 2


def test_a_peer_is_ranked_among_unseen_items_ties_against_it(tmp_path: Path) -> None:
    question = tmp_path / "question.csv"
    pd.DataFrame({"user": [0, 1], "item": [2, 0]}).to_csv(question, index=False)
    train = pd.DataFrame({"user": [0, 0, 1], "item": [0, 1, 3]})
    settings = {"question": str(question), "window": 1, "scored": True, "budget": 10.0}
    log = sequential_peers.Log(settings, train)
    shown = []

    def score(histories: list[np.ndarray]) -> np.ndarray:
        shown.extend(items.tolist() for items in histories)
        return np.array([[9.0, 9.0, 1.0, 1.0], [1.0, 2.0, 0.0, 9.0]])

    log.add(4.0, 0.5, score)
    assert shown == [[1], [3]]
    # The first user's target ties with one unseen item, the second's has one above it: rank 2 each.
    assert log.epochs == [{"seconds": 4.0, "share": 0.5, "ndcg": pytest.approx(1 / np.log2(3)), "hr": 1.0}]
    assert not log.spent
    log.add(6.0, 0.5, score)
    assert log.spent


def test_the_peers_environment_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_: commands.append(command))
    assert peers_python(tmp_path / "peers", PINS) == tmp_path / "peers" / "bin" / "python"
    assert [Path(command[0]).name for command in commands] == [Path(sys.executable).name, "python"]
    assert set(PINS) <= set(commands[1])
    peers_python(tmp_path / "peers", PINS)
    assert len(commands) == 2
    (tmp_path / "peers" / "ready").write_text(json.dumps("other pins"))
    peers_python(tmp_path / "peers", PINS)
    assert len(commands) == 4
