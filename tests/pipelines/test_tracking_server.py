"""SIGKILL of the MLflow server while a fit tells it its epochs."""

import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.pipelines.conftest import Checkout, Started, copy_of, kill_group, left_alive
from tests.postgres import free_port

pytestmark = [pytest.mark.slow, pytest.mark.cluster]

EPOCHS = 120
SECONDS = 900.0
CURVE = """select m.step, m.value from metrics m join tags t on t.run_uuid = m.run_uuid
    where t.key = 'casebook.stage' and t.value = 'fit' and m.key = 'train/loss' order by 1, 2"""


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory, checkouts: Callable[[Path], Checkout]) -> Checkout:
    """The toy case fitted, with a store in the checkout, for as long as it takes to kill something."""
    made = checkouts(tmp_path_factory.mktemp("fitted") / "checkout")
    values = {"search.trials": 0, "fit.max_epochs": EPOCHS, "fit.patience": EPOCHS, "fit.batch_size": 16}
    for dotted, value in values.items():
        made.set(dotted, value)
    for stage in ("fetch", "prepare", "search"):
        assert made.stage(stage).code == 0
    (made.root / "unfitted.db").write_bytes((made.root / "mlflow.db").read_bytes())
    ended = made.stage("fit")
    assert ended.code == 0, ended.said
    return made


@pytest.fixture
def team(fitted: Checkout, tmp_path: Path) -> Iterator[Checkout]:
    """A copy that has not been fitted."""
    made = copy_of(fitted, tmp_path / "checkout")
    for left in ("mlflow.db", "mlflow.db-wal", "mlflow.db-shm"):
        (made.root / left).unlink(missing_ok=True)
    (made.root / "unfitted.db").rename(made.root / "mlflow.db")
    (made.root / "models" / "toy" / "fitted").rename(tmp_path / "fitted")
    made.run("rm", "-r", "state/toy/fit")
    yield made
    assert not left_alive(tmp_path), "the test left processes behind"


def serve(team: Checkout, port: int, wait_until: Callable[..., None]) -> Started:
    """The MLflow server of the checkout's own store."""
    store = ["--backend-store-uri", f"sqlite:///{team.root}/mlflow.db", "--artifacts-destination", "mlartifacts"]
    options = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    started = team.start("mlflow", "server", *store, "--port", str(port), "--workers", "1", **options)

    def answers() -> bool:
        assert started.process.poll() is None, started.said
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=30).close()
        except OSError:
            return False
        return True

    wait_until(answers, "the server answers", SECONDS)
    return started


@pytest.mark.parametrize("retries", ["7", "0"], ids=["within its patience", "past it"])
def test_a_fit_survives_its_tracking_server(
    team: Checkout, fitted: Checkout, wait_until: Callable[..., None], retries: str
) -> None:
    port = free_port()
    there = {"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{port}", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": retries}
    servers = [serve(team, port, wait_until)]
    started = team.start("python", "-m", "pipelines.stages", "fit", "toy", **there)
    try:
        wait_until(lambda: team.rows(CURVE), "the fit has told an epoch", SECONDS)
        assert len(team.rows(CURVE)) < EPOCHS, "the fit was through before the kill"
        kill_group(servers[0].process.pid)
        servers[0].process.wait()
        if retries == "0":
            given_up = started.wait()
            assert given_up.code == 1, given_up.said
            assert f"http://127.0.0.1:{port}: the MLflow store does not answer" in given_up.said
            assert "Traceback" not in given_up.said
        servers.append(serve(team, port, wait_until))
        if retries == "0":
            started = team.start("python", "-m", "pipelines.stages", "fit", "toy", **there)
        ended = started.wait()
        assert ended.code == 0, ended.said
    finally:
        for one in (started, *servers):
            kill_group(one.process.pid)
    assert team.digests("models/toy/fitted") == fitted.digests("models/toy/fitted")
    curve = team.rows(CURVE)
    assert [step for step, _ in curve] == list(range(EPOCHS))  # each epoch, and each once
    assert curve == fitted.rows(CURVE)
    assert team.runs("fit") == [("toy", "FINISHED")]
    assert team.rows("select name from runs where status = 'RUNNING'") == []
