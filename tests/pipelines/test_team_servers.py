"""A team's servers: PostgreSQL, a bucket, a token. One run through a worker, and whether its secrets are anywhere."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests

from pipelines.servers.serve import answers
from tests.browser import PATIENCE, needs_browser
from tests.pipelines.conftest import ROOT, Checkout, make_checkout
from tests.pipelines.servers import Servers, status, up
from tests.postgres import Postgres, free_port, program

pytestmark = [pytest.mark.slow, pytest.mark.cluster]

TOKEN, PASSWORD, KEY = (f"canary{word}{uuid.uuid4().hex[:12]}" for word in ("token", "password", "key"))
SEARCH = """
import sys
from pathlib import Path
from pipelines.environment import prepare_environment
prepare_environment(Path.cwd())
from prefect.deployments import run_deployment
parameters = {"stage": "search", "case": "toy", "flow_run_id": "none", "root": str(Path.cwd())}
state = run_deployment("stage/gpu", parameters=parameters, timeout=1500, poll_interval=1).state
print(state.type, state.message)
sys.exit(not state.is_completed())
"""
RELEASE = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from pipelines.environment import prepare_environment
prepare_environment(Path.cwd())
from components.registry.promote import settle
from components.registry.register import register
from components.tracking.track import connect
from tests.components.registry.toys import CASE, METRICS, PASSED, make_release, use_toy_predictor
elsewhere = Path(sys.argv[2])
elsewhere.mkdir()
use_toy_predictor(elsewhere / "code")
tracker = connect(elsewhere)
settle(tracker, CASE, register(tracker, make_release(tracker)), PASSED, METRICS, None)
"""
TRACE = """
import json
from pathlib import Path
from pipelines.environment import prepare_environment
prepare_environment(Path.cwd())
from components.registry.trace import trace
from components.tracking.track import connect
print(json.dumps(trace(connect(Path.cwd()), "toy_case")))
"""


@dataclass(frozen=True)
class Bucket:
    """A bucket of a real S3 server on this machine."""

    variables: dict[str, str]

    def objects(self) -> dict[str, bytes]:
        client = self.client()
        found = client.get_paginator("list_objects_v2").paginate(Bucket="team")
        names = [one["Key"] for page in found for one in page.get("Contents", [])]
        return {name: client.get_object(Bucket="team", Key=name)["Body"].read() for name in names}

    def client(self) -> Any:
        import boto3

        return boto3.client(
            "s3",
            endpoint_url=self.variables["AWS_ENDPOINT_URL"],
            aws_access_key_id=self.variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.variables["AWS_SECRET_ACCESS_KEY"],
            region_name=self.variables["AWS_DEFAULT_REGION"],
        )


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory, wait_until: Callable[..., None]) -> Iterator[Bucket]:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [str(Path(sys.executable).parent / "moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    with (tmp_path_factory.mktemp("s3") / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        wait_until(lambda: answers(f"{address}/moto-api/"), "the S3 server")
        credentials = {"AWS_ACCESS_KEY_ID": "somebody", "AWS_SECRET_ACCESS_KEY": KEY, "AWS_DEFAULT_REGION": "us-east-1"}
        made = Bucket({"AWS_ENDPOINT_URL": address, **credentials, "CASEBOOK_S3_URL": "s3://team/casebook"})
        made.client().create_bucket(Bucket="team")
        yield made
    finally:
        process.kill()
        process.wait()


@dataclass(frozen=True)
class Team:
    servers: Servers
    bucket: Bucket
    database: str  # its name
    postgres: Postgres

    @property
    def checkout(self) -> Checkout:
        return self.servers.checkout

    def does(self, *command: str) -> str:
        ended = self.checkout.run(*command, **self.servers.variables)
        assert ended.code == 0, ended.said + self.servers.log.read_text(encoding="utf-8")[-6000:]
        return ended.said

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.postgres.execute(query, self.database)


@pytest.fixture(scope="module")
def team(postgres: Postgres, bucket: Bucket, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """The servers, exposed; a case run through a deployment by the worker; its data in the bucket."""
    name = f"team_{uuid.uuid4().hex[:8]}"
    # The server lets every local user in: the password is there to be looked for.
    url = postgres.create(name).replace("postgres@", f"postgres:{PASSWORD}@")
    checkout = make_checkout(tmp_path_factory.mktemp("team") / "checkout")
    settings = {
        "CASEBOOK_HOST": "0.0.0.0",  # noqa: S104
        "CASEBOOK_ALLOWED_HOSTS": "team.example",
        "CASEBOOK_TOKEN": TOKEN,
        "CASEBOOK_DATABASE_URL": url,
    }
    with up(checkout, **settings, **bucket.variables) as servers:
        yield Team(servers, bucket, name, postgres)


@pytest.fixture(scope="module")
def released(team: Team) -> Team:
    """All that leaves something behind: deployments, a search by a worker, a champion, what DVC keeps."""
    team.does("python", "-m", "pipelines.cli", "deploy")
    team.does("dvc", "repro", "prepare@toy")
    team.does("python", "-c", SEARCH)
    team.does("python", "-m", "pipelines.cli", "push")
    team.does("python", "-c", RELEASE, str(ROOT), str(team.checkout.root.parent / "elsewhere"))
    return team


def test_one_list_names_both(team: Team) -> None:
    pages = (f"{team.servers.prefect}/api/admin/version", f"{team.servers.mlflow}{PAGES[1]}")
    assert [status(page, TOKEN, Host="team.example:80") for page in pages] == [200, 200]
    assert [status(page, TOKEN, Host="evil.example") for page in pages] == [403, 403]


SEARCHED = "select state_type from prefect.flow_run where name = 'search@toy'"
PAGES = (
    "",
    "/api/2.0/mlflow/experiments/search?max_results=1",
    "/ajax-api/2.0/mlflow/experiments/search?max_results=1",
)


@pytest.mark.parametrize("password", [None, "not-the-token"])
def test_nothing_is_told_without_the_token(team: Team, password: str | None) -> None:
    artifacts = "/api/2.0/mlflow-artifacts/artifacts"
    for page in (*PAGES, artifacts, "/get-artifact?path=x&run_uuid=x", "/graphql", "/version", "/openapi.json"):
        assert status(f"{team.servers.mlflow}{page}", password) == 401, page
    assert requests.post(f"{team.servers.mlflow}/v1/traces", data=b"", timeout=60).status_code == 401
    # MLflow tells anyone that it is there and which features it has, and no more.
    told = requests.get(f"{team.servers.mlflow}/api/3.0/mlflow/server-info", timeout=60).json()
    assert set(map(type, told.values())) <= {bool, dict, str}
    assert told["store_type"] == "SqlStore"
    for page in ("/api/admin/version", "/api/csrf-token?client=x", "/api/work_pools/cpu", "/api/variables/name/x"):
        assert status(f"{team.servers.prefect}{page}", password) == 401, page
    # What changes something lacks a CSRF token as well, which is given to who has the other one.
    assert requests.post(f"{team.servers.prefect}/api/flow_runs/filter", json={}, timeout=60).status_code == 403


def test_the_token_opens_both(team: Team) -> None:
    for page in PAGES:
        assert status(f"{team.servers.mlflow}{page}", TOKEN) == 200, page
    assert status(f"{team.servers.prefect}/api/admin/version", TOKEN) == 200
    assert team.servers.casebook("list").code == 0


@needs_browser[0]
@needs_browser[1]
def test_a_browser_is_asked_for_it(team: Team, browser: Any) -> None:
    from playwright.sync_api import expect

    context = browser.new_context(http_credentials={"username": "casebook", "password": TOKEN})
    page = context.new_page()
    page.set_default_timeout(1000 * PATIENCE)
    try:
        page.goto(f"{team.servers.mlflow}/#/experiments")
        shown = page.get_by_text("Experiments", exact=True).locator("visible=true").first
        expect(shown).to_be_visible(timeout=1000 * PATIENCE)
    finally:
        context.close()
    page = browser.new_page()
    page.set_default_timeout(1000 * PATIENCE)
    try:
        page.goto(f"{team.servers.prefect}/work-pools")
        page.get_by_placeholder("admin:pass").fill(f"casebook:{TOKEN}")
        page.get_by_role("button", name="Login").click()
        page.goto(f"{team.servers.prefect}/work-pools")
        for pool in ("cpu", "gpu"):
            shown = page.get_by_text(pool, exact=True).locator("visible=true").first
            expect(shown).to_be_visible(timeout=1000 * PATIENCE)
    finally:
        page.screenshot(path=str(team.checkout.root.parent / "prefect.png"))
        page.close()


def test_a_client_without_the_token_is_told_so(team: Team) -> None:
    ended = team.checkout.run("python", "-m", "pipelines.cli", "list", MLFLOW_TRACKING_URI=team.servers.mlflow)
    assert ended.code == 1
    assert "set CASEBOOK_TOKEN" in ended.said
    assert "Traceback" not in ended.said


def test_all_three_tools_are_in_the_database(released: Team) -> None:
    assert {status for (status,) in released.rows("select status from mlflow.runs")} == {"FINISHED"}
    assert released.rows("select count(*) from mlflow.model_versions") == [(1,)]
    assert released.rows(SEARCHED) == [("COMPLETED",)]
    assert {state for (state,) in released.rows("select state from trials")} <= {"COMPLETE", "PRUNED"}
    root = released.checkout.root
    assert not (root / "mlflow.db").exists()
    assert not (root / ".prefect" / "prefect.db").exists()
    assert list(root.glob("state/**/*.db")) == [root / "state" / "servers" / "basic_auth.db"]


def test_artifacts_and_data_are_in_the_bucket(released: Team, tmp_path: Path) -> None:
    names = released.bucket.objects().keys()
    assert [name for name in names if name.startswith("casebook/mlflow/") and name.endswith("/weights.json")]
    assert not (released.checkout.root / "mlartifacts").exists()
    clone = Checkout(tmp_path / "clone", released.checkout.environment)
    subprocess.run(["git", "clone", "--quiet", str(released.checkout.root), str(clone.root)], check=True)
    (clone.root / "dvc.lock").write_bytes((released.checkout.root / "dvc.lock").read_bytes())
    ended = clone.run("python", "-m", "pipelines.cli", "pull", **released.bucket.variables)
    assert ended.code == 0, ended.said
    assert clone.digests("data/prepared/toy") == released.checkout.digests("data/prepared/toy") != {}


def test_no_secret_is_anywhere(released: Team) -> None:
    """In no store, log, file, commit or command line; and a secret that is planted is found."""
    found = {
        place for place, content in contents(released) for one in (TOKEN, PASSWORD, KEY) if one.encode() in content
    }
    assert found == set()
    (released.checkout.root / "planted").write_text(KEY, encoding="utf-8")
    released.rows(f"create table planted as select '{TOKEN}'::text as value")
    released.bucket.client().put_object(Bucket="team", Key="planted", Body=PASSWORD)
    try:
        found = {
            place for place, content in contents(released) for one in (TOKEN, PASSWORD, KEY) if one.encode() in content
        }
        assert found == {"planted", "the database", "s3 planted"}
    finally:
        (released.checkout.root / "planted").unlink()
        released.rows("drop table planted")
        released.bucket.client().delete_object(Bucket="team", Key="planted")


def contents(team: Team) -> Iterator[tuple[str, bytes]]:
    """Every place that a run writes to, and its bytes."""
    root = team.checkout.root
    for folder in (root, root.parent):  # beside the checkout: what each command has said
        for path in folder.rglob("*") if folder == root else folder.glob("said-*"):
            if path.is_file():
                yield str(path.relative_to(folder)), path.read_bytes()
    yield from ((f"s3 {name}", body) for name, body in team.bucket.objects().items())
    dump = [program("pg_dump"), "-h", "127.0.0.1", "-p", str(team.postgres.port), "-U", "postgres", team.database]
    yield "the database", subprocess.run(dump, check=True, capture_output=True).stdout
    objects = ["git", "cat-file", "--batch-all-objects", "--batch"]
    yield "git", subprocess.run(objects, cwd=root, check=True, capture_output=True).stdout
    for process in team.servers.processes():
        yield f"command line of {process.pid}", "\0".join(process.cmdline()).encode()


def test_the_servers_come_back_from_a_backup(released: Team, tmp_path: Path) -> None:
    """Last, because it destroys the database: a backup while they are up, and all of it again elsewhere."""
    before = json.loads(released.does("python", "-c", TRACE))
    tools = {"PATH": f"{Path(program('pg_dump')).parent}{os.pathsep}{released.checkout.environment['PATH']}"}
    ended = released.servers.casebook("backup", str(tmp_path / "backup.tar"), **tools)
    assert ended.code == 0, ended.said
    assert (tmp_path / "backup.tar").stat().st_mode & 0o077 == 0
    refused = released.servers.casebook("restore", str(tmp_path / "backup.tar"), **tools)
    assert (refused.code, "the servers are up" in refused.said) == (1, True)
    assert released.servers.casebook("down").code == 0
    released.postgres.execute(f'drop database "{released.database}" with (force)')
    released.postgres.create(released.database)
    with pytest.raises(psycopg.errors.UndefinedTable):
        released.rows("select status from mlflow.runs")
    ended = released.servers.casebook("restore", str(tmp_path / "backup.tar"), **tools)
    assert (ended.code, ended.said) == (0, "restored: postgresql.dump\n")
    assert released.servers.casebook("up").code == 0
    assert json.loads(released.does("python", "-c", TRACE)) == before
    assert released.rows(SEARCHED) == [("COMPLETED",)]
