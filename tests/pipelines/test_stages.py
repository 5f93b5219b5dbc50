"""The command that DVC runs: its exit codes, its one message, its lock, and that it agrees with dvc.yaml."""

import logging
import multiprocessing
import os
import re
import shutil
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from components.core.errors import CasebookError
from components.core.job import Job, Paths
from components.core.locks import held_lock
from components.core.params.load import load_params
from components.core.recipe import make_job
from components.evaluation.plots import KINDS
from pipelines import stages
from pipelines.code import READS, RESOLVED, resolve

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def resolved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """params.yaml, and what is made of it."""
    root = tmp_path_factory.mktemp("resolved")
    (root / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    resolve(root)
    return root


@pytest.fixture
def step(resolved: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Callable[[Job], None]], None]:
    """Puts a function in the place of the stage `fit`, in a checkout that has params.yaml and what is made of it."""
    shutil.copytree(resolved, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(stages, "prepare_environment", lambda _root: None)
    monkeypatch.setattr(stages.signal, "signal", lambda *_: None)
    monkeypatch.setattr(stages, "set_up_logging", lambda: None)  # it would take pytest's handlers away

    def put(run: Callable[[Job], None]) -> None:
        module = types.ModuleType("pipelines.steps.fit")
        module.run = run  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "pipelines.steps.fit", module)

    return put


def test_a_stage_gets_its_case_and_ends_with_0(step: Callable[..., None], tmp_path: Path) -> None:
    seen: list[Job] = []
    step(seen.append)
    assert stages.main(["fit", "finance_risk"]) == 0
    (job,) = seen
    params = load_params(ROOT / "params.yaml").case("finance_risk")
    assert (job.case, job.paths) == ("finance_risk", Paths(tmp_path))
    assert (job.params.fit, job.model) == (params.fit, make_job("finance_risk", params, Paths(tmp_path)).model)
    assert job.params.model_fields_set == {"recipe", *READS["fit"]}


def test_a_wrong_input_is_one_message_and_1(step: Callable[..., None], caplog: pytest.LogCaptureFixture) -> None:
    def run(_job: Job) -> None:
        raise CasebookError("rows.csv: empty")

    step(run)
    assert stages.main(["fit", "finance_risk"]) == 1
    assert [(record.message, record.exc_info) for record in caplog.records] == [
        ("fit@finance_risk: rows.csv: empty", None)
    ]


@pytest.mark.parametrize("code", [None, 0, 1, 143])
def test_whoever_is_told_to_end_does_not_end_well(step: Callable[..., None], code: int | None) -> None:
    def run(_job: Job) -> None:
        raise SystemExit(code)  # Lightning's has no code, which would mean 0

    step(run)
    assert stages.main(["fit", "finance_risk"]) == 143


def test_another_error_keeps_its_traceback(step: Callable[..., None]) -> None:
    def run(_job: Job) -> None:
        raise ZeroDivisionError

    step(run)
    with pytest.raises(ZeroDivisionError):
        stages.main(["fit", "finance_risk"])


def test_an_unknown_stage_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        stages.main(["train", "finance_risk"])
    assert ended.value.code == 2
    assert "invalid choice: 'train'" in capsys.readouterr().err


def test_what_a_kill_left_of_an_out_is_swept_and_nothing_else(step: Callable[..., None], tmp_path: Path) -> None:
    models = tmp_path / "models" / "finance_risk"
    (models / ".fitted.k1ll3d" / "bundle").mkdir(parents=True)
    (models / ".bundle.0ther").mkdir()  # compress may be at work
    (models / "fitted").mkdir()
    step(lambda _job: None)
    assert stages.main(["fit", "finance_risk"]) == 0
    assert sorted(path.name for path in models.iterdir()) == [".bundle.0ther", "fitted"]


def hold(path: Path, held: "multiprocessing.synchronize.Event", free: "multiprocessing.synchronize.Event") -> None:
    with held_lock(path, "a test"):
        held.set()
        free.wait(30)


def test_a_stage_waits_for_another_process_at_it_and_says_so(
    step: Callable[..., None], tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    spawn = multiprocessing.get_context("fork")
    held, free = spawn.Event(), spawn.Event()
    lock = tmp_path / "state" / "finance_risk" / "fit.lock"
    other = spawn.Process(target=hold, args=(lock, held, free))
    other.start()
    assert held.wait(30)
    warned = logging.Logger.warning
    said_while_held: list[bool] = []

    def warn(self: logging.Logger, *values: object) -> None:
        said_while_held.append(other.is_alive())
        warned(self, *values)
        free.set()  # only now: without its message the stage would wait for ever

    monkeypatch.setattr(logging.Logger, "warning", warn)
    step(lambda _job: None)
    assert stages.main(["fit", "finance_risk"]) == 0
    other.join()
    assert said_while_held == [True]
    assert caplog.messages == [f"fit@finance_risk: process {other.pid} is at it; waiting for it to end"]
    assert lock.read_text() == str(os.getpid())


def test_dvc_yaml_has_the_axes_of_every_kind_of_plot() -> None:
    plots = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]["evaluate"]["do"]["plots"]
    axes = {Path(path).name: (props["x"], props["y"]) for plot in plots for path, props in plot.items()}
    assert axes == KINDS


def test_stages_and_their_outs_are_those_of_dvc_yaml() -> None:
    pipeline = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    code = pipeline.pop("code")
    assert [*code["outs"][0]] == [RESOLVED]
    assert all(f"{RESOLVED}/${{key}}/{name}.yaml" in stage["do"]["deps"] for name, stage in pipeline.items())
    assert tuple(pipeline) == stages.STAGES == tuple(stages.OUTS)
    for name, stage in pipeline.items():
        plots = {str(Path(next(iter(plot))).parent) for plot in stage["do"].get("plots", [])}
        made = [*stage["do"]["outs"], *stage["do"].get("metrics", []), *plots]
        named = [re.sub(r"\$\{key\}", "toy", next(iter(out)) if isinstance(out, dict) else out) for out in made]
        outs = stages.OUTS[name](Paths(ROOT), "toy")
        assert sorted(named) == sorted(out.relative_to(ROOT).as_posix() for out in outs)
