"""Back up, destroy, restore: what was registered can be traced again, and what is no backup is refused."""

import io
import json
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import optuna
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.core.bundle import bundle_md5
from components.core.errors import CasebookError
from components.registry.promote import settle
from components.registry.register import bundle_of, register
from components.registry.trace import trace
from components.tracking.track import connect
from pipelines.servers.backup import backup, restore
from tests.components.registry.toys import CASE, METRICS, PASSED, keep_events, make_release, toy_packages
from tests.examples import examples
from tests.toy.jobs import CHECKOUT

pytestmark = pytest.mark.slow
SETS = f"models/{CASE}/caught-up"
STUDY = Path("state") / CASE / "search" / "0123" / "study.db"


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MLFLOW_TRACKING_URI", "CASEBOOK_DATABASE_URL", "CASEBOOK_S3_URL", "CASEBOOK_HOST"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A checkout with a champion, a study and Prefect's database."""
    root = tmp_path_factory.mktemp("made") / "checkout"
    root.mkdir()
    with toy_packages(root.parent / "code"):
        tracker = connect(root)
        settle(tracker, CASE, register(tracker, make_release(tracker)), PASSED, METRICS, None)
        (root / STUDY).parent.mkdir(parents=True)
        study = optuna.create_study(storage=f"sqlite:///{root / STUDY}", study_name=CASE)
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
        keep_events(root / SETS / "1")
        keep_events(root / SETS / ".2.half")  # what a killed process has left
        (root / ".prefect").mkdir()
        with closing(sqlite3.connect(root / ".prefect" / "prefect.db")) as connection, connection:
            connection.execute("create table flow_run as select 'kept' as name")
        yield root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "checkout"))


@pytest.fixture(scope="module")
def packed(made: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a backup."""
    target = tmp_path_factory.mktemp("packed") / "stores.tar"
    backup(made, target)
    return target.read_bytes()


def test_what_was_destroyed_is_there_again_in_another_folder(root: Path, tmp_path: Path) -> None:
    before = trace(connect(root), CASE)
    md5 = bundle_md5(bundle_of(connect(root), CASE, "1"))
    size = backup(root, tmp_path / "stores.tar")
    assert size == (tmp_path / "stores.tar").stat().st_size > 100_000
    assert (tmp_path / "stores.tar").stat().st_mode & 0o777 == 0o600
    shutil.rmtree(root)
    elsewhere = tmp_path / "elsewhere"
    restored = restore(elsewhere, tmp_path / "stores.tar")
    assert restored == [".prefect/prefect.db", f"ledger/{CASE}.jsonl", "mlartifacts", "mlflow.db", SETS, str(STUDY)]
    assert [path.name for path in (elsewhere / SETS).iterdir()] == ["1"]
    assert trace(connect(elsewhere), CASE) == before
    assert bundle_md5(bundle_of(connect(elsewhere), CASE, "1")) == md5
    assert len(optuna.load_study(storage=f"sqlite:///{elsewhere / STUDY}", study_name=CASE).trials) == 1
    with closing(sqlite3.connect(elsewhere / ".prefect" / "prefect.db")) as connection:
        assert connection.execute("select name from flow_run").fetchall() == [("kept",)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "stores.tar"]


@pytest.mark.parametrize("shared", [False, True])
def test_what_is_restored_is_closed_to_others(root: Path, tmp_path: Path, shared: bool) -> None:
    backup(root, tmp_path / "stores.tar")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    if shared:
        (elsewhere / "params.yaml").write_text("operate: {shared: true}\n", encoding="utf-8")
    restored = restore(elsewhere, tmp_path / "stores.tar")
    folder, file = (0o770, 0o660) if shared else (0o700, 0o600)
    places = [elsewhere / name for name in restored]
    found = [
        *places,
        *(one for place in places for one in place.rglob("*")),
        elsewhere / ".prefect",
        elsewhere / "ledger",
    ]
    assert len(found) > 40
    modes = {(one.is_dir(), stat.S_IMODE(one.stat().st_mode)) for one in found}
    assert modes == {(True, folder), (False, file)}


def test_ledgers_alone_are_no_store(tmp_path: Path) -> None:
    (tmp_path / "other" / "ledger").mkdir(parents=True)
    (tmp_path / "other" / "ledger" / f"{CASE}.jsonl").write_text("", encoding="utf-8")
    with pytest.raises(CasebookError, match="no store to back up"):
        backup(tmp_path / "other", tmp_path / "alone.tar")


def test_a_database_is_copied_as_it_is_at_one_moment(root: Path, tmp_path: Path) -> None:
    """Somebody is in the middle of writing: what is not committed is not in the backup."""
    with closing(sqlite3.connect(root / "mlflow.db")) as writer:
        before = writer.execute("select count(*) from tags").fetchone()
        writer.execute("delete from tags")
        backup(root, tmp_path / "stores.tar")
        writer.rollback()
    restore(tmp_path / "other", tmp_path / "stores.tar")
    with closing(sqlite3.connect(tmp_path / "other" / "mlflow.db")) as connection:
        assert connection.execute("select count(*) from tags").fetchone() == before


def test_stores_in_the_way_are_named_and_replaced_when_told_to(root: Path, tmp_path: Path) -> None:
    backup(root, tmp_path / "stores.tar")
    with closing(sqlite3.connect(root / ".prefect" / "prefect.db")) as connection, connection:
        connection.execute("update flow_run set name = 'later'")
    (root / "mlartifacts" / "later").write_text("later", encoding="utf-8")
    with pytest.raises(
        CasebookError, match=r"\.prefect/prefect\.db, ledger/\S+, mlartifacts, mlflow\.db, .* exist; move them away"
    ):
        restore(root, tmp_path / "stores.tar")
    restore(root, tmp_path / "stores.tar", replace=True)
    with closing(sqlite3.connect(root / ".prefect" / "prefect.db")) as connection:
        assert connection.execute("select name from flow_run").fetchall() == [("kept",)]
    assert not (root / "mlartifacts" / "later").exists()
    assert trace(connect(root), CASE)["version"] == "1"


def test_a_damaged_backup_restores_nothing(root: Path, tmp_path: Path) -> None:
    backup(root, tmp_path / "stores.tar")
    content = bytearray((tmp_path / "stores.tar").read_bytes())
    place = content.index(b"SQLite format 3") + 5000
    content[place] ^= 1
    (tmp_path / "stores.tar").write_bytes(content)
    with pytest.raises(CasebookError, match="damaged, 1 files are not as they were, such as"):
        restore(tmp_path / "other", tmp_path / "stores.tar")
    assert list((tmp_path / "other").iterdir()) == []


@pytest.mark.parametrize("name", ["notes.txt", "../outside", "manifest.json"])
def test_another_file_is_no_backup(name: str, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "some.tar", "w") as archive:
        member = tarfile.TarInfo(name)
        member.size = 2
        archive.addfile(member, io.BytesIO(b"hi"))
    with pytest.raises(CasebookError, match="not a backup of `casebook backup`"):
        restore(tmp_path / "other", tmp_path / "some.tar")
    assert not (tmp_path / "outside").exists()


def test_a_later_format_is_refused(root: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "some.tar", "w") as archive:
        text = json.dumps({"format": 2, "files": {}}).encode()
        member = tarfile.TarInfo("manifest.json")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text))
    with pytest.raises(CasebookError, match="a backup of format 2, this version reads 1"):
        restore(root, tmp_path / "some.tar")


def test_nothing_is_overwritten_and_nothing_is_no_backup(root: Path, tmp_path: Path) -> None:
    (tmp_path / "stores.tar").write_text("mine", encoding="utf-8")
    with pytest.raises(CasebookError, match=r"stores\.tar: exists; name another file"):
        backup(root, tmp_path / "stores.tar")
    assert (tmp_path / "stores.tar").read_text(encoding="utf-8") == "mine"
    (tmp_path / "empty").mkdir()
    with pytest.raises(CasebookError, match="no store to back up"):
        backup(tmp_path / "empty", tmp_path / "other.tar")
    assert not (tmp_path / "other.tar").exists()


def test_a_missing_pg_dump_is_named(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASEBOOK_DATABASE_URL", "postgresql+psycopg://me:hidden@127.0.0.1:1/team")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CasebookError, match="pg_dump: not found; install PostgreSQL's client"):
        backup(root, tmp_path / "stores.tar")


@pytest.mark.parametrize("store", ["mlflow.db", ".prefect/prefect.db", str(STUDY)])
@pytest.mark.parametrize("how", ["cut", "random"])
def test_a_damaged_store_is_named_and_no_backup_is_made_of_it(root: Path, tmp_path: Path, store: str, how: str) -> None:
    content = (root / store).read_bytes()
    (root / store).write_bytes(content[: len(content) // 2] if how == "cut" else bytes(range(256)) * 32)
    with pytest.raises(CasebookError, match=rf"{re.escape(store)}: damaged .*`casebook restore`"):
        backup(root, tmp_path / "stores.tar")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkout"]


@pytest.mark.parametrize("manifest", [b"", b"[]", b"7", b"{}", b'{"format": 1}', b'{"format": 1, "files": 3}', b"\xff"])
def test_a_damaged_manifest_is_no_backup(tmp_path: Path, manifest: bytes) -> None:
    with tarfile.open(tmp_path / "some.tar", "w") as archive:
        member = tarfile.TarInfo("manifest.json")
        member.size = len(manifest)
        archive.addfile(member, io.BytesIO(manifest))
    with pytest.raises(CasebookError, match=r"some\.tar: not a backup of `casebook backup`, or a damaged one"):
        restore(tmp_path / "other", tmp_path / "some.tar")


@given(place=st.floats(0, 1), noise=st.binary(max_size=600), times=st.integers(1, 10))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(10), deadline=None)
def test_whatever_is_damaged_of_a_backup_nothing_of_it_is_restored(
    packed: bytes, tmp_path: Path, place: float, noise: bytes, times: int
) -> None:
    """A place of it is overwritten, or it is cut off there."""
    start, over = int(place * len(packed)), noise * times
    (tmp_path / "stores.tar").write_bytes(packed[:start] + (over + packed[start + len(over) :] if over else b""))
    other, said = tmp_path / "other", None
    shutil.rmtree(other, ignore_errors=True)
    try:
        restore(other, tmp_path / "stores.tar")
    except CasebookError as error:
        said = str(error)
    there = {path.name for path in other.iterdir()}
    if said is None:  # it fell on what says nothing, such as the padding between two files
        assert there == {".prefect", "ledger", "mlartifacts", "mlflow.db", "models", "state"}
    else:
        assert ("stores.tar" in said, there) == (True, set())


def test_a_disk_that_takes_no_more_is_one_message(root: Path, tmp_path: Path) -> None:
    """Each file that a process writes may have a limit; what a full disk says comes the same way."""
    code = (
        "import resource, sys; from pathlib import Path; from components.core.errors import CasebookError\n"
        "from pipelines.servers.backup import backup, restore\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)\n"
        "try: backup(Path(sys.argv[2]), Path(sys.argv[3]))\n"
        "except CasebookError as error: print(error)"
    )
    databases = [root / "mlflow.db", root / ".prefect" / "prefect.db", root / STUDY]
    largest = max(path.stat().st_size for path in databases)
    limits = {8192: "mlflow.db: cannot be copied to", largest + 8192: "stores.tar: File too large; the disk"}
    for limit, said in limits.items():
        command = [sys.executable, "-c", code, str(limit), str(root), str(tmp_path / "to" / "stores.tar")]
        done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
        assert said in done.stdout, done
        assert (done.stderr, list((tmp_path / "to").iterdir())) == ("", [])


def test_a_folder_that_takes_nothing_is_one_message(root: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    for target in (tmp_path / "file" / "stores.tar", Path("/proc/stores.tar")):
        with pytest.raises(CasebookError, match=r"^/\S+: [A-Z][a-z ]+; \S"):
            backup(root, target)
