"""The stages through the real `dvc repro`: what runs, what does not run again, and what is left."""

import os
import re
import signal
from collections.abc import Callable
from typing import Any

import pytest

from pipelines.stages import STAGES, TERMINATED
from tests.pipelines.conftest import copy_of

pytestmark = pytest.mark.slow

TOY = {f"{stage}@toy" for stage in STAGES}


def ran(said: str) -> list[str]:
    return re.findall(r"Running stage '(.+?)'", said)


def test_one_command_goes_from_rows_to_a_champion_and_is_then_done(finished: Any) -> None:
    assert finished.json("reports/toy/release.json")["promoted"] is True
    again = finished.repro("release@toy")
    assert (again.code, ran(again.said)) == (0, [])
    assert TOY.isdisjoint(finished.stale())
    assert finished.git("status", "--porcelain").split() == ["??", "dvc.lock"]


def test_a_comment_and_a_docstring_run_nothing(finished: Any) -> None:
    finished.append("components/kits/tables/tabm.py", "\n# A thought.\n")
    path = finished.root / "components" / "core" / "errors.py"
    path.write_text(path.read_text(encoding="utf-8").replace("Errors a user", "The errors that a user"))
    ended = finished.repro("release@toy")
    assert (ended.code, ran(ended.said)) == (0, ["code"]), ended.said


def test_an_edit_of_the_network_trains_again_but_touches_no_data(finished: Any) -> None:
    before, files = finished.outs(), finished.digests("models/toy/fitted")
    finished.append("components/kits/tables/tabm.py", "\nEDITED = True\n")
    # By forks of a helper, and with sets in another order than in the first run, whose stages started by themselves.
    ended = finished.warm_repro("release@toy", PYTHONHASHSEED="20")
    assert ended.code == 0, ended.said
    assert finished.digests("models/toy/fitted") == files
    # The same weights come out, so nothing is evaluated anew; the release reads the latencies.
    assert ran(ended.said) == ["code", "search@toy", "fit@toy", "compress@toy", "release@toy"], ended.said
    after = finished.outs()
    same = {"data/raw/toy", "data/prepared/toy", "models/toy/best.json", "models/toy/fitted", "models/toy/bundle"}
    assert {path: after[path] for path in same} == {path: before[path] for path in same}
    assert finished.rows("select count(*) from model_versions") == [(1,)]
    release = finished.json("reports/toy/release.json")
    assert not release["promoted"]  # the edit is not committed
    assert any("git" in reason for reason in release["reasons"])


STALE = [
    ("fit.lr", 0.006, {"search@toy", "fit@toy", "compress@toy", "release@toy"}),
    ("compress.variants.pruned.amount", 0.5, {"compress@toy", "release@toy"}),
    ("model.serving.bands", 6, {f"{stage}@toy" for stage in STAGES[2:]}),
    ("evaluate.resamples", 110, {"evaluate@toy", "compress@toy", "release@toy"}),
    ("crossval.folds", 4, set()),
    ("release.floors.auc", 0.51, {"release@toy"}),
    ("prepare.max_rejected", 0.02, {"prepare@toy", "release@toy"}),
]


@pytest.fixture(scope="module")
def edited(pristine: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A copy of the released case whose `params.yaml` is edited again and again, and nothing runs."""
    return copy_of(pristine, tmp_path_factory.mktemp("edited") / "checkout")


@pytest.mark.parametrize(("dotted", "value", "stale"), STALE)
def test_a_parameter_makes_only_the_stages_that_read_it_stale(
    edited: Any, dotted: str, value: Any, stale: set[str]
) -> None:
    before = edited.params()
    edited.set(dotted, value)
    found = edited.stale()
    edited.write_params(before)
    assert set(found) & TOY == stale


def test_the_parameters_of_another_case_make_none_stale(edited: Any) -> None:
    before = edited.params()
    for dotted, value, _ in STALE:
        edited.set(dotted, value, case="other")
    found = edited.stale()
    edited.write_params(before)
    assert TOY.isdisjoint(found)


def test_sigterm_is_no_success_and_the_fit_goes_on_afterwards(finished: Any, wait_until: Callable[..., None]) -> None:
    """Lightning ends a terminated fit with exit code 0."""
    before = finished.digests("models/toy/fitted")
    finished.append("components/kits/tables/tabm.py", "\nEDITED = True\n")
    finished.resolve()
    place = "components.recipes.binary.training.learner:BinaryLearner.on_train_batch_start before"
    started = finished.start("dvc", "repro", "-s", "fit@toy", **finished.fault(f"fit {place}", "none", call=9))
    wait_until(finished.mark.exists, "the ninth step of the fit")
    os.kill(int(finished.mark.read_text()), signal.SIGTERM)
    assert finished.struck()
    ended = started.wait()
    assert ended.code != 0
    assert "failed to reproduce 'fit@toy'" in ended.said
    assert f"exited with {TERMINATED}" in ended.said
    assert finished.runs("fit")[-1] == ("toy", "KILLED")
    ended = finished.repro("-s", "fit@toy")
    assert ended.code == 0, ended.said
    assert "resuming from" in ended.said
    assert finished.digests("models/toy/fitted") == before
    assert finished.runs("fit") == [("toy v1", "FINISHED"), ("toy", "FINISHED")]
