"""`serve` of the Procfile: what `operate.serve` names, at its port, as soon as there are champions."""

import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing

import httpx
import pytest

from tests.pipelines.conftest import Checkout
from tests.pipelines.serving import address_of
from tests.postgres import free_port

pytestmark = pytest.mark.slow


def name_champion(checkout: Checkout, alias: str) -> None:
    """Give the alias `champion` another name, or back, in the registry's own database."""
    other = {"champion": "away", "away": "champion"}[alias]
    with closing(sqlite3.connect(checkout.root / "mlflow.db", timeout=30)) as connection, connection:
        connection.execute("UPDATE registered_model_aliases SET alias = ? WHERE alias = ?", (alias, other))


def test_it_waits_for_the_champion_and_then_answers_at_the_port_of_params(
    finished: Checkout, wait_until: Callable[..., None]
) -> None:
    params, port = finished.params(), free_port()
    params["operate"]["serve"] = {"cases": ["toy"], "port": port}
    finished.write_params(params)
    name_champion(finished, "away")
    started = finished.start("python", "-m", "pipelines.servers.serve", "casebook", "serve", CASEBOOK_TOKEN="")
    try:
        wait_until(lambda: "no champion yet of toy" in started.said, started.said)
        name_champion(finished, "champion")
        address = address_of(started)
        assert address == f"http://127.0.0.1:{port}"
        example = httpx.get(f"{address}/v1/toy/schema").json()["row"]["examples"]
        assert httpx.post(f"{address}/v1/toy/predict", json={"rows": example}).status_code == 200
        started.process.send_signal(signal.SIGTERM)
        assert started.process.wait(40) == 0, started.said
    finally:
        if started.process.poll() is None:
            started.process.kill()
        started.process.wait(30)
