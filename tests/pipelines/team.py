"""What tests of operating share: a Prefect server and workers as processes of their own, and what the server knows."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from tests.pipelines.conftest import Checkout, Ended, Started, kill_group, left_alive
from tests.postgres import free_port

PATIENCE = 1800.0  # seconds for anything on a machine that others work on: ten minutes for a whole run when it is quiet
# Python itself imports it when it starts: the fault of fault.py in a stage, whoever started that.
SITE = """
import os, sys
if "FAULT_AT" in os.environ and sys.orig_argv[1:3] == ["-m", "pipelines.stages"]:
    sys.path.insert(0, {tests!r})
    import fault
    stage, place, when = os.environ["FAULT_AT"].split()
    if sys.orig_argv[3] == stage:
        fault.plant(place, when)
    if sys.orig_argv[3] in ("search", "fit"):
        fault.count_epochs(sys.orig_argv[3])
"""


def session() -> requests.Session:
    """Asks again what a server with a busy SQLite has no time for."""
    made = requests.Session()
    made.mount(
        "http://", HTTPAdapter(max_retries=Retry(10, backoff_factor=0.5, status_forcelist=[503], allowed_methods=None))
    )
    return made


@dataclass
class Api:
    """What a Prefect server knows."""

    url: str

    def csrf(self) -> dict[str, str]:
        """The headers without which a server that asks for them changes nothing; none where it does not."""
        answer = session().get(f"{self.url}/csrf-token?client=test", timeout=120)
        if not answer.ok:
            return {}
        return {"Prefect-Csrf-Token": answer.json()["token"], "Prefect-Csrf-Client": "test"}

    def ask(self, path: str, **body: Any) -> Any:
        answer = session().post(f"{self.url}/{path}", json=body, headers=self.csrf(), timeout=120)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def deployments(self) -> dict[str, dict[str, Any]]:
        """By name, with the flow's before it."""
        flows = {flow["id"]: flow["name"] for flow in self.ask("flows/filter")}
        return {f"{flows[one['flow_id']]}/{one['name']}": one for one in self.ask("deployments/filter")}

    def runs(self, flow: str, *states: str) -> list[dict[str, Any]]:
        """Of one flow, oldest first; of the given types of state only, if any are given."""
        found = self.ask("flow_runs/filter", flows={"name": {"any_": [flow]}}, sort="START_TIME_ASC")
        return [run for run in found if not states or run["state_type"] in states]

    def begun(self, flow: str) -> list[dict[str, Any]]:
        """Those that are more than scheduled."""
        return [run for run in self.runs(flow) if run["state_type"] != "SCHEDULED"]

    def tasks(self, run: str) -> dict[str, str]:
        found = self.ask("task_runs/filter", flow_runs={"id": {"any_": [run]}}, sort="EXPECTED_START_TIME_ASC")
        return {task["name"]: task["state_type"] for task in found}

    def logs(self, run: str) -> str:
        found, offset = [], 0
        while page := self.ask("logs/filter", logs={"flow_run_id": {"any_": [run]}}, offset=offset, limit=200):
            found += page
            offset += len(page)
        return "\n".join(line["message"] for line in found)

    def artifacts(self, run: str) -> dict[str, str]:
        found = self.ask("artifacts/filter", artifacts={"flow_run_id": {"any_": [run]}})
        return {one["key"]: one["data"] for one in found if one["key"]}

    def pause(self, deployment: str) -> None:
        """Take back what is scheduled: for later, and what is late by now."""
        found = self.deployments()[deployment]
        for schedule in found["schedules"]:
            path = f"{self.url}/deployments/{found['id']}/schedules/{schedule['id']}"
            session().patch(path, json={"active": False}, headers=self.csrf(), timeout=120).raise_for_status()
        for run in self.runs(deployment.partition("/")[0], "SCHEDULED"):
            self.ask(f"flow_runs/{run['id']}/set_state", state={"type": "CANCELLED", "name": "Cancelled"})

    def finished(self, run: str) -> bool:
        (found,) = self.ask("flow_runs/filter", flow_runs={"id": {"any_": [run]}})
        return found["state_type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


@dataclass
class Team:
    """A checkout, its server, and its workers by name."""

    checkout: Checkout
    port: int = field(default_factory=free_port)
    server: Started | None = None
    workers: dict[str, Started] = field(default_factory=dict)

    def __post_init__(self) -> None:
        site = self.checkout.root / "sitecustomize.py"  # the root is on every deployment's PYTHONPATH
        site.write_text(SITE.format(tests=str(Path(__file__).parent)), encoding="utf-8")
        exclude = self.checkout.root / ".git" / "info" / "exclude"
        exclude.write_text("sitecustomize.py\n", encoding="utf-8")

    @property
    def api(self) -> Api:
        return Api(self.variables["PREFECT_API_URL"])

    @property
    def variables(self) -> dict[str, str]:
        return {
            "PREFECT_API_URL": f"http://127.0.0.1:{self.port}/api",
            "PREFECT_HOME": str(self.checkout.root.parent / "prefect"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "true",
            "TMPDIR": str(self.checkout.root.parent),
        }

    def serve(self) -> None:
        command = ["prefect", "server", "start", "--host", "127.0.0.1", "--port", str(self.port), "--no-ui"]
        self.server = self.checkout.start("python", "-m", *command, **self.variables)
        wait_for(self.answers, "the Prefect server", self.server)

    def answers(self) -> bool:
        try:
            return requests.get(f"{self.api.url}/health", timeout=10).ok
        except requests.RequestException:
            return False

    def kill_server(self) -> None:
        assert self.server is not None
        os.killpg(self.server.process.pid, signal.SIGKILL)
        self.server.process.wait()

    def casebook(self, *words: str, **more: str) -> Ended:
        return self.checkout.run("python", "-m", "pipelines.cli", *words, **self.variables | more)

    def work(self, pool: str, **more: str) -> None:
        command = ("python", "-m", "pipelines.cli", "worker", pool)
        self.workers[pool] = self.checkout.start(*command, **self.variables | more)

    def kill_worker(self, pool: str) -> list[psutil.Process]:
        """SIGKILL for a worker and all that came of it, as when a machine goes down; returns what that was."""
        worker = psutil.Process(self.workers.pop(pool).process.pid)
        killed = [worker, *worker.children(recursive=True)]
        for process in killed:
            process.kill()
        psutil.wait_procs(killed, timeout=60)
        return killed

    def kill_run(self, pool: str, run: str) -> None:
        """SIGKILL for the process of a flow run, its worker left alone."""
        of_run = [one for one in self.processes(pool) if one.environ().get("PREFECT__FLOW_RUN_ID") == run]
        assert of_run
        of_run[0].kill()
        of_run[0].wait(60)

    def processes(self, pool: str) -> list[psutil.Process]:
        """What a worker has started itself."""
        return psutil.Process(self.workers[pool].process.pid).children()

    def said(self) -> str:
        everyone = [*self.workers.items(), ("server", self.server)]
        return "\n".join(f"=== {name}\n{one.said[-6000:]}" for name, one in everyone if one is not None)

    def end(self) -> None:
        for one in (*self.workers.values(), self.server):
            if one is not None:
                kill_group(one.process.pid)
        left_alive(self.checkout.root.parent)


def wait_for(happened: Callable[[], object], what: str, *of: Started, seconds: float = PATIENCE) -> None:
    """Wait until it has happened; fail at once if a process that it takes has ended."""
    deadline = time.monotonic() + seconds
    while not happened():
        for one in of:
            assert one.process.poll() is None, f"{what}: the process has ended\n{one.said[-6000:]}"
        late = time.monotonic() > deadline
        assert not late, f"{what}: not within {seconds} s\n" + "\n".join(one.said[-6000:] for one in of)
        time.sleep(0.3)
