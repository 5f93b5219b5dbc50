"""The page in a browser, as a person has it: by mouse, by keyboard, by screen reader, in either language."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser import PATIENCE, needs_browser
from tests.components.serving.reading import opened

pytestmark = needs_browser

CASE = "finance_risk"
SECRET = "a secret of ours"  # noqa: S105 - of these tests
RISKY = {"Income": "30", "Seniority": "0", "Amount": "3000", "Time": "60"}


@pytest.fixture
def sight() -> Iterator[Any]:
    """What is expected of elements, with the patience of a busy machine."""
    from playwright.sync_api import expect

    expect.set_options(timeout=1000 * PATIENCE)
    yield expect
    expect.set_options(timeout=5000)


def score(page: Any) -> float:
    return float(page.locator(".big").inner_text().rstrip("%")) / 100


def test_the_form_answers_what_the_server_answers_and_follows_what_is_typed(serving, page, sight, example):
    client, _ = serving()
    with opened(page, f"{client.base_url}/") as wrong:
        sight(page.get_by_role("heading", level=1)).to_have_text("Finance risk")
        answered = client.post(f"/v1/{CASE}/predict", json={"rows": [example], "explain": "always"}).json()["rows"][0]
        sight(page.locator(".big")).to_be_visible()
        assert score(page) == pytest.approx(answered["score"], abs=6e-4)
        sight(page.locator(".decision")).to_contain_text(answered["decision"])
        assert page.locator(".bars li").count() == len(answered["reasons"])
        sight(page.get_by_label("Age")).to_have_value(f"{example['Age']:g}")
        before = score(page)
        for name, value in RISKY.items():
            page.get_by_label(name, exact=True).fill(value)
        page.get_by_label("Records").select_option("yes")
        row = {**example, **{name: float(value) for name, value in RISKY.items()}, "Records": "yes"}
        answered = client.post(f"/v1/{CASE}/predict", json={"rows": [row], "explain": "always"}).json()["rows"][0]
        assert answered["score"] > before
        sight(page.locator(".decision")).to_contain_text(answered["decision"])
        sight(page.locator(".big")).not_to_have_text(f"{before:.1%}")
        sight(page.locator("#said")).to_contain_text(answered["decision"])  # to who listens
        page.get_by_role("button", name="Back to the example").click()
        sight(page.get_by_label("Income")).to_have_value(f"{example['Income']:g}")
    assert wrong == []


def test_what_is_wrong_stands_at_its_field_and_the_keyboard_is_enough(serving, page, sight):
    client, _ = serving()
    with opened(page, f"{client.base_url}/"):
        sight(page.locator(".big")).to_be_visible()
        page.keyboard.press("Tab")
        sight(page.get_by_role("button", name="Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")
        for _ in range(20):
            if page.evaluate("document.activeElement.name") == "Age":
                break
            page.keyboard.press("Tab")
        page.keyboard.press("Control+A")
        page.keyboard.type("old")
        page.keyboard.press("Enter")
        age = page.get_by_label("Age")
        sight(age).to_have_attribute("aria-invalid", "true")
        sight(age).to_be_focused()
        sight(age).to_have_accessible_description(re.compile("is no value of a numeric column"))
        sight(page.get_by_role("alert").first).to_contain_text("1 field(s) need attention")
        page.keyboard.press("Control+A")
        page.keyboard.type("17")
        sight(age).to_have_attribute("aria-invalid", "false")
        sight(age).to_have_accessible_description(re.compile("is below 18, taken as missing"))
        sight(page.locator(".warnings")).to_contain_text("Age = 17 is below 18")


def test_a_person_changes_the_language_and_loses_nothing(serving, page, sight):
    client, _ = serving()
    page.set_extra_http_headers({"accept-language": "zh-CN,zh;q=0.9"})
    with opened(page, f"{client.base_url}/") as wrong:
        sight(page.get_by_role("button", name="预测")).to_be_visible()
        assert page.evaluate("document.documentElement.lang") == "zh-Hans"
        page.get_by_label("Income").fill("77")
        page.get_by_label("Age").fill("17")
        sight(page.locator(".warnings")).to_contain_text("小于 18，按缺失处理")
        page.get_by_role("button", name="Switch to English").press("Enter")
        sight(page.get_by_role("button", name="Predict")).to_be_visible()
        sight(page.get_by_label("Income")).to_have_value("77")
        sight(page.get_by_role("button", name="切换到中文")).to_be_focused()
        page.reload()
        sight(page.get_by_role("button", name="Predict")).to_be_visible()
    assert wrong == []


def test_the_token_is_asked_once(serving, page, sight):
    client, _ = serving(token=SECRET)
    with opened(page, f"{client.base_url}/", refused=True):
        token = page.get_by_label("Token")
        sight(token).to_be_focused()
        token.fill("another")
        page.keyboard.press("Enter")
        sight(token).to_have_accessible_description(re.compile("This is not the server's token".replace("'", ".")))
        token.fill(SECRET)
        page.keyboard.press("Enter")
        sight(page.locator(".big")).to_be_visible()
        page.reload()
        sight(page.locator(".big")).to_be_visible()
        assert SECRET not in str(page.context.cookies())
        assert [one["httpOnly"] for one in page.context.cookies()] == [True]
        assert page.evaluate("document.cookie") == ""
        page.get_by_role("button", name="Sign out").click()
        sight(page.get_by_label("Token")).to_be_visible()
        page.get_by_label("Token").fill(SECRET)
        page.keyboard.press("Enter")
        sight(page.locator(".big")).to_be_visible()
        page.context.clear_cookies()  # as when the server has got another token
        page.get_by_role("button", name="Predict").click()
        sight(page.get_by_label("Token")).to_be_visible()


def test_a_server_that_is_not_ready_is_asked_again(serving, page, sight):
    client, state = serving()
    with opened(page, f"{client.base_url}/", refused=True):
        sight(page.locator(".big")).to_be_visible()
        state.ready = False
        page.get_by_role("button", name="Predict").click()
        sight(page.get_by_role("alert").last).to_contain_text("The server is not ready")
        state.ready = True
        page.get_by_role("button", name="Try again").click()
        sight(page.locator(".big")).to_be_visible()


def test_a_narrow_screen_shows_all_of_it_and_the_answer_stays_in_sight(serving, page, sight):
    client, _ = serving()
    page.set_viewport_size({"width": 320, "height": 640})  # what 400% of a common screen leaves
    with opened(page, f"{client.base_url}/", refused=True):  # no card is beside this bundle
        brief = page.locator(".brief")
        sight(brief).to_contain_text("Probability of bad")
        sight(brief).to_be_in_viewport()
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        brief.click()
        sight(page.locator("#answer")).to_be_focused()
        page.get_by_role("button", name="Model card").click()
        dialog = page.get_by_role("dialog")
        sight(dialog).to_be_visible()
        page.keyboard.press("Escape")
        sight(dialog).to_have_count(0)
        sight(page.get_by_role("button", name="Model card")).to_be_focused()
