"""When a stage goes on from a state, and when it starts anew."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from components.core.errors import CasebookError
from components.core.files import dvc_md5
from components.core.job import Job, Paths
from components.core.params.load import load_params
from components.core.recipe import make_job
from pipelines.resume import DONE, close_state, inputs_of, open_state, recorded_md5, state_of

ROOT = Path(__file__).resolve().parents[2]
INPUTS = {"lr": 0.1}


@pytest.fixture
def job(tmp_path: Path) -> Job:
    prepared = tmp_path / "data" / "prepared" / "finance_risk"
    prepared.mkdir(parents=True)
    (prepared / "train.parquet").write_bytes(b"rows")
    return make_job("finance_risk", load_params(ROOT / "params.yaml").case("finance_risk"), Paths(tmp_path))


def test_a_killed_run_of_the_same_inputs_is_gone_on_with(tmp_path: Path) -> None:
    state = open_state(tmp_path, INPUTS, recorded_md5=None)
    (state / "last.ckpt").write_bytes(b"epoch 3")
    again = open_state(tmp_path, dict(INPUTS), recorded_md5=None)
    assert again == state
    assert (again / "last.ckpt").read_bytes() == b"epoch 3"


def test_other_inputs_start_anew_and_sweep_the_old_state(tmp_path: Path) -> None:
    state = open_state(tmp_path, INPUTS, recorded_md5=None)
    (state / "last.ckpt").write_bytes(b"epoch 3")
    other = open_state(tmp_path, {"lr": 0.2}, recorded_md5=None)
    assert [path.name for path in tmp_path.iterdir()] == [other.name]
    assert list(other.iterdir()) == []


@pytest.mark.parametrize(
    ("recorded", "kept"),
    [
        ("same", False),  # DVC has it: the stage was asked for again
        ("another", True),  # the kill fell between the end of the work and DVC's record
        (None, True),
    ],
)
def test_a_finished_state_is_kept_until_dvc_has_recorded_it(tmp_path: Path, recorded: str | None, kept: bool) -> None:
    out = tmp_path / "best.json"
    out.write_text("{}")
    state = open_state(tmp_path / "state", INPUTS, recorded_md5=None)
    (state / "result.json").write_text("{}")
    close_state(state, out)
    assert json.loads((state / DONE).read_text()) == {"md5": dvc_md5(out)}
    md5 = dvc_md5(out) if recorded == "same" else recorded
    again = open_state(tmp_path / "state", INPUTS, recorded_md5=md5)
    assert (again / "result.json").exists() is kept


def test_recorded_md5_reads_the_out_of_the_stage(tmp_path: Path) -> None:
    out = tmp_path / "models" / "toy" / "bundle"
    assert recorded_md5(tmp_path, "compress@toy", out) is None
    outs = [{"path": "reports/toy/compression", "md5": "b.dir"}, {"path": "models/toy/bundle", "md5": "a.dir"}]
    lock = tmp_path / "dvc.lock"
    lock.write_text(yaml.safe_dump({"schema": "2.0", "stages": {"compress@toy": {"cmd": "x", "outs": outs}}}))
    assert recorded_md5(tmp_path, "compress@toy", out) == "a.dir"
    assert recorded_md5(tmp_path, "compress@other", out) is None
    lock.write_text("")  # DVC writes its lock in place: a kill may leave it empty
    assert recorded_md5(tmp_path, "compress@toy", out) is None


def test_the_state_depends_on_data_code_and_the_named_parameters(job: Job, tmp_path: Path) -> None:
    state = state_of(job, "fit", job.paths.fitted(job.case), inputs_of(job, "fit"))
    assert state.parent == tmp_path / "state" / "finance_risk" / "fit"
    before = inputs_of(job, "search", "search")
    release = job.params.release.model_copy(update={"champion_margin": 0.5})
    assert (
        inputs_of(replace(job, params=job.params.model_copy(update={"release": release})), "search", "search") == before
    )
    fit = job.params.fit.model_copy(update={"lr": 0.5})
    assert inputs_of(replace(job, params=job.params.model_copy(update={"fit": fit})), "search", "search") != before
    assert inputs_of(replace(job, smoke=True), "search", "search") != before
    (job.paths.prepared(job.case) / "train.parquet").write_bytes(b"other rows")
    assert inputs_of(job, "search", "search") != before


def test_a_record_of_other_inputs_says_nothing(tmp_path: Path) -> None:
    """An edit that changes no result must not pass for a result that DVC has recorded."""
    code, out = tmp_path / "tabm.py", tmp_path / "models" / "fitted"
    code.write_text("a = 1\n")
    entry = {
        "deps": [{"path": "tabm.py", "md5": dvc_md5(code)}],
        "outs": [{"path": "models/fitted", "md5": "a.dir"}],
    }
    (tmp_path / "dvc.lock").write_text(yaml.safe_dump({"schema": "2.0", "stages": {"fit@toy": entry}}))
    assert recorded_md5(tmp_path, "fit@toy", out) == "a.dir"
    code.write_text("a = 1  # a thought\n")
    assert recorded_md5(tmp_path, "fit@toy", out) is None
    code.unlink()
    assert recorded_md5(tmp_path, "fit@toy", out) is None


@pytest.mark.parametrize("content", ["", '{"md5": "a', "[]", "7"])
def test_a_state_of_which_nobody_can_tell_whether_it_is_over_starts_anew(
    tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    state = open_state(tmp_path, INPUTS, recorded_md5=None)
    (state / "last.ckpt").write_bytes(b"epoch 3")
    (state / DONE).write_text(content)
    assert list(open_state(tmp_path, INPUTS, recorded_md5=None).iterdir()) == []
    assert "the stage starts anew" in caplog.text


@pytest.mark.parametrize("content", ["stages: [", "\x00", "stages: 7", "- a"])
def test_a_damaged_lock_is_one_message(tmp_path: Path, content: str) -> None:
    (tmp_path / "dvc.lock").write_text(content)
    with pytest.raises(CasebookError, match=r"dvc\.lock: damaged .*git checkout dvc\.lock"):
        recorded_md5(tmp_path, "fit@toy", tmp_path / "models" / "fitted")
