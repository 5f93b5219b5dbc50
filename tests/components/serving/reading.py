"""The page, opened: what its scripts complain of, and what would keep people from it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def opened(page: Any, address: str, *, refused: bool = False) -> Iterator[list[str]]:
    """The page at an address; the list gets what goes wrong in it. At its end axe-core looks at all of it, open and in
    light and in dark. Where some requests are `refused`, the browser's own word of that is left out.
    """
    from axe_playwright_python.sync_playwright import Axe

    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    page.goto(address)
    yield wrong
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page).response["violations"]
        assert [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found] == []
    unexpected = [text for text in wrong if not (refused or "422" in text)]
    assert unexpected == []
