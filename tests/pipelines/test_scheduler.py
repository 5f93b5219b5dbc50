"""Whether the pinned set of versions schedules: with other ones the server starts, and cron never fires."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

CLIENT = """
import sys, time
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.client.schemas.schedules import CronSchedule

@flow(name="ping")
def ping() -> int:
    return 7

assert ping() == 7
with get_client(sync_client=True) as client:
    flow_id = client.create_flow_from_name("ping")
    every_minute = DeploymentScheduleCreate(schedule=CronSchedule(cron="* * * * *"), active=True)
    deployment = client.create_deployment(flow_id, "cron", schedules=[every_minute], entrypoint="none.py:ping")
    named = DeploymentFilter(id=DeploymentFilterId(any_=[deployment]))
    deadline = time.monotonic() + 90
    while not (runs := client.read_flow_runs(deployment_filter=named)):
        if time.monotonic() > deadline:
            sys.exit("no run was scheduled within 90 s")
        time.sleep(0.5)
    print(sorted({run.state_type.name for run in runs}), len(runs))
    states = {run.state_type.name for run in client.read_flow_runs() if run.deployment_id is None}
    print(states)
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a running server's clients."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    address = f"http://127.0.0.1:{port}/api"
    environment = kept | {
        "PREFECT_HOME": str(tmp_path),
        "PREFECT_API_URL": address,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "true",
    }
    command = [
        sys.executable,
        "-m",
        "prefect",
        "server",
        "start",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--no-ui",
    ]
    with (tmp_path / "server.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        wait_for(f"{address}/health", tmp_path / "server.log")
        yield environment
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()


def wait_for(address: str, log: Path) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen(address, timeout=2):  # noqa: S310 - our own loopback
                return
        except (urllib.error.URLError, OSError):
            assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
            time.sleep(0.2)


def test_a_flow_runs_and_cron_gets_scheduled_runs(server: dict[str, str]) -> None:
    command = [sys.executable, "-c", CLIENT]
    done = subprocess.run(command, env=server, check=False, capture_output=True, text=True, timeout=150)
    assert done.returncode == 0, done.stdout + done.stderr
    scheduled, own = done.stdout.strip().splitlines()[-2:]
    assert scheduled.startswith("['SCHEDULED'] ")
    assert own == "{'COMPLETED'}"
