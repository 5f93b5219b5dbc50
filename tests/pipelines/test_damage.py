"""Any file of a finished checkout damaged: each command has an answer, in one message or the same as ever."""

import contextlib
import io
import json
import logging
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.core.results import Check, Decision
from components.registry.champion import champion_version
from components.registry.ledger_writing import catch_up
from components.registry.promote import settle
from components.tracking.store import open_store
from components.tracking.track import connect
from pipelines import cli
from pipelines.environment import up_file
from tests.examples import examples
from tests.pipelines.conftest import ROOT, ROWS, Checkout

pytestmark = pytest.mark.slow

TOPS = ("state", "models", "mlartifacts", "ledger")
STORES = ("mlflow.db", ".prefect/prefect.db")
BESIDE = (*TOPS, *STORES, "params.yaml", "dvc.yaml", "dvc.lock", "data", "resolved", "reports", ".git")
ANSWERS = "answers.csv"
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("list", "--json"),
    ("metrics", "--json"),
    ("history", "toy", "--json"),
    ("champion", "toy", "--json"),
    ("trace", "toy", "--json"),
    ("predict", "toy", str(ROOT / ROWS), "--out", ANSWERS),
    ("down",),
    ("verify", "toy", "--json"),
    ("backup", "stores.tar"),
)
SIZED = {"backup"}  # whose answer differs from call to call
HOW = ("empty", "cut", "random", "a place", "removed", "a folder")


@pytest.fixture(scope="module")
def whole(pristine: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished case with a log of predictions, times of stages, a retrain and what `casebook up` notes."""
    root = tmp_path_factory.mktemp("whole") / "checkout"
    for name in BESIDE:
        if (pristine.root / name).exists():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            take = shutil.copytree if (pristine.root / name).is_dir() else shutil.copyfile
            take(pristine.root / name, root / name)
    catch_up(tracker := connect(root), "toy")
    if champion_version(tracker, "toy") is None:  # what the gate thinks of so little work is no matter
        settle(tracker, "toy", "1", Decision(True, (Check("scored", True, ""),)), {}, None)
    assert casebook(root, *COMMANDS[5])[0] == 0
    written = {
        up_file(root): '{"mark": "none", "addresses": {}}',
        root / "state" / "toy" / "times.json": '{"fetch": 2.0}',
        root / "state" / "toy" / "monitor" / "retrain.json": '{"id": "a", "time": "2026-01-01T00:00:00+00:00"}',
        root / "state" / "flows" / "0198c3a1-0000-7000-8000-000000000001": "",
    }
    for path, text in written.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def answers(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, ...], str]:
    """What each command says where nothing is damaged."""
    said = {}
    for command in COMMANDS:
        root = tmp_path_factory.mktemp("undamaged") / "checkout"
        code, said[command], problem = answered(whole, root, command)
        assert (code, "Traceback" in problem) == (0, False), f"{command}: {said[command]}{problem}"
    return said


@pytest.fixture(scope="module")
def files(whole: Path) -> list[str]:
    below = [path for top in TOPS for path in (whole / top).rglob("*") if path.is_file()]
    found = [str(path.relative_to(whole)) for path in below] + [name for name in STORES if (whole / name).exists()]
    assert len(found) > 40
    return sorted(found)


def casebook(root: Path, *arguments: str) -> tuple[int, str, str]:
    """Exit code, output and errors of a command in this process."""
    out, err, here = io.StringIO(), io.StringIO(), Path.cwd()
    kept, argv, handlers = dict(os.environ), sys.argv, logging.root.handlers
    for name in ("MLFLOW_TRACKING_URI", "PREFECT_HOME", "PREFECT_API_URL"):
        os.environ.pop(name, None)
    logging.root.handlers = [logging.StreamHandler(err)]
    sys.argv = ["casebook", *arguments]
    os.chdir(root)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = cli.main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        os.chdir(here)
        sys.argv, logging.root.handlers = argv, handlers
        for name in os.environ.keys() - kept.keys():
            del os.environ[name]
        os.environ.update({name: text for name, text in kept.items() if os.environ.get(name) != text})
    return code, out.getvalue(), err.getvalue()


def answered(
    whole: Path, root: Path, command: tuple[str, ...], harm: Callable[[Path], None] = lambda _: None
) -> tuple[int, str, str]:
    """A command's exit code, answer and messages in a copy, after something has happened to it."""
    root.mkdir(parents=True)
    for path in whole.iterdir():
        if path.name in TOPS:
            shutil.copytree(path, root / path.name)
        elif path.is_file():
            shutil.copyfile(path, root / path.name)
        else:
            (root / path.name).symlink_to(path)
    open_store(root)  # the artifacts' addresses are those of the copy
    harm(root)
    code, out, err = casebook(root, *command)
    if command[0] == "predict" and code == 0:
        out += (root / ANSWERS).read_text(encoding="utf-8")
    return code, "" if command[0] in SIZED else out.replace(str(root), "ROOT"), err


def damage(path: Path, how: str, noise: bytes) -> None:
    content = path.read_bytes()
    start = len(content) * (len(noise) % 7) // 7
    path.unlink()
    if how == "a folder":
        path.mkdir()
    elif how != "removed":
        cut = content[: max(len(content) - 1, 0) * (1 + len(noise) % 3) // 3]
        place = content[:start] + noise + content[start + len(noise) :]
        path.write_bytes({"empty": b"", "cut": cut, "random": noise, "a place": place}[how])


@pytest.fixture
def folders(tmp_path: Path) -> Iterator[Callable[[], Path]]:
    """A folder for each example: MLflow keeps the databases open that it has opened under a name."""
    count = iter(range(1_000_000))

    def fresh() -> Path:
        root = tmp_path / str(next(count)) / "checkout"
        shutil.rmtree(tmp_path / str(int(root.parent.name) - 1), ignore_errors=True)
        return root

    yield fresh
    shutil.rmtree(tmp_path, ignore_errors=True)


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(25), deadline=None)
def test_a_damaged_file_leads_to_an_answer_and_to_no_other_one(
    whole: Path,
    files: list[str],
    answers: dict[tuple[str, ...], str],
    folders: Callable[[], Path],
    data: st.DataObject,
) -> None:
    tops = sorted({Path(name).parts[0] for name in files})  # or one file of a hundred would be the database
    top, how = data.draw(st.sampled_from(tops)), data.draw(st.sampled_from(HOW))
    name = data.draw(st.sampled_from([name for name in files if Path(name).parts[0] == top]))
    command = data.draw(st.sampled_from(COMMANDS))
    noise = data.draw(st.binary(min_size=1, max_size=64)) * data.draw(st.integers(1, 200))
    code, out, err = answered(whole, folders(), command, lambda root: damage(root / name, how, noise))
    assert "Traceback" not in err
    if code == 0:
        assert out == answers[command]
    elif command[0] == "verify" and code == 1 and out:
        assert json.loads(out)
    elif code:
        assert (code, out) == (1, ""), err
        assert err.count("casebook: ") == 1, err


def test_a_lost_store_is_told_by_who_needs_it_and_comes_back(
    whole: Path, answers: dict[tuple[str, ...], str], folders: Callable[[], Path]
) -> None:
    needing = [command for command in COMMANDS if command[0] in {"list", "history", "champion", "trace", "predict"}]
    root = folders()
    code, _, err = answered(whole, root, ("run", "toy"), lambda root: (root / "mlflow.db").unlink())
    assert (code, err.count("casebook restore-registry toy`")) == (1, 1), err
    for command in (*needing, ("monitor", "toy", "--rows", str(ROOT / ROWS)), ("gc", "toy", "--keep", "1")):
        code, out, err = casebook(root, *command)
        assert (code, out, err.count("casebook restore-registry toy`")) == (1, "", 1), (command, err)
    code, out, err = casebook(root, "restore-registry")
    assert (code, out) == (0, "toy: MLflow has 1 decision back, version 1, champion version 1\n"), err
    for command in needing:
        code, out, err = casebook(root, *command)
        assert code == 0, err
        if command[0] == "predict":
            assert (root / ANSWERS).read_text(encoding="utf-8") in answers[command]
        elif command[0] in {"list", "history"}:
            assert out == answers[command]
    assert casebook(root, "restore-registry", "toy")[1] == "toy: MLflow has everything that its ledger file knows\n"
    verified = json.loads(casebook(root, "verify", "toy", "--json")[1])
    assert verified == json.loads(answers["verify", "toy", "--json"])


def test_a_champion_whose_folder_is_lost_as_well_comes_back_from_the_checkouts_bundle(
    whole: Path, answers: dict[tuple[str, ...], str], folders: Callable[[], Path]
) -> None:
    root = folders()

    def lose(root: Path) -> None:
        (root / "mlflow.db").unlink()
        shutil.rmtree(root / "mlartifacts")

    assert answered(whole, root, ("list",), lose)[0] == 1
    code, out, err = casebook(root, "restore-registry", "toy")
    assert (code, out) == (0, "toy: MLflow has 1 decision back, version 1, champion version 1\n"), err
    assert casebook(root, *COMMANDS[5])[0] == 0
    assert (root / ANSWERS).read_text(encoding="utf-8") in answers[COMMANDS[5]]
