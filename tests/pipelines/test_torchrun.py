"""One fit on two nodes: both are this machine, and each runs the script that a person runs there."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pipelines.conftest import ROOT, Checkout, kill_group, left_alive
from tests.postgres import free_port

pytestmark = [pytest.mark.slow, pytest.mark.cluster]


@pytest.fixture
def searched(tmp_path: Path, checkouts: Callable[[Path], Checkout]) -> Checkout:
    made = checkouts(tmp_path / "checkout")
    (made.root / "deploy").mkdir()
    shutil.copy(ROOT / "deploy" / "torchrun.sh", made.root / "deploy")
    made.set("search.trials", 0)
    made.set("fit.num_nodes", 2)
    for stage in ("fetch", "prepare", "search"):
        ended = made.stage(stage)
        assert ended.code == 0, ended.said
    return made


def test_two_nodes_train_one_model_and_the_first_writes_it(searched: Checkout, tmp_path: Path) -> None:
    refused = searched.stage("fit")
    assert refused.code == 1
    assert "fit@toy: fit.num_nodes=2: start the stage on each node with deploy/torchrun.sh" in refused.said
    head = f"127.0.0.1:{free_port()}"
    nodes = [
        searched.start("deploy/torchrun.sh", "fit", "toy", NODES="2", NODE=str(number), HEAD=head)
        for number in range(2)
    ]
    try:
        ended = [node.wait() for node in nodes]
    finally:
        for node in nodes:
            kill_group(node.process.pid)
    assert [one.code for one in ended] == [0, 0], "\n".join(one.said for one in ended)
    assert searched.json("models/toy/fitted/fit.json")["result"]["epochs"] == 4
    assert "fit@toy" in searched.lock()
    assert "epoch 4/4" in ended[0].said
    assert "epoch" not in ended[1].said
    assert searched.runs("fit") == [("toy", "FINISHED")]
    # Nothing is left to do: no fit begins, and the helper ends with the stage.
    again = [
        searched.start("deploy/torchrun.sh", "fit", "toy", NODES="2", NODE=str(number), HEAD=head)
        for number in range(2)
    ]
    try:
        assert [one.wait().code for one in again] == [0, 0], "\n".join(one.said for one in again)
    finally:
        for node in again:
            kill_group(node.process.pid)
    assert not left_alive(tmp_path)
