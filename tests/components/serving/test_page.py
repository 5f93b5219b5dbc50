"""The page without a browser: its files and their headers, who gets the cookie of the token, and all its words."""

import re
from http.cookiejar import CookieJar
from importlib.resources import files

import httpx
import pytest

from components.serving.page.cookie import name_of, proof_of
from components.serving.page.routes import language_of, title_of

CASE = "finance_risk"
SECRET = "a secret of ours"  # noqa: S105 - of these tests
STATIC = files("components.serving.page") / "static"
SCRIPTS = {one.name: one.read_text(encoding="utf-8") for one in STATIC.iterdir() if one.name.endswith(".js")}
TEXTS = re.search(r"const TEXTS = \{(.*?)\n\};", SCRIPTS["strings.js"], re.DOTALL)


def test_each_file_is_served_with_a_policy_that_lets_nothing_in_from_elsewhere(client):
    names = [one.name for one in STATIC.iterdir()]
    assert {"index.html", "style.css", "icon.svg", "main.js"} <= set(names)
    for path in ["/", *(f"/page/{name}" for name in names if name != "index.html")]:
        found = client.get(path)
        assert found.status_code == 200, path
        policy = found.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert found.headers["x-content-type-options"] == "nosniff"
        again = client.get(path, headers={"if-none-match": found.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert client.get("/page/main.js").headers["content-type"].startswith("text/javascript")


def test_no_file_names_another_host_or_has_code_that_the_policy_forbids():
    for one in STATIC.iterdir():
        text = one.read_text(encoding="utf-8")
        addresses = set(re.findall(r"(?:https?:)?//[a-z0-9-]+(?:\.[a-z0-9-]+)+", text))
        assert addresses <= {"http://www.w3.org"}, one.name  # a name of SVG's
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    assert re.findall(r"\son\w+=|\sstyle=|<style", page) == []
    assert re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", "".join(SCRIPTS.values())) == []


@pytest.mark.parametrize(
    "name",
    ["index.html", "none.js", "../routes.py", "..%2Froutes.py", "routes.py", "", "a/b.js", "MAIN.JS", "main.js "],
)
def test_nothing_else_is_served(client, name):
    assert client.get(f"/page/{name}").status_code == 404


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-US,zh;q=0.9", "en"),
        ("fr, zh-TW;q=0.5, en;q=0.4", "zh"),
        ("de", "en"),
        ("zh;q=0", "en"),
        ("zh;q=x, *", "en"),
    ],
)
def test_the_page_is_in_the_language_that_a_browser_likes_best(client, wanted, language):
    assert language_of(wanted) == language
    found = client.get("/", headers={"accept-language": wanted})
    assert f'<html lang="{language}">' in found.text
    assert found.headers["content-language"] == language


def test_cases_are_listed_with_recipe_version_and_notice(client, fitted):
    (found,) = client.get("/v1").json()["cases"]
    notice = fitted.job.evaluate.notice
    assert found == {
        "case": CASE, "recipe": "binary", "version": "1", "title": "Finance risk", "notice": notice
    }  # fmt: skip
    about = client.get(f"/v1/{CASE}/schema").json()["about"]
    assert about["decisions"] == ["decline", "approve"]
    assert 0 < about["threshold"] < 1
    assert client.get(f"/v1/{CASE}/find", params={"text": "x"}).status_code == 404
    assert client.get("/v1/nobody/find").status_code == 404


def test_titles_are_names_as_people_write_them():
    assert [title_of(name) for name in ("finance_risk", "a-b.c", "X", "贷款_风险")] == [
        "Finance risk", "A b c", "X", "贷款 风险"
    ]  # fmt: skip


def test_the_token_is_given_once_and_then_kept_as_a_cookie(serving):
    client, _ = serving(token=SECRET)
    assert client.get("/").status_code == 200
    assert client.get("/page/main.js").status_code == 200
    assert client.get("/v1").status_code == 401
    assert client.get("/login").json() == {"needed": True, "known": False}
    assert client.post("/login", json={"token": "another"}).status_code == 401
    assert "set-cookie" not in client.post("/login", json={"token": "another"}).headers
    found = client.post("/login", json={"token": f" {SECRET} "})
    assert found.status_code == 204
    said = found.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(said.split("; "))
    assert SECRET not in said
    assert client.get("/v1").status_code == 200
    assert client.get("/login").json() == {"needed": True, "known": True}
    assert client.post(f"/v1/{CASE}/predict", json={"rows": []}).status_code == 200
    wrong = {"authorization": "Bearer another"}
    assert client.get("/v1", headers=wrong).status_code == 401  # who sends a token is taken at it
    assert client.delete("/login").status_code == 204
    assert client.get("/v1").status_code == 401


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"sec-fetch-site": "same-site"}, 401),  # another port of this machine
        ({"sec-fetch-site": "cross-site"}, 401),
        ({"origin": "http://127.0.0.1:1"}, 401),
        ({"origin": "null"}, 401),
        ({"cookie": f"{name_of(SECRET)}=0000"}, 401),
        ({"cookie": name_of(SECRET)}, 401),
        ({"cookie": f"casebook={proof_of(SECRET)}"}, 401),
        ({"cookie": f'a={{"x":1}}; b c; =; {name_of(SECRET)}={proof_of(SECRET)}; \x80'}, 200),  # others of localhost
        ({"cookie": "\x80=;;,"}, 401),
    ],
)
def test_the_cookie_is_good_for_pages_of_this_server_alone(serving, more, status):
    client, _ = serving(token=SECRET)
    headers = {"cookie": f"{name_of(SECRET)}={proof_of(SECRET)}", **more}
    encoded = {name: value.encode("latin-1") for name, value in headers.items()}
    assert client.get("/v1", headers=encoded).status_code == status


def test_two_servers_of_a_machine_keep_a_cookie_each(serving):
    """Browsers keep cookies by host, whatever the port."""
    clients = {token: serving(token=token)[0] for token in (SECRET, "another")}
    jar = CookieJar()
    for token, client in clients.items():
        client.cookies = jar
        assert client.post("/login", json={"token": token}).status_code == 204
    assert [client.get("/v1").status_code for client in clients.values()] == [200, 200]
    clients[SECRET].delete("/login")
    assert [client.get("/v1").status_code for client in clients.values()] == [401, 200]


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"content": b"token=x", "headers": {"content-type": "application/x-www-form-urlencoded"}}, 415),
        ({"content": b'{"token": "x"}', "headers": {"content-type": "text/plain"}}, 415),
        ({"content": b'{"token": "x"}'}, 415),
        ({"content": b"{", "headers": {"content-type": "application/json"}}, 400),
        ({"json": []}, 422),
        ({"json": {"token": 7}}, 422),
        ({"json": {"token": "x" * 5000}}, 413),
        ({"json": {"token": "ключ"}}, 401),
    ],
)
def test_a_token_of_a_wrong_form_is_refused_and_told(serving, asked, status):
    client, _ = serving(token=SECRET)
    found: httpx.Response = client.post("/login", **asked)
    assert found.status_code == status
    assert found.json()["error"]


def test_where_no_token_is_set_none_is_asked(client):
    assert client.get("/login").json() == {"needed": False, "known": True}
    found = client.post("/login", json={"token": "any"})
    assert (found.status_code, "set-cookie" in found.headers) == (204, False)


def test_every_text_stands_in_both_languages_and_every_text_that_is_used_is_there():
    assert TEXTS is not None
    pairs = dict(re.findall(r'^  (\w+): \[("(?:[^"\\]|\\.)*", "(?:[^"\\]|\\.)*")\],$', TEXTS.group(1), re.MULTILINE))
    assert len(pairs) == TEXTS.group(1).strip().count("\n") + 1 - TEXTS.group(1).count("\n\n")  # each is a line
    for key, pair in pairs.items():
        english, chinese = re.findall(r'"((?:[^"\\]|\\.)*)"', pair)
        assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", chinese)), key
        assert english, key
        assert chinese, key
    code = "".join(text for name, text in SCRIPTS.items() if name != "strings.js")
    used = set(re.findall(r"\bt\(\"(\w+)\"", code)) | set(re.findall(r"\bt\(\w+ \? \"(\w+)\"", code))
    assert used <= set(pairs)
    assert len(used) > 60
