"""The page, opened: what its scripts complain of, and what would keep people from it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PATIENCE = 90_000  # milliseconds, of a busy machine
FILLED = {  # of recipes whose answers are no cells: what the page must hold
    "detection": ".picture img",
    "next_item": ".items li",
    "conversion": ".readings [role=option]",
}
RISKS = ("survival", "competing_risks")
# The example's image as a file that a person drags onto the page.
DRAGGED = """async (name) => {
  const [one] = (await (await fetch("v1")).json()).cases;
  const { row } = await (await fetch(`v1/${one.case}/schema`)).json();
  const bytes = Uint8Array.from(atob(row.examples[0].image.split(",").pop()), (sign) => sign.charCodeAt(0));
  const carried = new DataTransfer();
  carried.items.add(new File([bytes], name));
  return carried;
}"""


@contextmanager
def opened(page: Any, address: str, *, refused: bool = False, looked_over: bool = True) -> Iterator[list[str]]:
    """The page at an address; the list gets what goes wrong in it. At its end axe-core looks at all of it, open and in
    light and in dark, unless it has been looked over already: in another language, say. Where some requests are
    `refused`, the browser's own word of that is left out.
    """
    from axe_playwright_python.sync_playwright import Axe

    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    page.goto(address)
    yield wrong
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    for scheme in ("light", "dark") if looked_over else ():
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page).response["violations"]
        told = [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found]
        assert told == [], told
    unexpected = [text for text in wrong if not (refused or "422" in text)]
    assert unexpected == []


def answered(page: Any, recipe: str) -> None:
    """The example is answered, and what a person does next with an answer of the recipe does what it says."""
    from playwright.sync_api import expect

    expect(page.locator(".answer .more p")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(FILLED.get(recipe, ".answer .big")).first).to_be_visible()
    if recipe in ("binary", *RISKS):
        expect(page.locator(".answer .headline .meter .mark")).to_have_count(1)  # the threshold's
        expect(page.locator(".answer .headline .decision")).to_be_visible()
    if recipe in RISKS:
        expect(page.locator(".answer .chart polyline.line").first).to_be_visible()
        at = page.locator(".answer .slider output")
        last = at.inner_text()
        page.locator(".answer .slider input").press("Home")
        expect(at).not_to_have_text(last)
    elif recipe == "conversion":
        page.get_by_role("combobox").fill("")
        expect(page.locator(FILLED[recipe])).to_have_count(0, timeout=PATIENCE)
        page.get_by_role("combobox").press_sequentially("ni hao")
        said = page.locator(".readings [role=option] span:first-child")
        expect(said.first).to_have_text(re.compile("^[\u4e00-\u9fff]{2}$"), timeout=PATIENCE)
        best = page.locator(".readings [role=option] span").first.inner_text()
        page.get_by_role("combobox").press("Enter")
        expect(page.locator("textarea")).to_have_value(best)
        expect(page.get_by_role("combobox")).to_have_value("")
    elif recipe == "next_item":
        titled = page.locator(".items li .name", has=page.locator(".note"))  # the title, and the item's own name
        expect(titled.first).to_be_visible()
        expect(page.locator(".items li .because").first).to_be_visible()
        page.locator("input[value=history]").check()
        expect(page.locator(".picked li").first).to_be_visible(timeout=PATIENCE)
        search = page.get_by_role("combobox").locator("visible=true")
        search.press_sequentially("1")
        expect(page.get_by_role("option").locator("visible=true").first).to_be_visible(timeout=PATIENCE)
        before = page.locator(".picked li").count()
        search.press("ArrowDown")
        search.press("Enter")
        expect(page.locator(".picked li")).to_have_count(before + 1)
    elif recipe == "detection":
        found = int(page.locator(".answer .big").inner_text().replace(",", ""))
        expect(page.locator(".picture rect.box")).to_have_count(found)
        dragged = page.evaluate_handle(DRAGGED, "dragged.png")
        page.locator(".drop").dispatch_event("drop", {"dataTransfer": dragged})
        expect(page.locator(".picture img[alt*='dragged.png']")).to_be_visible(timeout=PATIENCE)
        expect(page.locator(".picture rect.box")).to_have_count(found)
        broken = {"name": "broken.png", "mimeType": "image/png", "buffer": b"no image"}
        page.set_input_files("input[type=file]", broken)
        expect(page.get_by_role("alert").first).to_have_text(re.compile("broken.png"), timeout=PATIENCE)
