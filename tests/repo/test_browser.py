"""What a person sees in MLflow after a run: each page opened in Chromium, its texts read, a picture taken."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from components.files import dvc_md5
from tests.pipelines.conftest import make_checkout, tools

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine; .ci/run installs it"),
]
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 90.0  # seconds for a page on a busy machine
# What a person clicks once: "Model training" rather than "GenAI", and the assistant closed.
CHOICES = {
    "mlflow.workflowType_v1": '"machine_learning"',
    "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": "true",
    "mlflow.assistant.panelOpen_v1": "false",
}
See = Callable[..., None]


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
        number = self.one("select run_uuid from runs where name = ?", name)
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


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A page of its own; its picture is kept beside the test's other files."""
    opened = browser.new_page(viewport={"width": 1400, "height": 1000})
    opened.set_default_timeout(1000 * PATIENCE)
    opened.add_init_script(f"for (const [key, value] of Object.entries({CHOICES})) localStorage.setItem(key, value)")
    yield opened
    opened.screenshot(path=str(tmp_path / f"{request.node.name}.png"))
    opened.close()


@pytest.fixture
def see(page: Any) -> See:
    """Wait until each text can be seen."""

    def look(*texts: str, exact: bool = True) -> None:
        for text in texts:
            page.get_by_text(text, exact=exact).locator("visible=true").first.wait_for()

    return look


def test_the_experiments_and_the_runs_of_one(site: Site, page: Any, see: See) -> None:
    page.goto(f"{site.address}/#/experiments")
    see("toy", "Experiments")
    page.goto(site.experiment)
    page.wait_for_url("**/runs?**")
    see("Run Name", "fit", "toy prepared", exact=False)
    # The search and its trials are nested: one row, not one a trial.
    assert page.get_by_text("trial 000").count() == 0
    assert page.get_by_text("Judges").count() == 0, "pages for language models in place of those for training"


def test_a_run_shows_params_metrics_tags_data_and_its_model(site: Site, page: Any, see: See) -> None:
    page.goto(site.run("fit"))
    see("About this run", "Finished", "search", "Registered models", "toy")
    see(dvc_md5(site.root / "data" / "prepared" / "toy"), exact=False)
    see("casebook.smoke", exact=False)
    for name in ("test/auc", "fit.lr"):
        page.get_by_text(name, exact=True).first.wait_for(state="attached")


def test_the_trials_stand_below_their_search(site: Site, page: Any, see: See) -> None:
    page.goto(site.run("search"))
    see("Parent run", "fit", "trial 000")
    page.goto(site.run("trial 000"))
    see("Parent run", "search")


def test_the_epochs_are_curves(site: Site, page: Any, see: See) -> None:
    page.goto(f"{site.run('fit')}/model-metrics")
    page.get_by_placeholder("Search metric charts").fill("val/loss")
    see("loss", "fit (val/loss)")
    page.locator(".js-plotly-plot .scatterlayer .trace").first.wait_for(state="attached")


def test_the_pictures_and_tables_open(site: Site, page: Any, see: See) -> None:
    page.goto(f"{site.run('fit')}/artifacts")
    see("card.md")
    page.get_by_text("pictures", exact=True).click()
    for name in ("roc.png", "precision_recall.png", "calibration.png", "score_bands.png"):
        see(name)
    page.get_by_text("roc.png", exact=True).first.click()
    page.wait_for_function("[...document.images].some(image => image.naturalWidth > 300)")
    page.get_by_text("tables", exact=True).click()
    page.get_by_text("variants.csv", exact=True).click()
    see("int8_static", "distilled", "p50_ms", exact=False)


def test_the_model_has_aliases_tags_and_its_card(site: Site, page: Any, see: See) -> None:
    page.goto(f"{site.address}/#/models")
    see("toy")
    page.goto(f"{site.address}/#/models/toy")
    see("Version 1")
    see("candidate", "data_md5", "refused", exact=False)
    page.goto(f"{site.address}/#/models/toy/versions/1")
    see("candidate", "Research software, not for credit decisions.", "Intended use", exact=False)
