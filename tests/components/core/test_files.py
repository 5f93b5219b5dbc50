"""Files appear whole or not at all; digests agree with DVC's."""

import errno
import hashlib
import json
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from dvc_data.hashfile.build import build
from dvc_data.hashfile.db import HashFileDB
from dvc_objects.fs.local import LocalFileSystem
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.core.errors import DamagedError, disk_problem
from components.core.files import (
    CHUNK,
    dvc_md5,
    file_digest,
    json_digest,
    nearest_path,
    read_json,
    sweep_temporaries,
    whole_file,
    whole_folder,
    write_json,
)
from tests.examples import examples

ROOT = Path(__file__).parents[3]

# Names that a file system takes; "." and "-" and " " sort before "/", which a folder's digest must get right.
NAMES = st.text(st.sampled_from("ab.- é资_0"), min_size=1, max_size=4).filter(lambda name: name.strip("."))
TREES = st.recursive(
    st.binary(max_size=40), lambda inner: st.dictionaries(NAMES, inner, min_size=1, max_size=4), max_leaves=8
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)
MAPPINGS = st.dictionaries(st.text(), JSON, max_size=5)
# Every example gets a folder of its own below the test's.
SHARED_FOLDER = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=examples(50)
)


class KilledError(Exception):
    pass


@pytest.fixture
def fresh(tmp_path):
    numbers = iter(range(10**6))

    def folder() -> Path:
        path = tmp_path / str(next(numbers))
        path.mkdir()
        return path

    return folder


def plant(folder: Path, tree: dict) -> None:
    for name, content in tree.items():
        if isinstance(content, dict):
            (folder / name).mkdir()
            plant(folder / name, content)
        else:
            (folder / name).write_bytes(content)


@SHARED_FOLDER
@given(old=st.none() | st.binary(), parts=st.lists(st.binary()), fails=st.booleans())
def test_a_reader_sees_the_old_file_or_the_new_one(fresh, old, parts, fails):
    target = fresh() / "rows.parquet"
    if old is not None:
        target.write_bytes(old)
    try:
        with whole_file(target) as temporary:
            assert temporary.parent == target.parent
            assert temporary.suffix == ".parquet"
            for part in parts:
                with temporary.open("ab") as file:
                    file.write(part)
                assert (target.read_bytes() if target.exists() else None) == old
            if fails:
                raise KilledError
    except KilledError:
        pass
    expected = old if fails else b"".join(parts)
    assert (target.read_bytes() if target.exists() else None) == expected
    assert [path for path in target.parent.iterdir() if path != target] == []


def test_a_whole_file_makes_its_folder_and_is_readable_by_others(tmp_path):
    target = tmp_path / "a" / "b" / "rows.csv"
    with whole_file(target) as temporary:
        temporary.write_text("x")
    assert stat.S_IMODE(target.stat().st_mode) == 0o644


def test_a_whole_file_that_was_not_written_in_its_place_is_an_error(tmp_path):
    (tmp_path / "rows.csv").write_text("old")
    with pytest.raises(FileNotFoundError), whole_file(tmp_path / "rows.csv") as temporary:
        temporary.unlink()
    assert (tmp_path / "rows.csv").read_text() == "old"


@SHARED_FOLDER
@given(old=st.none() | TREES.filter(lambda tree: isinstance(tree, dict)), new=TREES, fails=st.booleans())
def test_a_reader_sees_the_old_folder_or_the_new_one(fresh, old, new, fails):
    target = fresh() / "bundle"
    if old is not None:
        target.mkdir()
        plant(target, old)
    before = dvc_md5(target) if old is not None else None
    new = new if isinstance(new, dict) else {"rows": new}
    try:
        with whole_folder(target) as temporary:
            plant(temporary, new)
            assert (dvc_md5(target) if target.exists() else None) == before
            if fails:
                raise KilledError
    except KilledError:
        pass
    beside = fresh()
    plant(beside, new)
    assert (dvc_md5(target) if target.exists() else None) == (before if fails else dvc_md5(beside))
    assert [path for path in target.parent.iterdir() if path != target] == []


def test_a_whole_folder_is_readable_by_others(tmp_path):
    with whole_folder(tmp_path / "out") as temporary:
        (temporary / "x").write_text("x")
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o755


def test_what_a_killed_process_left_is_swept_and_nothing_else(tmp_path):
    script = (
        "import os, signal, sys; from pathlib import Path; from components.core.files import whole_file, whole_folder\n"
        "with whole_file(Path(sys.argv[1]) / 'best.json') as a, whole_folder(Path(sys.argv[1]) / 'best') as b:\n"
        "    a.write_text('half'); (b / 'x').write_text('half'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == 2
    for name in ("best.json", ".bestiary.json", ".other.best", "notes.best"):
        (tmp_path / name).write_text("kept")
    sweep_temporaries(tmp_path, "best.json")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".bestiary.json",
        ".other.best",
        "best.json",
        "notes.best",
    ]


@SHARED_FOLDER
@given(value=JSON)
def test_json_is_read_as_it_was_written(fresh, value):
    path = fresh() / "value.json"
    write_json(path, {"value": value})
    assert read_json(path) == {"value": value}


def test_json_has_sorted_keys_readable_text_and_a_last_newline(tmp_path):
    write_json(tmp_path / "value.json", {"b": "资料", "a": 1})
    assert (tmp_path / "value.json").read_bytes() == '{\n  "a": 1,\n  "b": "资料"\n}\n'.encode()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_json_without_a_number_is_refused_and_the_old_file_stays(tmp_path, value):
    write_json(tmp_path / "metrics.json", {"auc": 0.85})
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "metrics.json", {"auc": value})
    assert read_json(tmp_path / "metrics.json") == {"auc": 0.85}


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 17])
def test_a_file_larger_than_a_chunk_has_the_digest_of_all_of_it(tmp_path, size):
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    (tmp_path / "x").write_bytes(content)
    assert file_digest(tmp_path / "x") == hashlib.sha256(content).hexdigest()
    assert file_digest(tmp_path / "x", "md5") == hashlib.md5(content, usedforsecurity=False).hexdigest()


@SHARED_FOLDER
@given(tree=TREES)
def test_the_md5_is_the_one_that_dvc_computes(fresh, tree):
    path = fresh() / "out"
    if isinstance(tree, dict):
        path.mkdir()
        plant(path, tree)
    else:
        path.write_bytes(tree)
    local = LocalFileSystem()
    _, _, built = build(HashFileDB(local, str(fresh())), str(path), local, "md5", dry_run=True)
    assert dvc_md5(path) == built.hash_info.value


def test_the_md5_of_a_folder_spelled_out(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b").write_bytes(b"2")
    (tmp_path / "a").write_bytes(b"1")
    listed = (
        '[{"md5": "c4ca4238a0b923820dcc509a6f75849b", "relpath": "a"}, '
        '{"md5": "c81e728d9d4c2f636f067f89cc14862c", "relpath": "sub/b"}]'
    )
    assert dvc_md5(tmp_path) == hashlib.md5(listed.encode(), usedforsecurity=False).hexdigest() + ".dir"


def reordered(value):
    if isinstance(value, dict):
        return {key: reordered(value[key]) for key in reversed(value)}
    return [reordered(item) for item in value] if isinstance(value, list) else value


@given(value=MAPPINGS)
def test_a_json_digest_ignores_the_order_of_keys(value):
    assert json_digest(reordered(value)) == json_digest(value)
    assert re.fullmatch(r"[0-9a-f]{16}", json_digest(value))


@given(one=MAPPINGS, other=MAPPINGS)
def test_different_contents_have_different_json_digests(one, other):
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)  # 1 and 1.0 differ, as in the file
    assert (json_digest(one) == json_digest(other)) == same


@pytest.mark.parametrize("content", [b"", b"{", b'{"a": 1', b"7", b"\xff\xfe", b"null", b"[" * 100_000])
def test_what_write_json_has_not_written_is_one_message(tmp_path, content):
    path = tmp_path / "up.json"
    path.write_bytes(content)
    with pytest.raises(DamagedError, match=re.escape(f"{path}: damaged (not JSON")):
        read_json(path)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/b/x.tar"), "/b/x.tar: No space left on device; free some"),
        (OSError(errno.EROFS, "Read-only file system", "/b"), "/b: Read-only file system; mount it for writing"),
        (OSError(errno.ENOSPC, "No space left on device"), "/checkout: No space left on device; free some"),
        (OSError(errno.EISDIR, "Is a directory", "/b/up.json"), "/b/up.json: Is a directory; a folder lies"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), None),
    ],
)
def test_what_a_disk_refuses_names_path_and_remedy(error, said):
    found = disk_problem(error, Path("/checkout"))
    assert found is None if said is None else found.startswith(said)


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("data/rwos.csv", "data/rows.csv"),
        ("dta/rows.csv", "data/rows.csv"),  # the first name that is wrong
        ("dta/raw/rows.csv", "data"),  # what is below is wrong as well
        ("data/rows.csv/part", "data/rows.csv"),
        ("data/rows.csb/", "data/rows.csv"),
        ("data/.row", None),
        ("data/unlike.txt", None),
        ("elsewhere/rows.csv", None),
    ],
)
def test_a_path_that_is_not_there_is_answered_with_the_nearest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str, meant: str | None
) -> None:
    (tmp_path / "data").mkdir()
    for name in ("rows.csv", ".rows", "answers.parquet"):
        (tmp_path / "data" / name).touch()
    assert nearest_path(tmp_path / asked) == (f"; did you mean '{tmp_path / meant}'?" if meant else "")
    monkeypatch.chdir(tmp_path)
    assert nearest_path(Path(asked)) == (f"; did you mean '{meant}'?" if meant else "")


def test_json_that_is_nested_too_deeply_is_an_error_that_names_the_file(tmp_path):
    (tmp_path / "deep.json").write_text("[" * 100_000 + "]" * 100_000)
    with pytest.raises(DamagedError, match=r"deep\.json: damaged \(not JSON: maximum recursion depth"):
        read_json(tmp_path / "deep.json")
