"""No tool phones home, and a person's own settings win."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.environment import (
    AUTH,
    MARK,
    QUIET,
    addresses,
    drop_temporary_word,
    home,
    own_mark,
    prepare_environment,
    up_file,
)
from pipelines.servers.supervise import down, running


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    names = (*QUIET, *AUTH, "PREFECT_HOME", "PREFECT_API_URL", "PYTHONPYCACHEPREFIX", "MLFLOW_TRACKING_URI")
    for name in names:
        monkeypatch.setenv(name, "")  # so that what the function sets is taken back afterwards
        monkeypatch.delenv(name)


def test_everything_is_quiet_and_state_stays_in_the_checkout(tmp_path: Path) -> None:
    prepare_environment(tmp_path)
    assert {name: os.environ[name] for name in QUIET} == QUIET
    assert os.environ["DO_NOT_TRACK"] == "true"  # mlflow ignores "1"
    assert os.environ["PREFECT_HOME"] == str(tmp_path / ".prefect")
    assert "PYTHONPYCACHEPREFIX" not in os.environ  # bytecode of libraries is where pip has put it


def test_an_experiment_elsewhere_logs_to_the_checkout_that_asked_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout, elsewhere = tmp_path / "checkout", tmp_path / "checkout" / ".dvc" / "tmp" / "exps" / "tmp1"
    monkeypatch.setenv("DVC_ROOT", str(checkout))
    monkeypatch.delenv("DVC_EXP_NAME", raising=False)
    assert home(elsewhere) == elsewhere  # any stage has DVC_ROOT
    monkeypatch.setenv("DVC_EXP_NAME", "wider-net")
    assert home(elsewhere) == home(checkout) == checkout
    prepare_environment(elsewhere)
    assert os.environ["MLFLOW_TRACKING_URI"] == f"sqlite:///{checkout}/mlflow.db"
    assert os.environ["PREFECT_HOME"] == str(checkout / ".prefect")


def test_what_a_person_has_set_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_HOME", "/elsewhere")
    monkeypatch.setenv("DVC_NO_ANALYTICS", "0")
    prepare_environment(tmp_path)
    assert os.environ["PREFECT_HOME"] == "/elsewhere"
    assert os.environ["DVC_NO_ANALYTICS"] == "0"


def test_a_temporary_server_asks_for_a_word_that_only_its_flow_knows(tmp_path: Path) -> None:
    prepare_environment(tmp_path)
    server, client = (os.environ[name] for name in AUTH)
    assert server == client
    assert len(server) > 48
    prepare_environment(tmp_path)  # as a stage does that the flow has started
    assert os.environ[AUTH[0]] == server
    drop_temporary_word(os.environ)  # as for the servers of `casebook up`
    assert not set(AUTH) & set(os.environ)


def test_the_token_is_the_word_where_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASEBOOK_TOKEN", "0123456789abcdef")
    prepare_environment(tmp_path)
    assert [os.environ[name] for name in AUTH] == ["casebook:0123456789abcdef"] * 2


@pytest.mark.parametrize("named", ["PREFECT_API_URL", "profiles.toml"])
def test_a_server_that_is_named_gets_none(named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if named == "PREFECT_API_URL":
        monkeypatch.setenv(named, "http://127.0.0.1:4200/api")
    else:
        (tmp_path / ".prefect").mkdir()
        (tmp_path / ".prefect" / named).write_text("active = 'team'\n", encoding="utf-8")
    prepare_environment(tmp_path)
    assert not set(AUTH) & set(os.environ)


@pytest.mark.slow
def test_mlflow_and_prefect_understand_it() -> None:
    code = (
        "from pipelines.environment import prepare_environment; prepare_environment()\n"
        "from mlflow.telemetry.utils import is_telemetry_disabled\n"
        "from prefect.settings import PREFECT_SERVER_ANALYTICS_ENABLED\n"
        "print(is_telemetry_disabled(), PREFECT_SERVER_ANALYTICS_ENABLED.value())"
    )
    kept = {name: value for name, value in os.environ.items() if name != "CI"}
    done = subprocess.run([sys.executable, "-c", code], env=kept, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"mark": "a"}', "\udcff", None])
def test_servers_are_found_again_whatever_became_of_their_file(tmp_path: Path, content: str | None) -> None:
    """A process as `casebook up` starts it, and the file that names it damaged or gone."""
    mark = f"{own_mark(tmp_path)}-1"
    known = {"PREFECT_API_URL": "http://127.0.0.1:7/api", "MLFLOW_TRACKING_URI": "http://127.0.0.1:8"}
    command = [sys.executable, "-c", "import time; print(flush=True); time.sleep(600)"]
    process = subprocess.Popen(command, env={**os.environ, **known, MARK: mark}, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    up_file(tmp_path).parent.mkdir(parents=True)
    if content is not None:
        up_file(tmp_path).write_bytes(content.encode(errors="surrogateescape"))
    try:
        assert addresses(tmp_path) == ({} if content is None else known)  # without one nobody looks, at each command
        assert running(tmp_path) == [process.pid]
        assert running(tmp_path / "other") == []
        assert down(tmp_path) == 1
        process.wait(30)  # who ended it has read its code
        assert not up_file(tmp_path).exists()
        assert (addresses(tmp_path), running(tmp_path), down(tmp_path)) == ({}, [], 0)
    finally:
        process.kill()
        process.wait()
