"""What a person sees in MLflow after a run: each page opened in Chromium, its texts read, a picture taken."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from components.core.files import dvc_md5
from tests.browser import PATIENCE, See, needs_browser
from tests.pipelines.conftest import make_checkout, tools

pytestmark = needs_browser


@dataclass(frozen=True)
class Site:
    """MLflow's pages over the store of a smoke run of the case `toy`."""

    address: str
    root: Path

    def one(self, query: str, *values: str) -> Any:
        with closing(sqlite3.connect(self.root / "mlflow.db")) as connection:
            return connection.execute(query, values).fetchone()[0]

    @property
    def experiment(self) -> str:
        number = self.one("select experiment_id from experiments where name = 'toy'")
        return f"{self.address}/#/experiments/{number}"

    def run(self, name: str) -> str:
        number = self.one("select run_uuid from runs where name like ?", name)
        return f"{self.experiment}/runs/{number}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    checkout = make_checkout(tmp_path_factory.mktemp("browser") / "checkout")
    ended = checkout.run("python", "-m", "pipelines.cli", "run", "toy", "--smoke")
    assert ended.code == 0, ended.said
    root = checkout.root / "state" / "smoke" / "toy"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (root / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "pipelines.cli", "ui", "--port", str(port)],
            cwd=root,
            env=tools(),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_for(address, server, root / "server.log")
        yield Site(address, root)
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _wait_for(address: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 2 * PATIENCE
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(address, timeout=5).close()  # noqa: S310 - http only
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise AssertionError(f"the server does not answer: {log.read_text()}")


def test_the_experiments_and_the_runs_of_one(site: Site, page: Any, see: See) -> None:
    page.goto(f"{site.address}/#/experiments")
    see("toy", "Experiments")
    page.goto(site.experiment)
    page.wait_for_url("**/runs?**")
    see("Run Name", "toy v1", "toy prepared", exact=False)
    see("Research software, not for credit decisions.", "Champion:", exact=False)
    # The search, its trials and the baselines are nested: one row, not one a trial.
    assert page.get_by_text("trial 000").count() == 0
    assert page.get_by_text("Judges").count() == 0, "pages for language models in place of those for training"


def test_a_run_shows_params_metrics_tags_data_and_its_model(site: Site, page: Any, see: See) -> None:
    page.goto(site.run("toy v1"))
    see("About this run", "Finished", "Registered models", "toy")
    see(dvc_md5(site.root / "data" / "prepared" / "toy"), exact=False)
    see("casebook.smoke", "network alone", exact=False)
    assert page.get_by_text("casebook.pid").count() == 0, "numbers of processes are no news for a person"
    for name in ("test/auc", "fit.lr"):
        page.get_by_text(name, exact=True).first.wait_for(state="attached")


def test_the_trials_stand_below_their_search(site: Site, page: Any, see: See) -> None:
    page.goto(site.run("search %"))
    see("Parent run", "toy v1", "trial 000")
    see("Best of 1 complete trial", exact=False)
    page.goto(site.run("trial 000"))
    see("Parent run", "search ", exact=False)


def test_the_served_model_and_the_network_are_compared_under_the_same_names(site: Site, page: Any, see: See) -> None:
    runs = [site.run(name).rpartition("/")[2] for name in ("toy v1", "network alone")]
    number = site.experiment.rpartition("/")[2]
    page.goto(f'{site.address}/#/compare-runs?runs={json.dumps(runs)}&experiments=["{number}"]')
    see("test/auc", "toy v1", "network alone", exact=False)


def test_the_epochs_are_curves(site: Site, page: Any, see: See) -> None:
    page.goto(f"{site.run('toy v1')}/model-metrics")
    page.get_by_placeholder("Search metric charts").fill("val/loss")
    see("loss", "toy v1 (val/loss)")
    page.locator(".js-plotly-plot .scatterlayer .trace").first.wait_for(state="attached")


def test_the_pictures_and_tables_open(site: Site, page: Any, see: See) -> None:
    page.goto(f"{site.run('toy v1')}/artifacts")
    see("card.md")
    page.get_by_text("pictures", exact=True).click()
    for name in ("roc.png", "precision_recall.png", "calibration.png", "score_bands.png"):
        see(name)
    page.get_by_text("roc.png", exact=True).first.click()
    page.wait_for_function("[...document.images].some(image => image.naturalWidth > 300)")
    page.get_by_text("tables", exact=True).click()
    page.get_by_text("variants.csv", exact=True).click()
    see("int8_static", "int8_dynamic", "p50_ms", exact=False)


def test_the_model_has_aliases_tags_its_ledger_and_a_way_to_its_card(site: Site, page: Any, see: See) -> None:
    page.goto(f"{site.address}/#/models")
    see("toy")
    page.goto(f"{site.address}/#/models/toy")
    see("Version 1")
    see("candidate", "data_md5", "refused", "Decisions", "a smoke model", exact=False)
    page.goto(f"{site.address}/#/models/toy/versions/1")
    see("candidate", "Research software, not for credit decisions.", "test rows", "not champion", exact=False)
    with page.expect_popup() as opened:
        page.get_by_text("Model card", exact=True).first.click()
    opened.value.wait_for_url("**/artifacts/card.md")
    opened.value.get_by_text("Use and limits").first.wait_for()
