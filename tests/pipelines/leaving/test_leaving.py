"""A case that leaves, or gets another name, in a git and DVC checkout where it was fetched and prepared."""

import fcntl
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.core.errors import CasebookError
from components.core.files import write_json
from pipelines.leaving import collect, lockfile, params
from pipelines.leaving import remove as removing
from pipelines.leaving import rename as renaming
from pipelines.leaving.folders import folders, moved
from tests.components.registry.toys import keep_events

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
OF_CASES = """  cases:
    other:
      retrain.cron: 1 1 * * *
    toy:
      monitor.sample: 20
"""


class CutOffError(Exception):
    """Stands for a kill."""


@pytest.fixture(autouse=True)
def _no_store_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MLFLOW_TRACKING_URI", "CASEBOOK_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def prepared(checkouts: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The cases `toy` and `other`, fetched and prepared; toy has settings of its own in `operate`, and comments."""
    made = checkouts(tmp_path_factory.mktemp("prepared") / "checkout")
    content = made.params()
    del content["operate"]["cases"]
    content["operate"] = content.pop("operate")
    made.write_params(content)
    made.append("params.yaml", OF_CASES)
    text = made.root.joinpath("params.yaml").read_text(encoding="utf-8")
    text = text.replace("\n  toy:\n", "\n  # What toy is.\n  toy:   # a toy\n", 1)
    made.root.joinpath("params.yaml").write_text(text.replace("\n  other:\n", "\n\n  # Another.\n  other:\n", 1))
    ended = made.repro("prepare@toy", "prepare@other")
    assert ended.code == 0, ended.said
    made.commit()
    return made


@pytest.fixture
def checkout(prepared: Any, tmp_path: Path) -> Any:
    root = tmp_path / "checkout"
    shutil.copytree(prepared.root, root, symlinks=True)
    return type(prepared)(root, prepared.environment)


def text_of(checkout: Any, name: str = "params.yaml") -> str:
    return str((checkout.root / name).read_text(encoding="utf-8"))


def stages(checkout: Any) -> list[str]:
    """Of cases: the stage `code` is of all of them."""
    return sorted(checkout.lock().keys() - {"code"})


def test_a_renamed_case_has_its_block_in_its_place_and_nothing_is_to_run(checkout: Any) -> None:
    before, stale, outs = text_of(checkout), checkout.stale(), checkout.outs()
    renaming.rename(checkout.root, "toy", "loans")
    assert text_of(checkout) == before.replace("  toy:   # a toy\n", "  loans:   # a toy\n").replace(
        "    toy:\n      monitor.sample", "    loans:\n      monitor.sample"
    )
    assert text_of(checkout).count("loans") == 2
    assert "toy" not in text_of(checkout, "dvc.lock").replace("tests/toy/", "")
    assert stages(checkout) == ["fetch@loans", "fetch@other", "prepare@loans", "prepare@other"]
    assert checkout.outs() == {moved(path, "toy", "loans"): md5 for path, md5 in outs.items()}
    assert checkout.stale() == sorted(stage.replace("@toy", "@loans") for stage in stale)
    ended = checkout.repro("prepare@loans")
    assert ended.code == 0, ended.said
    assert re.findall(r"Running stage .(\S+).:", ended.said) in ([], ["code"])
    assert folders(checkout.root, "toy") == []
    assert not (checkout.root / renaming.JOURNAL).exists()


def test_a_case_that_is_called_as_its_stage_is_renamed_in_the_command_s_end_alone(tmp_path: Path) -> None:
    content = {
        "fit@fit": {
            "cmd": "python -m pipelines.stages fit fit",
            "deps": [{"path": "models/fit/best.json", "md5": "1"}, {"path": "components/models/fit", "md5": "2"}],
            "params": {"params.yaml": {"cases.fit.fit": {"lr": 1}}, "resolved/fit/fit.yaml": {"x": 1}},
            "outs": [{"path": "models/fit/fitted", "md5": "3"}],
        },
        "fit@other": {"cmd": "python -m x other", "deps": [{"path": "models/fit", "md5": "4"}]},
    }
    (tmp_path / "dvc.lock").write_text(yaml.safe_dump({"schema": "2.0", "stages": content}), encoding="utf-8")
    lockfile.rename_case(tmp_path, "fit", "new")
    found = yaml.safe_load((tmp_path / "dvc.lock").read_bytes())["stages"]
    assert found["fit@new"] == {
        "cmd": "python -m pipelines.stages fit new",
        "deps": [{"path": "models/new/best.json", "md5": "1"}, {"path": "components/models/fit", "md5": "2"}],
        "params": {"params.yaml": {"cases.new.fit": {"lr": 1}}, "resolved/new/fit.yaml": {"x": 1}},
        "outs": [{"path": "models/new/fitted", "md5": "3"}],
    }
    assert found["fit@other"] == {"cmd": "python -m x other", "deps": [{"path": "models/new", "md5": "4"}]}


@pytest.mark.parametrize(
    ("owner", "step", "call"),
    [
        (Path, "replace", 1),  # one folder has moved
        (Path, "replace", 4),  # all have
        (Path, "unlink", 1),  # the state has been mended
        (lockfile, "rename_case", 1),
        (params, "rename_case", 1),
    ],
)
def test_a_renaming_that_was_cut_off_goes_on_and_no_other_begins(
    checkout: Any, owner: Any, step: str, call: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = checkout.root / "state" / "toy" / "fit" / "last.ckpt"
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    checkpoint.write_bytes(b"weights")
    whole, calls = getattr(owner, step), 0

    def cut_off(*values: Any, **named: Any) -> None:
        nonlocal calls
        calls += values[0].is_dir() or values[0].suffix == ".ckpt"  # not the journal's
        whole(*values, **named)
        if calls == call:
            raise CutOffError

    with monkeypatch.context() as patched:
        patched.setattr(owner, step, cut_off)
        with pytest.raises(CutOffError):
            renaming.rename(checkout.root, "toy", "loans")
    with pytest.raises(CasebookError, match="finish it first: casebook rename toy loans"):
        renaming.rename(checkout.root, "other", "another")
    renaming.rename(checkout.root, "toy", "loans")
    assert list(checkout.params()["cases"]) == ["loans", "other"]
    assert stages(checkout) == ["fetch@loans", "fetch@other", "prepare@loans", "prepare@other"]
    assert [path.parent.name for path in folders(checkout.root, "loans")] == ["raw", "prepared", "resolved", "state"]
    assert not (checkout.root / renaming.JOURNAL).exists()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("toi", "loans", "no case 'toi'; did you mean 'toy'?"),
        ("toy", "other", "params.yaml has a case 'other' already"),
        ("toy", "My loans", "'My loans' cannot name a case"),
        ("toy", "loans", "reports/loans: in the way of 'loans'"),
    ],
)
def test_a_name_that_is_none_or_taken_is_refused(checkout: Any, old: str, new: str, message: str) -> None:
    (checkout.root / "reports" / "loans").mkdir(parents=True)
    before = text_of(checkout), text_of(checkout, "dvc.lock")
    with pytest.raises(CasebookError) as refused:
        renaming.rename(checkout.root, old, new)
    assert message in str(refused.value)
    assert (text_of(checkout), text_of(checkout, "dvc.lock")) == before


def test_a_case_leaves_and_the_other_is_as_it_was(checkout: Any) -> None:
    for folder in ("state/predictions/toy", "state/smoke/toy/data", "resolved/toy"):
        write_json(checkout.root / folder / "file.json", {})
    before, other = text_of(checkout), checkout.digests("data/raw/other")
    planned = removing.plan(checkout.root, "toy", registry=False)
    assert text_of(checkout) == before
    assert [(one.what, one.number) for one in planned if one.bytes is None] == [
        ("params.yaml: cases.toy", 1),
        ("params.yaml: operate.cases.toy", 1),
        ("dvc.lock: stages", 2),
    ]
    raw = checkout.root / "data" / "raw" / "toy"
    sizes = [path.stat().st_size for path in raw.rglob("*") if path.is_file()]
    assert [(one.number, one.bytes) for one in planned if one.what == "data/raw/toy/"] == [(len(sizes), sum(sizes))]
    removing.remove(checkout.root, "toy", registry=False)
    start, end = before.index("  # What toy is.\n"), before.index("  # Another.\n")
    own = before[before.index("    toy:\n      monitor.sample") :]
    assert text_of(checkout) == (before[:start] + before[end:]).replace(own, "")
    assert stages(checkout) == ["fetch@other", "prepare@other"]
    assert folders(checkout.root, "toy") == []
    assert checkout.digests("data/raw/other") == other
    assert [stage for stage in checkout.stale() if stage in stages(checkout)] == []


@pytest.mark.parametrize(("module", "step"), [(lockfile, "forget_case"), (params, "forget_case")])
def test_a_removal_that_was_cut_off_goes_on(
    checkout: Any, module: Any, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(*_: Any) -> None:
        raise CutOffError

    with monkeypatch.context() as patched:
        patched.setattr(module, step, cut_off)
        with pytest.raises(CutOffError):
            removing.remove(checkout.root, "toy", registry=False)
    assert "toy" in checkout.params()["cases"]
    removing.remove(checkout.root, "toy", registry=False)
    assert list(checkout.params()["cases"]) == ["other"]
    assert stages(checkout) == ["fetch@other", "prepare@other"]


def test_the_last_case_leaves_an_empty_mapping(checkout: Any) -> None:
    for case in ("toy", "other"):
        removing.remove(checkout.root, case, registry=False)
    assert checkout.params()["cases"] == {}
    assert checkout.params()["operate"]["cases"] == {}
    assert stages(checkout) == []


def test_a_case_that_is_at_work_stays_in_its_place(checkout: Any) -> None:
    lock = checkout.root / "state" / "toy" / "prepare.lock"
    with lock.open("r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        process = file.read()
        for take in (
            lambda: removing.plan(checkout.root, "toy", registry=False),
            lambda: removing.remove(checkout.root, "toy", registry=True),
            lambda: renaming.rename(checkout.root, "toy", "loans"),
        ):
            with pytest.raises(CasebookError, match=f"toy: prepare is under way .process {process}.; wait"):
                take()
        assert collect.collect(checkout.root, ["toy"], 1, dry_run=False) == []
    removing.plan(checkout.root, "toy", registry=False)


def test_a_case_that_another_rests_on_stays(checkout: Any) -> None:
    for key in ("path", "watch"):
        checkout.set(f"source.{key}", "data/raw/toy/rows.csv", case="other")
    before = text_of(checkout)
    with pytest.raises(CasebookError, match="toy: fetch@other would be left without what toy makes"):
        removing.remove(checkout.root, "toy", registry=False)
    with pytest.raises(CasebookError, match="toy: fetch@other names it"):
        renaming.rename(checkout.root, "toy", "loans")
    assert text_of(checkout) == before
    assert folders(checkout.root, "toy") != []


def test_another_dvc_at_work_is_one_message(checkout: Any) -> None:
    with lockfile.dvc_held(checkout.root):
        ended = checkout.run("python", "-m", "pipelines.cli", "remove", "toy")
    assert ended.code == 1
    assert "another dvc is at work here; wait" in ended.said
    assert "Traceback" not in ended.said


def test_checkpoints_of_a_fit_that_was_cut_off_do_not_move(checkout: Any) -> None:
    state = checkout.root / "state" / "toy" / "fit" / "abc"
    write_json(state / "mlflow_run.json", {"run": "1"})
    (state / "last.ckpt").write_bytes(b"it names its folder")
    renaming.rename(checkout.root, "toy", "loans")
    assert [path.name for path in (checkout.root / "state" / "loans" / "fit" / "abc").iterdir()] == ["mlflow_run.json"]


def test_states_of_work_whose_result_the_lock_has_are_collected_and_no_others(checkout: Any) -> None:
    write = (checkout.root / "dvc.lock").write_text
    content = yaml.safe_load(text_of(checkout, "dvc.lock"))
    content["stages"]["fit@toy"] = {"cmd": "x", "outs": [{"path": "models/toy/fitted", "md5": "a.dir"}]}
    write(yaml.safe_dump(content), encoding="utf-8")
    for name, done in (("over", "a.dir"), ("not_recorded", "b.dir"), ("cut_off", None)):
        state = checkout.root / "state" / "toy" / "fit" / name
        state.mkdir(parents=True)
        (state / "last.ckpt").write_bytes(b"x" * 100)
        if done:
            write_json(state / "done.json", {"md5": done})
    (checkout.root / "state" / "toy" / "refit" / "weights").mkdir(parents=True)
    size = 100 + (checkout.root / "state" / "toy" / "fit" / "over" / "done.json").stat().st_size
    expected = [collect.Portion("toy", "checkpoints of finished fits", "over", 1, size)]
    assert collect.collect(checkout.root, ["toy"], 1, dry_run=True) == expected
    assert collect.collect(checkout.root, ["toy"], 1, dry_run=False) == expected
    assert collect.collect(checkout.root, ["toy"], 1, dry_run=False) == []
    left = sorted(path.name for path in (checkout.root / "state" / "toy" / "fit").iterdir())
    assert left == ["cut_off", "not_recorded"]
    assert (checkout.root / "state" / "toy" / "refit" / "weights").is_dir()


def test_histories_whose_place_newer_ones_have_taken_are_collected(checkout: Any) -> None:
    sets = checkout.root / "models" / "toy" / "caught-up"
    for number, encoders in ((1, "a"), (2, "b"), (3, "b")):
        keep_events(sets / str(number), encoders)
    size = sum(path.stat().st_size for path in (sets / "2").iterdir())
    expected = [collect.Portion("toy", "histories caught up with before", "2", 1, size)]
    assert collect.collect(checkout.root, ["toy"], 1, dry_run=True) == expected
    assert collect.collect(checkout.root, ["toy"], 1, dry_run=False) == expected
    assert sorted(path.name for path in sets.iterdir()) == ["1", "3"]


def test_former_outs_leave_the_cache_and_those_of_any_branch_stay(checkout: Any) -> None:
    def prepare(seed: int) -> dict[str, str]:
        checkout.set("prepare.split.seed", seed)
        ended = checkout.repro("prepare@toy")
        assert ended.code == 0, ended.said
        return dict(checkout.digests("data/prepared/toy"))

    def cached(files: dict[str, str]) -> list[bool]:
        folder = checkout.root / ".dvc" / "cache" / "files" / "md5"
        return [(folder / md5[:2] / md5[2:]).is_file() for md5 in files.values()]

    committed = dict(checkout.digests("data/prepared/toy"))
    former, newest = prepare(1001), prepare(1002)
    own = set(former.values()) - set(committed.values()) - set(newest.values())
    assert own
    (planned,) = [one for one in collect.collect(checkout.root, [], 1, dry_run=True) if one.case == "all"]
    assert all(cached(former))
    assert collect.collect(checkout.root, [], 1, dry_run=False) == [planned]
    assert planned.number == len(own) + 1  # and the list of the folder's files
    assert not any(cached({name: md5 for name, md5 in former.items() if md5 in own}))
    assert all([*cached(committed), *cached(newest)])
    assert collect.collect(checkout.root, [], 1, dry_run=True) == []


def test_the_cache_of_several_checkouts_is_left_alone(checkout: Any, tmp_path: Path) -> None:
    checkout.run("dvc", "config", "--local", "cache.dir", str(tmp_path / "shared"))
    ended = checkout.run("python", "-m", "pipelines.cli", "gc", "--keep", "1")
    assert ended.code == 1
    assert "DVC's cache lies outside this checkout" in ended.said


def test_the_commands_say_what_they_did(checkout: Any) -> None:
    said = checkout.run("python", "-m", "pipelines.cli", "remove", "toy", "--dry-run", "--json").said
    assert {one["what"] for one in json.loads(said[said.index("[") : said.rindex("]") + 1])} > {"data/raw/toy/"}
    assert (checkout.root / "data" / "raw" / "toy").is_dir()
    (checkout.root / "prefect.yaml").write_text("", encoding="utf-8")
    ended = checkout.run("python", "-m", "pipelines.cli", "rename", "toy", "loans")
    assert ended.code == 0
    assert "toy is loans now" in ended.said
    assert "run `casebook deploy`" in ended.said
    ended = checkout.run("python", "-m", "pipelines.cli", "remove", "lones")
    assert (ended.code, "did you mean 'loans'?" in ended.said) == (1, True)
    ended = checkout.run("python", "-m", "pipelines.cli", "remove", "loans")
    assert (ended.code, "what MLflow has of loans is still there" in ended.said) == (0, True)
