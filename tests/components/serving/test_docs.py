"""The page of the paths as a person sees it: Swagger UI under the page's own policy, and no other server asked."""

from urllib.parse import urlsplit

from tests.browser import needs_browser
from tests.components.serving.test_app import CASE, PATH

pytestmark = needs_browser


def test_a_path_is_tried_with_its_example(serving, page, see):
    client, _ = serving()
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.goto(f"{client.base_url}/docs")
    see(PATH, f"/v2/models/{CASE}/infer", exact=False)
    page.locator(f'[data-path="{PATH}"]').first.click()
    page.get_by_role("button", name="Execute").first.click()
    see('"score"', exact=False)
    see('"decision"', exact=False)
    assert {urlsplit(url).hostname for url in asked if url.startswith("http")} == {"127.0.0.1"}
    assert said == []
