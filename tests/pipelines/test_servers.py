"""`casebook up` on one machine with nothing set: embedded stores, loopback, and `down` ends exactly what it began."""

import json
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from pipelines.environment import MARK
from tests.browser import needs_browser
from tests.pipelines.conftest import make_checkout
from tests.pipelines.servers import Servers, kill, status, up
from tests.postgres import free_port

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    checkout = make_checkout(tmp_path_factory.mktemp("servers") / "checkout")
    params = checkout.params()
    params["operate"]["serve"] = {"cases": ["toy"], "port": free_port()}
    checkout.write_params(params)
    with up(checkout) as found:
        yield found


def test_both_servers_answer_and_a_worker_stands_at_each_pool(servers: Servers, wait_until: Any) -> None:
    assert status(f"{servers.prefect}/api/health") == 200
    assert status(f"{servers.mlflow}/health") == 200
    for pool in ("cpu", "gpu"):
        wait_until(lambda pool=pool: online(servers, pool), f"a worker at {pool}")


def test_what_has_no_champion_yet_is_waited_for_and_keeps_nobody(servers: Servers, wait_until: Any) -> None:
    wait_until(lambda: "no champion yet of toy" in servers.log.read_text(encoding="utf-8"), "a word of what is missing")


def online(servers: Servers, pool: str) -> list[str]:
    answer = requests.post(
        f"{servers.prefect}/api/work_pools/{pool}/workers/filter", json={}, headers=csrf(servers), timeout=60
    )
    if answer.status_code == 404:  # the first worker makes its pool
        return []
    answer.raise_for_status()
    return [one["name"] for one in answer.json() if one["status"] == "ONLINE"]


def csrf(servers: Servers) -> dict[str, str]:
    """The headers without which Prefect changes nothing."""
    answer = requests.get(f"{servers.prefect}/api/csrf-token?client=test", timeout=60)
    return {"Prefect-Csrf-Token": answer.json()["token"], "Prefect-Csrf-Client": "test"}


def test_nothing_listens_beyond_this_machine(servers: Servers) -> None:
    found = {}
    for process in servers.processes():
        for connection in process.net_connections("inet"):
            if connection.status == psutil.CONN_LISTEN:
                found[connection.laddr.port] = connection.laddr.ip
    ports = {int(servers.variables[name]) for name in ("CASEBOOK_PREFECT_PORT", "CASEBOOK_MLFLOW_PORT")}
    assert ports <= set(found)
    assert set(found.values()) == {"127.0.0.1"}


def test_a_page_of_another_site_starts_nothing(servers: Servers) -> None:
    elsewhere = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    refused = requests.options(f"{servers.prefect}/api/flow_runs/", headers=elsewhere, timeout=60)
    assert refused.status_code == 403
    assert "access-control-allow-origin" not in refused.headers
    for body in ("application/json", "text/plain"):
        refused = requests.post(
            f"{servers.prefect}/api/flows/", data='{"name":"x"}', headers={"Content-Type": body}, timeout=60
        )
        assert refused.status_code == 403, "no CSRF token was asked for"
    assert status(f"{servers.mlflow}/api/2.0/mlflow/experiments/search?max_results=1", Host="evil.example") == 403


REBOUND = "evil.example"  # a stranger's name, which leads to this machine for as long as its page is open


@pytest.mark.parametrize(
    ("server", "method", "path"),
    [
        ("prefect", "GET", "/"),
        ("prefect", "GET", "/api/csrf-token?client=x"),
        ("prefect", "POST", "/api/deployments/"),
        ("prefect", "POST", "/api/flow_runs/filter"),
        ("prefect", "GET", "/api/events/in"),  # a websocket's, before it is one
        ("prefect", "GET", "/docs"),
        ("mlflow", "GET", "/"),
        ("mlflow", "POST", "/api/2.0/mlflow/runs/search"),
        ("mlflow", "GET", "/ajax-api/2.0/mlflow/experiments/search?max_results=1"),
        ("mlflow", "GET", "/get-artifact?path=x&run_uuid=x"),
    ],
)
def test_each_answers_its_own_names_only(servers: Servers, server: str, method: str, path: str) -> None:
    address = getattr(servers, server)
    port = address.rpartition(":")[2]
    for host in (REBOUND, f"{REBOUND}:{port}", "10.0.0.1", "192.168.evil.example"):
        assert requests.request(method, f"{address}{path}", headers={"Host": host}, timeout=60).status_code == 403, host
    mine = requests.request(method, f"{address}{path}", headers={"Host": f"localhost:{port}"}, timeout=60)
    assert "answer their own names" not in mine.text


def test_a_probe_that_calls_an_address_gets_ready(servers: Servers) -> None:
    for health in (f"{servers.prefect}/api/health", f"{servers.prefect}/api/ready", f"{servers.mlflow}/health"):
        assert status(health, Host="10.1.2.3:4200") == 200


@pytest.mark.parametrize("wrong", [{"Host": REBOUND}, {"Origin": f"http://{REBOUND}"}])
def test_a_websocket_of_a_strangers_page_is_refused(servers: Servers, wrong: dict[str, str]) -> None:
    from websockets.exceptions import InvalidStatus
    from websockets.sync.client import connect

    address = f"{servers.prefect.replace('http', 'ws', 1)}/api/events/in"
    with connect(address, additional_headers={}):
        pass  # our own
    port = int(address.split(":")[2].partition("/")[0])
    url = address.replace("127.0.0.1", wrong.get("Host", "127.0.0.1"))
    with pytest.raises(InvalidStatus) as refused, socket.create_connection(("127.0.0.1", port)) as connection:
        connect(url, sock=connection, origin=wrong.get("Origin"))
    assert refused.value.response.status_code == 403


def test_others_of_this_machine_cannot_read_the_stores(servers: Servers) -> None:
    root = servers.checkout.root
    for folder in (".prefect", "state/servers"):
        assert stat.S_IMODE((root / folder).stat().st_mode) == 0o700, folder
    files = [root / "mlflow.db", *(root / ".prefect").glob("prefect.db*")]
    assert {path.name for path in files} >= {"mlflow.db", "prefect.db"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_a_second_one_is_refused(servers: Servers) -> None:
    ended = servers.casebook("up")
    assert ended.code == 1
    assert f"{servers.mlflow}, {servers.prefect}/api are up already (" in ended.said
    assert "Traceback" not in ended.said


def test_a_taken_port_is_named(servers: Servers, tmp_path: Path) -> None:
    other = Servers(make_checkout(tmp_path / "checkout"), servers.variables)
    ended = other.casebook("up")
    assert ended.code == 1
    assert f"127.0.0.1:{servers.variables['CASEBOOK_PREFECT_PORT']}: Address already in use" in ended.said
    assert "CASEBOOK_PREFECT_PORT" in ended.said
    assert not (other.checkout.root / "state" / "servers" / "up.json").exists()


def test_commands_in_the_checkout_use_them(servers: Servers) -> None:
    said = servers.checkout.run("python", "-m", "pipelines.cli", "doctor", "--json").said  # no variables of its own
    found = {one["what"]: one["found"] for one in json.loads(said)}
    assert found["MLflow store"] == servers.mlflow


@needs_browser[0]
@needs_browser[1]
def test_both_have_pages(servers: Servers, page: Any, see: Any) -> None:
    page.goto(f"{servers.prefect}/work-pools")
    see("cpu", "gpu")
    page.screenshot(path=str(servers.checkout.root.parent / "prefect.png"))
    page.goto(f"{servers.mlflow}/#/experiments")
    see("Experiments", "Default")
    page.screenshot(path=str(servers.checkout.root.parent / "mlflow.png"))
    for name in ("prefect.png", "mlflow.png"):
        assert (servers.checkout.root.parent / name).stat().st_size > 10_000


def test_down_ends_exactly_what_up_has_started_also_without_its_supervisor(servers: Servers) -> None:
    """Beside it: a process that looks like a worker of another checkout, and one that has no mark at all."""
    words = [sys.executable, "-c", "import time; time.sleep(600)", "prefect", "worker", "start"]
    environment = servers.checkout.environment
    bystanders = [
        subprocess.Popen(words, env=environment | more, cwd=servers.checkout.root, start_new_session=True)
        for more in ({MARK: "another"}, {})
    ]
    # A stage that a worker has started is a session of its own.
    stage = subprocess.Popen(words, env=environment | {MARK: servers.mark}, start_new_session=True)
    try:
        kill([process for process in servers.processes() if "pipelines.servers.honcho" in process.cmdline()])
        left = servers.processes()
        assert {"mlflow", "prefect"} <= {word for process in left for word in map(base, process.cmdline())}
        ended = servers.casebook("down")
        assert ended.code == 0, ended.said
        assert ended.said.endswith("processes ended\n")
        assert stage.pid in {process.pid for process in left}
        assert psutil.wait_procs(left, timeout=5)[1] == []
        assert [one.poll() for one in bystanders] == [None, None]
        assert servers.casebook("down").said == "nothing was up\n"
    finally:
        for one in (*bystanders, stage):
            one.kill()
            one.wait()


def base(word: str) -> str:
    return word.rsplit("/", 1)[-1]
