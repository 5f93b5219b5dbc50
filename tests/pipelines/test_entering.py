"""Entry points look for bytecode where pip has put it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.entering import prepare_entry


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PREFECT_HOME", "PYTHONPYCACHEPREFIX"):
        monkeypatch.setenv(name, "")  # so that what the function sets is taken back afterwards
        monkeypatch.delenv(name)


def prefix_of_a_child() -> str:
    command = [sys.executable, "-c", "import sys; print(sys.pycache_prefix)"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_what_an_entry_point_starts_compiles_no_library_again(tmp_path: Path) -> None:
    prepare_entry(tmp_path)
    assert prefix_of_a_child() == "None"
    assert os.environ["PREFECT_HOME"] == str(tmp_path / ".prefect")


def test_a_persons_own_folder_for_bytecode_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path / "own"))
    prepare_entry(tmp_path)
    assert prefix_of_a_child() == str(tmp_path / "own")
