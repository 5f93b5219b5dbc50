"""Fixtures for pages: `browser`, one Chromium for a process; `page`, one of its pages; `see`, what must stand on it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_browser = [
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
    """Each text can be seen, or will be before patience ends."""
    from playwright.sync_api import expect

    def look(*texts: str, exact: bool = True) -> None:
        for text in texts:
            found = page.get_by_text(text, exact=exact).locator("visible=true").first
            expect(found).to_be_visible(timeout=1000 * PATIENCE)

    return look
