"""`casebook run`: cases in turn or side by side, the quickest first, with a line before and after each."""

import copy
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from components.core.files import write_json
from components.core.params.case import Params
from components.core.params.load import load_params
from pipelines.case_times import expected
from pipelines.casewise import in_turn
from pipelines.stages import MAKE_BUNDLE, STAGES

ROOT = Path(__file__).resolve().parents[2]
RUN = ("python", "-m", "pipelines.cli", "run")
TIMED = {f"reports/toy/{name}" for name in ("compression", "metrics.json", "summary.json", "card.md", "release.json")}


def params_of(*names: str, **starts: str) -> Params:
    case = load_params(ROOT / "params.yaml").case("finance_risk")
    return Params(cases={name: case.model_copy(update={"start": starts.get(name)}) for name in names})


def took(root: Path, case: str, seconds: float) -> None:
    folder = root / "state" / case
    folder.mkdir(parents=True)
    write_json(folder / "times.json", dict.fromkeys(STAGES, seconds))


def order(named: list[str], params: Params, root: Path) -> list[str]:
    needed = frozenset(f"{stage}@{case}" for case in params.cases for stage in STAGES)
    return [work.case for work in in_turn(named, needed, params, root)]


def test_the_quickest_comes_first_and_what_never_ran_in_the_order_it_was_named(tmp_path: Path) -> None:
    params = params_of("a", "b", "c", "d")
    assert order(["d", "a", "c", "b"], params, tmp_path) == ["d", "a", "c", "b"]
    took(tmp_path, "a", 9.0)
    took(tmp_path, "c", 2.0)
    assert order(["d", "a", "b", "c"], params, tmp_path) == ["c", "a", "d", "b"]


def test_a_case_comes_after_those_that_it_starts_from(tmp_path: Path) -> None:
    params = params_of("a", "b", "c", "d", b="a", c="b")
    took(tmp_path, "c", 1.0)
    took(tmp_path, "d", 5.0)
    assert order(["a", "b", "c", "d"], params, tmp_path) == ["a", "b", "c", "d"]
    assert order(["d", "c"], params, tmp_path) == ["a", "b", "c", "d"]  # in time of c, which is the quickest


def test_of_a_case_that_is_not_named_the_bundle_is_made_and_what_is_up_to_date_waits_for_nothing(
    tmp_path: Path,
) -> None:
    params = params_of("a", "b", b="a")
    every = frozenset(f"{stage}@{case}" for case in ("a", "b") for stage in STAGES)
    bundle, whole = in_turn(["b"], every, params, tmp_path)
    assert bundle.stages == tuple(f"{stage}@a" for stage in MAKE_BUNDLE)
    assert whole.stages == tuple(f"{stage}@b" for stage in STAGES)
    assert (bundle.after, whole.after) == ((), ("a",))
    (left,) = in_turn(["a", "b"], frozenset({"evaluate@b", "release@b"}), params, tmp_path)
    assert (left.case, left.stages) == ("b", ("evaluate@b", "release@b"))


@pytest.mark.slow
def test_side_by_side_give_the_same_bytes_and_a_failed_case_ends_alone(checkout: Any, pristine: Any) -> None:
    """`broken` has no rows to read, and `heir` starts from it; `toy` and `other` run to their ends meanwhile."""
    params = checkout.params()
    broken, heir = (copy.deepcopy(params["cases"]["toy"]) for _ in range(2))
    broken["source"] |= {"path": "nowhere.csv", "watch": "params.yaml"}
    heir["start"] = "broken"
    params["cases"] = {"broken": broken, **params["cases"], "heir": heir}
    checkout.write_params(params)
    checkout.commit()
    ended = checkout.run(*RUN, "--jobs", "2", PYTHONHASHSEED="1")
    assert ended.code == 1, ended.said
    said = ended.said.splitlines()
    assert len([line for line in said if re.fullmatch(r"broken: failed after .* s; why stands above", line)]) == 2
    closing = said[-14:]
    assert closing[:1] == [line for line in closing if line.startswith("broken: failed after ")]
    for place, case in ((1, "toy"), (6, "other")):
        assert re.fullmatch(rf"{case}: version 1 promoted after .* s", closing[place])
        assert closing[place + 4].split(maxsplit=3)[:3] == ["predict", "casebook", "predict"]
    assert closing[11:] == [
        "heir: not run; it starts from broken, which failed",
        "4 cases: 1 failed, 2 promoted, 1 left out",
        "MLflow's pages: casebook ui",
    ]
    assert "nowhere.csv: not found; correct source.path" in ended.said
    # Stages are forks of a helper here; they say what those of `dvc repro` say, and no more.
    for other in ("starts by itself", "no helper", "GPU available"):
        assert other not in ended.said
    for case in ("toy", "other"):
        assert [line for line in said if re.fullmatch(rf"{case} \(. of 4\): all stages", line)]
        line = rf"{case}: version 1 promoted; auc \S+ \[\S+, \S+\], the best baseline \S+ \(\w+\); .* s"
        assert [one for one in said if re.fullmatch(line, one)], ended.said
        assert expected(checkout.root, case, STAGES) is not None
    side_by_side = [place for place, line in enumerate(said) if re.match(r"(toy|other)( \(|: version)", line)]
    assert re.search(r"\(. of 4\)", said[side_by_side[1]]), "both began before either ended"
    assert expected(checkout.root, "broken", ["fetch"]) is None
    found, alone = checkout.outs(), pristine.outs()
    assert {path for path in alone if not path.startswith("resolved") and found[path] != alone[path]} <= TIMED
    assert checkout.stale() == sorted(f"{stage}@{case}" for case in ("broken", "heir") for stage in STAGES)


@pytest.mark.slow
def test_what_is_up_to_date_starts_no_dvc_and_what_is_not_is_told_with_its_last_time(finished: Any) -> None:
    ended = finished.run(*RUN, "toy")
    assert ended.code == 0
    assert re.match(r"toy: version 1 promoted, up to date\n  served   auc \d", ended.said), ended.said
    command = next(line.split() for line in ended.said.splitlines() if line.startswith("  predict  "))[1:]
    assert command[:3] == ["casebook", "predict", "toy"]
    answered = finished.run(*RUN[:3], *command[1:])
    assert (answered.code, "answers.csv: 400 rows" in answered.said) == (0, True), answered.said
    (finished.root / "answers.csv").unlink()
    plans = []
    for floor in (0.51, 0.52):
        finished.set("release.floors.auc", floor)
        finished.commit()
        ended = finished.run(*RUN, "toy")
        assert ended.code == 0, ended.said
        assert re.findall("Running stage '(.*)'", ended.said) == ["code", "release@toy"]
        plans += [line for line in ended.said.splitlines() if line.startswith("toy (")]
    assert plans[0] == "toy (1 of 1): release"
    assert re.fullmatch(r"toy \(1 of 1\): release; (\d+ min )?\d+ s last time", plans[1])


@pytest.mark.slow
@pytest.mark.parametrize(("number", "cold"), [(signal.SIGTERM, ""), (signal.SIGKILL, ""), (signal.SIGKILL, "1")])
def test_told_to_end_it_ends_its_stage_and_killed_it_leaves_it_to_the_next_run(
    finished: Any, wait_until: Callable[..., None], number: signal.Signals, cold: str
) -> None:
    finished.set("release.floors.auc", 0.51)
    finished.commit()
    lock = finished.root / "state" / "toy" / "release.lock"
    before = lock.read_text()
    started = finished.start(*RUN, "toy", "other", CASEBOOK_COLD=cold)
    wait_until(lambda: lock.read_text() not in ("", before), "the release began")
    stage = int(lock.read_text())
    assert ("pipelines.warm.helper" in psutil.Process(stage).cmdline()) == (not cold)
    started.process.send_signal(number)
    assert started.wait().code == (143 if number == signal.SIGTERM else -number), started.said
    assert psutil.pid_exists(stage) == (number == signal.SIGKILL)
    assert "other (" not in started.said
    ended = finished.run(*RUN, "toy")
    assert ended.code == 0, ended.said
    # Killed, it left DVC at work, for which the next one waits.
    assert ended.said.count("Running stage 'release@toy'") == (0 if number == signal.SIGKILL else 1)
    assert finished.rows("select version from model_versions") == [(1,)]
    assert finished.stale() == sorted(f"{stage}@other" for stage in STAGES)
